"""Plain requests: connections, TLS, and what is left to `requests`."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
from api_recorder import TOKEN, Recorder, Reply, reset, truncated

from lineage.api import Api
from lineage.errors import ApiError

pytestmark = pytest.mark.usefixtures("no_proxies")


# -- connections ------------------------------------------------------------------


def test_a_connection_that_the_server_closed_meanwhile_is_not_used(
    server: Recorder, api: Api, plain: list[bool]
) -> None:
    """It may end at any time; no call fails for it, and none is doubled."""
    is_closed = threading.Event()

    def close(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        connection.shutdown(socket.SHUT_RDWR)
        is_closed.set()

    server.on("m", Reply(raw=close), {}, Reply(raw=close), {}, {})
    for number in range(5):
        is_closed.clear()
        assert api.post("m", {"number": number}).json() == {}
        assert number not in (0, 2) or is_closed.wait(10)
    assert [body["number"] for body in server.sent("m")] == [0, 1, 2, 3, 4]
    assert plain == [True] * 5
    assert len(server.connections) == 3


def test_an_edge_whose_answer_was_lost_is_not_sent_again(
    server: Recorder, api: Api, plain: list[bool]
) -> None:
    """What fails after the body was sent is left to the rules of the call."""
    api.post("tasks.run.app", {})
    for lost in (
        Reply(raw=reset),
        Reply(raw=lambda c: c.close()),
        Reply(raw=truncated),
    ):
        del server.requests[:]
        server.on("tasks.run.app", lost)
        with pytest.raises(ApiError) as caught:
            api.post("tasks.run.app", {"number": 1})
        assert caught.value.is_ambiguous
        assert server.methods == ["tasks.run.app"]
        server.on("tasks.run.app", {})
        api.post("tasks.run.app", {})
    assert plain.count(True) >= 3


def test_threads_use_connections_of_their_own(
    server: Recorder, api: Api, plain: list[bool]
) -> None:
    """Each answer goes to the thread whose request it is of."""
    server.on("m", lambda request: request.json)
    wrong: list[Any] = []

    def call(thread: int) -> None:
        for number in range(20):
            sent = {"thread": thread, "number": number}
            if api.post("m", sent).json() != sent:
                wrong.append(sent)

    threads = [threading.Thread(target=call, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(server.requests) == 160
    assert len(server.connections) <= 8
    assert plain.count(True) >= 150


def test_a_closed_client_opens_new_connections(
    server: Recorder, api: Api, plain: list[bool]
) -> None:
    """`close` ends what is open, and the next call works as the first."""
    for _ in range(2):
        api.post("m", {})
        api.post("m", {})
        api.close()
    assert plain == [True] * 4
    assert len(server.connections) == 2


# -- what is left to `requests` ---------------------------------------------------


def test_a_proxy_is_used_as_soon_as_it_is_named(
    server: Recorder, api: Api, plain: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that change count at once, in both directions."""
    proxy = Recorder()
    try:
        for _ in range(2):
            api.post("m", {})
        monkeypatch.setenv("HTTP_PROXY", proxy.address)
        for _ in range(2):
            api.post("m", {"by": "proxy"})
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        api.post("m", {})
        through = [(r.path, r.json) for r in proxy.requests]
    finally:
        proxy.close()
    assert plain == [True, True, False, False, True]
    assert through == [(f"{server.address}/public/api/v3/m", {"by": "proxy"})] * 2
    assert server.methods == ["m"] * 3


@pytest.mark.parametrize("variable", ["NETRC", "HOME"])
def test_passwords_of_a_netrc_are_sent(
    server: Recorder,
    make_api: Callable[..., Api],
    plain: list[bool],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
) -> None:
    """A netrc that names the host counts for each request; another one does not."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, host in ((here, "127.0.0.1"), (there, "elsewhere.example")):
        folder.mkdir()
        (folder / ".netrc").write_text(f"machine {host} login a password b\n")
    api = make_api()
    for folder in (there, there, here, here):
        at = folder if variable == "HOME" else folder / ".netrc"
        monkeypatch.setenv(variable, str(at))
        api.post("m", {})
    sent = [request.headers.get("Authorization") for request in server.requests]
    assert sent == [None, None, "Basic YTpi", "Basic YTpi"]
    assert plain == [True, True, False, False]


def test_the_token_never_leaves_its_host(
    server: Recorder, api: Api, plain: list[bool]
) -> None:
    """A redirect of a plain request to another host goes without the token."""
    other = Recorder()
    try:
        elsewhere = f"{other.address}/public/api/v3/c"
        server.on("b", Reply(307, headers={"Location": "/public/api/v3/c"}))
        server.on("c", Reply(301, headers={"Location": elsewhere}))
        other.on("c", {"ok": True})
        api.post("warm", {})
        for _ in range(2):
            assert api.post("b", {"number": 7}).json() == {"ok": True}
        calls = [*server.requests[1:], *other.requests]
    finally:
        other.close()
    assert [(c.verb, c.json) for c in calls] == [("POST", {"number": 7})] * 6
    assert [c.headers.get("x-api-key") for c in calls] == [TOKEN] * 4 + [None] * 2
    assert plain == [True] * 7


def replaced_in(owner: type, name: str) -> Callable[[pytest.MonkeyPatch], list[str]]:
    def replace(monkeypatch: pytest.MonkeyPatch) -> list[str]:
        seen: list[str] = []
        original = getattr(owner, name)

        def watch(*args: Any, **kwargs: Any) -> Any:
            seen.append(name)
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, watch)
        return seen

    return replace


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (requests.Session, "send"),
        (requests.adapters.HTTPAdapter, "send"),
        (requests.adapters.HTTPAdapter, "build_response"),
    ],
)
def test_a_replaced_method_sees_each_request(
    owner: type,
    name: str,
    api: Api,
    plain: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What tests and tracers put in the way of `requests` is not passed by."""
    for _ in range(2):
        api.post("m", {})
    seen = replaced_in(owner, name)(monkeypatch)
    for _ in range(2):
        api.post("m", {})
    assert seen == [name] * 2
    monkeypatch.undo()
    # One whose connection had been closed meanwhile is sent once more.
    assert plain[:2] == [True, True]
    assert plain[2:] in ([False] * 2, [False] * 3)


def test_what_urllib3_logs_is_still_logged(
    api: Api, plain: list[bool], caplog: pytest.LogCaptureFixture
) -> None:
    """Who reads urllib3's lines sees each request."""
    api.post("m", {})
    with caplog.at_level(logging.DEBUG, "urllib3.connectionpool"):
        api.post("m", {})
    assert '"POST /public/api/v3/m HTTP/1.1" 200' in caplog.text
    api.post("m", {})
    assert plain == [True, False, True]


def test_an_adapter_of_the_callers_sees_each_request(
    server: Recorder, make_api: Callable[..., Api], plain: list[bool]
) -> None:
    """What is mounted is used, also when it is a pool of connections like our own."""

    class Counted(requests.adapters.HTTPAdapter):
        sent = 0

        def send(self, *args: Any, **kwargs: Any) -> Any:
            self.sent += 1
            return super().send(*args, **kwargs)

    adapter = Counted()
    api = make_api(adapters={server.address: adapter})
    for _ in range(3):
        api.post("m", {})
    assert adapter.sent == 3
    assert plain == [False] * 3


def test_a_wrong_header_is_the_callers_mistake(
    server: Recorder, make_api: Callable[..., Api]
) -> None:
    """It is refused as `requests` refuses it, also on an open connection."""
    for value in ("a\nb", ["a"]):
        api = make_api()
        api.post("m", {})
        api.add_header("x-wrong", value)  # type: ignore[arg-type]  # that is the mistake
        with pytest.raises(RuntimeError, match=r"x-wrong|[Hh]eader"):
            api.post("m", {})
    assert server.methods == ["m", "m"]


# -- TLS --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine's, with its key, that nobody vouches for."""
    x509 = pytest.importorskip("cryptography.x509", reason="makes the certificate")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(timezone.utc)
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(host, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Recorder]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    recorder = Recorder(context)
    yield recorder
    recorder.close()


def test_a_bundle_decides_whom_to_trust(
    secure: Recorder,
    certificate: Path,
    make_api: Callable[..., Api],
    plain: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A named bundle is used for plain requests, too; without it nothing is sent."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    api = make_api(secure.address)
    for _ in range(2):
        api.post("m", {})
    assert plain == [False, True]
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(
        requests.ConnectionError, match="certificate verify failed"
    ) as caught:
        api.post("tasks.run.app", {}, raise_error=True)
    assert not caught.value.is_ambiguous
    assert secure.methods == ["m", "m"]


@pytest.mark.parametrize("is_warm", [False, True])
def test_a_broken_connection_of_tls_leaves_the_call_in_doubt(
    secure: Recorder,
    certificate: Path,
    make_api: Callable[..., Api],
    plain: list[bool],
    monkeypatch: pytest.MonkeyPatch,
    is_warm: bool,
) -> None:
    """TLS that fails after the body was sent may fail after the call was done."""

    def garbage(connection: socket.socket) -> None:
        with socket.socket(fileno=os.dup(connection.fileno())) as bare:
            bare.sendall(b"this is no record of TLS" * 10)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    api = make_api(secure.address)
    if is_warm:
        api.post("m", {})
    secure.on("tasks.run.app", Reply(raw=garbage))
    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        api.post("tasks.run.app", {})
    assert plain[-1] is is_warm
    assert caught.value.is_ambiguous
    assert secure.methods.count("tasks.run.app") == 1
