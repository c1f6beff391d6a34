"""Bodies of the caller's own: forms, streams and text, sent from both ways."""

from __future__ import annotations

import io
import os
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from api_recorder import Recorder, Reply

from lineage.api import Api
from lineage.api.bodies import make_form
from lineage.api.errors import RetriesExhaustedError
from lineage.api.retry import Attempts, RetryPolicy, read_timeout

FORM = "form"
LARGE = b"x" * 20_000_000


def slowly(connection: socket.socket) -> None:
    """Take a large body piece by piece for longer than 0.5 s, then break."""
    started = time.monotonic()
    while time.monotonic() - started < 0.7:
        if not connection.recv(65_536):
            return
        time.sleep(0.002)
    connection.close()


class SlowOnce:
    """A server that breaks the first upload late and takes the second."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.taken = 0

    def serve(self) -> None:
        connection, _ = self.listener.accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        slowly(connection)
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rb") as reader:
            length = 0
            while (line := reader.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.taken = len(reader.read(length))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


@pytest.fixture
def slow_once() -> Iterator[SlowOnce]:
    server = SlowOnce()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.listener.close()
    thread.join(5)


class Chunked:
    """A server that takes one body, in chunks or whole."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.body = b""

    def serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rb") as reader:
            head = b"".join(iter(reader.readline, b"\r\n")).lower()
            if b"content-length: 4" in head:
                self.body = reader.read(4)
            while b"chunked" in head and (size := int(reader.readline(), 16)):
                self.body += reader.read(size)
                reader.readline()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


@pytest.fixture
def chunked() -> Iterator[Chunked]:
    server = Chunked()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.listener.close()
    thread.join(5)


@pytest.fixture(params=["httpx", "thread"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "thread":
        monkeypatch.setitem(sys.modules, "httpx", None)


async def pieces() -> AsyncIterator[bytes]:
    yield b"ab"
    yield b"cd"


@pytest.mark.usefixtures("_way")
async def test_a_form_of_files(server: Recorder, api: Api, tmp_path: Path) -> None:
    """Files, bytes and text go into one form, with names and types."""
    path = tmp_path / "a.json"
    path.write_bytes(b'{"a": 1}')
    with path.open("rb") as opened:
        files = {"f": opened, "b": b"bytes", "t": ("t.bin", "text", "a/b")}
        await api.post_async(FORM, {"left": "out"}, files=files)
    await api.aclose()
    request = server.requests[0]
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    for part in (
        b'"f"; filename="a.json"\r\nContent-Type: application/json\r\n\r\n{"a": 1}',
        b'"b"; filename="upload"\r\nContent-Type: application/octet-stream\r\n\r\nby',
        b'"t"; filename="t.bin"\r\nContent-Type: a/b\r\n\r\ntext',
    ):
        assert part in request.body
    assert b"left" not in request.body


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("kind", ["file", "memory"])
async def test_an_open_file_is_sent_again_from_its_place(
    server: Recorder, api: Api, tmp_path: Path, kind: str
) -> None:
    """A form that failed is sent again, whole, from where the file stood."""
    path = tmp_path / "f"
    path.write_bytes(b"skipped;kept")
    server.on(FORM, Reply(500), {"ok": 1})
    with path.open("rb") if kind == "file" else io.BytesIO(path.read_bytes()) as file:
        file.seek(8)
        await api.post_async(FORM, files={"f": file})
    await api.aclose()
    assert [b"kept" in r.body for r in server.requests] == [True, True]
    assert not any(b"skipped" in r.body for r in server.requests)


async def test_a_pipe_is_read_once_and_sent_again(server: Recorder, api: Api) -> None:
    """What cannot go back is held in memory for the next attempt."""
    reading, writing = os.pipe()
    os.write(writing, b"kept")
    os.close(writing)
    server.on(FORM, Reply(500), {"ok": 1})
    with os.fdopen(reading, "rb") as pipe:
        await api.post_async(FORM, files={"f": ("p", pipe)})
    await api.aclose()
    assert [b"kept" in r.body for r in server.requests] == [True, True]


def test_a_file_of_another_form_is_refused() -> None:
    """A tuple has two or three parts."""
    with pytest.raises(ValueError, match="a file is"):
        make_form({"f": ("a", b"b", "c/d", {})})


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("content", ["abcd", b"abcd", bytearray(b"abcd")])
async def test_text_and_bytes_are_sent_again(
    server: Recorder, api: Api, content: Any
) -> None:
    """Content that is whole is sent as often as needed, without a type."""
    server.on("raw", Reply(500), {})
    await api.post_async("raw", content=content)
    await api.aclose()
    assert [r.body for r in server.requests] == [b"abcd"] * 2


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("make", [pieces, lambda: iter([b"ab", b"cd"])])
async def test_a_stream_is_sent_as_it_comes(
    make_api: Callable[..., Api], chunked: Chunked, make: Callable[[], Any]
) -> None:
    """Blocks, given at once or asynchronously, leave in order."""
    api = make_api(chunked.address)
    await api.post_async("raw", content=make())
    await api.aclose()
    assert chunked.body == b"abcd"


@pytest.mark.usefixtures("_way")
async def test_what_reads_as_a_file_has_a_length(server: Recorder, api: Api) -> None:
    """A file is announced with its length; one attempt reads it."""
    await api.post_async("raw", content=io.BytesIO(b"abcd"))
    await api.aclose()
    assert server.requests[0].headers["Content-Length"] == "4"
    assert server.requests[0].body == b"abcd"


@pytest.mark.usefixtures("_way")
async def test_query_and_headers_of_one_call(server: Recorder, api: Api) -> None:
    """They go along with this call, beside the client's and the method's own."""
    await api.post_async("m?a=1", {}, params={"b": [2, 3]}, headers={"x-one": "1"})
    await api.post_async("m", {}, params="c=4")
    await api.aclose()
    assert [r.query for r in server.requests] == ["a=1&b=2&b=3", "c=4"]
    assert server.requests[0].headers["x-one"] == "1"
    assert "x-one" not in server.requests[1].headers


@pytest.mark.usefixtures("_way")
async def test_a_time_out_of_one_call(
    server: Recorder, make_api: Callable[..., Api]
) -> None:
    """A call's own time-out wins over the client's."""
    server.on("m", Reply(raw=lambda c: c.recv(1)))
    api = make_api(retry_count=1)
    with pytest.raises(RetriesExhaustedError) as caught:
        await api.post_async("m", {}, timeout=0.1)
    with pytest.raises(RetriesExhaustedError):
        list(api.stream("m", "POST", {}, retries=1, timeout=(1, 0.1)))
    await api.aclose()
    assert isinstance(caught.value.__cause__, requests.ReadTimeout)


def test_time_outs_are_understood_as_httpx_has_them() -> None:
    """A number, a tuple, None, and its own class; 60 stands for the client's."""
    httpx = pytest.importorskip("httpx")
    assert read_timeout(60) is None
    assert read_timeout(5) == (5.0, 5.0)
    assert read_timeout(None) == (None, None)
    assert read_timeout((1, 2, 3, 4)) == (1, 2)
    assert read_timeout(httpx.Timeout(5, connect=1)) == (1, 5)


def test_without_time_outs_the_total_bounds() -> None:
    """A wait without bound of its own ends with the total time."""
    policy = RetryPolicy(budget_s=7)
    bounded = Attempts(policy, "m", clock=lambda: 0.0, timeout_s=(None, None))
    free = Attempts(RetryPolicy(budget_s=None), "m", clock=lambda: 0.0)
    free.excuse(1)
    assert bounded.timeout_s() == (7, 7)
    assert free.timeout_s() == (10, 60)


def test_a_long_upload_that_breaks_is_tried_again(
    slow_once: SlowOnce, make_api: Callable[..., Api], tmp_path: Path
) -> None:
    """What sending took is no part of the total time."""
    pytest.importorskip("requests_toolbelt")
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    api = make_api(slow_once.address, time_budget_s=0.5)
    with path.open("rb") as opened:
        api.post("m", make_form({"f": opened}))
    assert slow_once.taken > len(LARGE)


async def test_a_long_asynchronous_upload_that_breaks_is_tried_again(
    slow_once: SlowOnce, make_api: Callable[..., Api], tmp_path: Path
) -> None:
    """The same from an event loop."""
    pytest.importorskip("requests_toolbelt")
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    api = make_api(slow_once.address, time_budget_s=0.5)
    with path.open("rb") as opened:
        await api.post_async("m", files={"f": opened})
    await api.aclose()
    assert slow_once.taken > len(LARGE)


def test_fields_in_the_body_of_a_get(server: Recorder, api: Api) -> None:
    """`get` takes a form beside the query."""
    api.get("m", {"a": 1}, data={"b": [2, 3]})
    request = server.requests[0]
    assert (request.query, request.body) == ("a=1", b"b=2&b=3")
