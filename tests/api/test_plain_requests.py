"""Plain requests: the same for server and caller as those that `requests` sends."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import requests
from api_recorder import Recorder, Reply, raw_answer, reset, truncated

from lineage.api import Api
from lineage.errors import ApiError

pytestmark = pytest.mark.usefixtures("no_proxies")

LARGE = b"x" * 200_000


# -- what the server sees ---------------------------------------------------------


@dataclass
class Wire:
    """Keeps each request byte by byte, and answers all of them."""

    requests: list[bytes] = field(default_factory=list)
    address: str = ""

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                while self._answer(connection):
                    pass

    def _answer(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := connection.recv(65_536)):
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65_536)
        self.requests.append(head + b"\r\n\r\n" + body)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        return True


@contextmanager
def wire(family: int = socket.AF_INET, host: str = "127.0.0.1") -> Iterator[Wire]:
    made = Wire()
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen()
        shown = f"[{host}]" if ":" in host else host
        made.address = f"http://{shown}:{listener.getsockname()[1]}"
        thread = threading.Thread(target=made.serve, args=(listener,))
        thread.start()
        try:
            yield made
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("tasks.info", {}),
        ("tasks info/%41%2f/é", {"x-more": "a  b", "X-Bytes": "\xe9"}),
        ("m", {"Host": "elsewhere.example", "User-Agent": "app/1"}),
        ("m", {"Authorization": "Bearer abc", "Cookie": "a=1", "Accept-Encoding": ""}),
    ],
)
@pytest.mark.parametrize("data", [{}, {"text": "é\n"}, b"raw", LARGE[:30_000]])
def test_a_server_sees_no_difference(
    make_api: Callable[..., Api],
    plain: list[bool],
    method: str,
    headers: Any,
    data: Any,
    by_requests: Any,
) -> None:
    """A request that `requests` sends, and plain ones, are equal in each byte."""
    with wire() as server:
        api = make_api(server.address)
        for name, value in headers.items():
            api.add_header(name, value)
        with by_requests():
            api.post(method, data)
        for _ in range(2):
            api.post(method, data)
        api.close()
    assert plain == [True, True]
    assert server.requests == [server.requests[0]] * 3


@pytest.mark.skipif(not socket.has_ipv6, reason="this system has no IPv6")
def test_an_address_of_ipv6_is_written_as_requests_writes_it(
    make_api: Callable[..., Api], plain: list[bool], by_requests: Any
) -> None:
    """The host stands in brackets."""
    with wire(socket.AF_INET6, "::1") as server:
        api = make_api(server.address)
        with by_requests():
            api.post("m", {"a": 1})
        api.post("m", {"a": 1})
        api.close()
    assert plain == [True]
    assert server.requests[0] == server.requests[1]
    assert b"\r\nHost: [::1]:" in server.requests[0]


def test_each_body_has_its_own_length(
    server: Recorder, api: Api, plain: list[bool]
) -> None:
    """One head serves bodies of any size; large ones go by `requests`."""
    bodies = [b"x" * size for size in (1, 5, 32_768, 32_769, 7)]
    for body in [b"", *bodies]:
        api.post("m", body)
    assert [r.body for r in server.requests] == [b"", *bodies]
    assert plain == [False, True, True, True, False, True]
    assert len(server.connections) == 1


# -- what the caller sees ---------------------------------------------------------


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'5\r\n{"a":\r\n2\r\n1}\r\n0\r\nTrailer: t\r\n\r\n'
)
LAST = ("last", "less than none", "cut", "no header", "too many")
ANSWERS = {
    "json": Reply(headers={"Content-Type": "application/json"}),
    "charset": Reply(
        body="é".encode("latin-1"), headers={"Content-Type": "text/x; charset=latin-1"}
    ),
    "text": Reply(body="é".encode(), headers={"Content-Type": "text/plain"}),
    "none": Reply(body=b""),
    "204": Reply(204, b""),
    "large": Reply(body=LARGE * 5),
    "gzip": Reply(body=gzip.compress(LARGE), headers={"Content-Encoding": "gzip"}),
    "bad gzip": Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}),
    "cookie": Reply(headers={"Set-Cookie": "session=1; Path=/"}),
    "last": Reply(headers={"Connection": "close"}),
    "refused": Reply(404, b'{"error": "no"}'),
    "away": Reply(503, b"", {"Retry-After": "7"}),
    "redirect": Reply(307, b"moved", {"Location": "/public/api/v3/there"}),
    "redirect without an address": Reply(302, b""),
    "no redirect": Reply(201, b"{}", {"Location": "/x"}),
    "chunked": raw_answer(CHUNKED, is_last=False),
    "cut in a chunk": raw_answer(CHUNKED[:-20]),
    "twice": raw_answer(
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n{}",
        is_last=False,
    ),
    "http 1.0": raw_answer(b"HTTP/1.0 200 OK\r\n\r\nuntil it ends"),
    "continued": raw_answer(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        is_last=False,
    ),
    "more than announced": raw_answer(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}and more"
    ),
    **{
        f"whole: {name}": raw_answer(b"HTTP/1.1 " + text, is_last=name in LAST)
        for name, text in {
            "json": b"200 OK\r\nContent-Type: application/json\r\n"
            b'Connection: Keep-Alive\r\ncontent-length:7\r\n\r\n{"a":1}',
            "odd values": b"200  Very  OK \r\nX-A:\t \xe9 b \r\nX-B:\r\n"
            b"Content-Length: 2\r\n\r\n{}",
            "no reason": b"200\r\nContent-Length: 2\r\n\r\n{}",
            "last": b"200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
            "204": b"204 No\r\nContent-Length: 2\r\n\r\n",
            "refused": b"404 No\r\nContent-Length: 2\r\n\r\n{}",
            "away": b"503 No\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}",
            "cookie": b"200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\n{}",
            "two lengths": b"200 OK\r\n" + b"Content-Length: 2\r\n" * 2 + b"\r\n{}",
            "length in a word": b"200 OK\r\nContent-Length: +2\r\n\r\n{}",
            "less than none": b"200 OK\r\nContent-Length: -2\r\n\r\n{}",
            "cut": b"200 OK\r\nContent-Length: 9\r\n\r\n{}",
            "more": b"200 OK\r\nContent-Length: 2\r\n\r\n{}{}",
            "both lengths": b"200 OK\r\nContent-Length: 9\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "newlines": b"200 OK\nContent-Length: 2\n\n{}",
            "no header": b"200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\n{}",
            "many": b"200 OK\r\n"
            + b"".join(b"A%d: b\r\n" % n for n in range(98))
            + b"Content-Length: 2\r\n\r\n{}",
            "too many": b"200 OK\r\n"
            + b"".join(b"A%d: b\r\n" % n for n in range(99))
            + b"Content-Length: 2\r\n\r\n{}",
        }.items()
    },
    "no answer": Reply(raw=lambda connection: connection.close()),
    "reset": Reply(raw=reset),
    "truncated": Reply(raw=truncated),
    "half a head": raw_answer(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "no http": raw_answer(b"SSH-2.0-OpenSSH\r\n\r\n"),
    "long line": raw_answer(b"HTTP/1.1 200 OK\r\nX: " + LARGE + b"\r\n\r\n"),
    "many headers": raw_answer(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"),
    "bad length": raw_answer(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}"),
}


def outcome(api: Api) -> tuple[Any, ...]:
    """What a caller can see of one call."""
    try:
        response = api.post("m", {"number": 1}, raise_error=True)
    except ApiError as error:
        cause = error.__cause__
        return (
            type(error), type(cause), error.status, error.is_retryable,
            error.is_ambiguous, error.retry_after_s, _seen(error.response),
        )  # fmt: skip
    return _seen(response)


def _seen(response: Any) -> tuple[Any, ...]:
    if response is None:
        return ()
    request = response.request
    headers = {k: v for k, v in response.headers.items() if k not in ("Date", "Server")}
    return (
        response.status_code, response.reason, response.url, headers,
        response.content, response.encoding, response.text, response.cookies.items(),
        request.method, request.url, dict(request.headers), request.body,
        response.elapsed > timedelta(0),
    )  # fmt: skip


@pytest.mark.parametrize("is_warm", [True, False])
@pytest.mark.parametrize("name", ANSWERS)
def test_a_caller_sees_no_difference(
    name: str,
    is_warm: bool,
    make_api: Callable[..., Api],
    server: Recorder,
    plain: list[bool],
    by_requests: Any,
) -> None:
    """Answers and failures are those of `requests`; nothing is sent again."""
    server.on("m", ANSWERS[name])
    server.on("there", {"a": 1})
    other, api = make_api(), make_api()
    with by_requests():
        expected = outcome(other)
    count = len(server.requests)
    if is_warm:
        api.post("warm", {})
    del plain[:], server.requests[:]
    assert outcome(api) == expected
    assert plain[0]
    assert len(server.requests) == count
    if "answer" not in name:
        # The connection is as good as after a request of `requests`.
        server.on("m", {"a": 1})
        assert api.post("m", {}).json() == {"a": 1}


def _nobody_there(*_: Any, **__: Any) -> Any:
    raise ConnectionRefusedError(111, "Connection refused")


def _too_late(*_: Any, **__: Any) -> Any:
    raise TimeoutError("timed out")


def _no_such_name(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(-2, "Name or service not known")


@pytest.mark.parametrize("connect", [_nobody_there, _too_late, _no_such_name])
def test_no_connection_is_no_difference_either(
    connect: Any,
    make_api: Callable[..., Api],
    monkeypatch: pytest.MonkeyPatch,
    by_requests: Any,
) -> None:
    """What could not be connected is as certain not to have arrived."""
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    other, api = make_api(), make_api()
    with by_requests():
        expected = outcome(other)
    assert outcome(api) == expected
    assert expected[4] is False


def test_a_header_on_several_lines_is_joined(
    server: Recorder, api: Api, plain: list[bool]
) -> None:
    """No newline is in a value, whatever urllib3 makes of it."""
    api.post("m", {})
    text = b"HTTP/1.1 200 OK\r\nX-A: 1\r\n  2\r\nContent-Length: 2\r\n\r\n{}"
    server.on("m", raw_answer(text))
    assert api.post("m", {}).headers["x-a"] == "1 2"
    assert plain == [True, True]


def test_a_silent_server_is_left_in_time(
    make_api: Callable[..., Api], server: Recorder, plain: list[bool]
) -> None:
    """A time-out has the name that it has in `requests`, and the call is in doubt."""
    api = make_api(timeout_s=(5.0, 0.05))
    api.post("warm", {})
    silent = threading.Event()
    server.on("m", Reply(raw=lambda _: print(silent.wait(10))))
    try:
        with pytest.raises(requests.ReadTimeout) as caught:
            api.post("m", {}, raise_error=True)
    finally:
        silent.set()
    assert plain == [True, True]
    assert caught.value.is_ambiguous
    assert server.methods == ["warm", "m"]


def test_a_body_that_stops_is_left_in_time(
    make_api: Callable[..., Api], server: Recorder, plain: list[bool]
) -> None:
    """The time-out counts for the body as well."""
    api = make_api(timeout_s=(5.0, 0.05))
    api.post("warm", {})
    over = threading.Event()

    def half(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}")
        over.wait(10)

    server.on("m", Reply(raw=half))
    try:
        with pytest.raises(requests.ReadTimeout):
            api.post("m", {}, raise_error=True)
    finally:
        over.set()
    assert plain == [True, True]
