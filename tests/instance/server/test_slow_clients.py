"""Clients that send slowly, or too much, take nothing from the others."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from instance_server import Served, free_port, in_thread, settings_for, start_process

from lineage.instance import http_protocol
from lineage.instance.request_body import BodyLimits
from lineage.instance.server import allow_connections

HALF = (
    "POST /public/api/v3/lineage.facts.add HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
    "content-type: application/json\r\ncontent-length: 100000\r\n\r\n" + '{{"facts": ['
)


def send(port: int, text: str) -> socket.socket:
    """Open a connection and send a part of a request."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(text.encode())
    return connection


def test_a_swarm_of_slow_bodies_keeps_nobody_out(tmp_path: Path) -> None:
    """Beside 1,000 half-sent bodies a client is answered what it asked for.

    How long its answers take is measured by `python -m benchmarks swarm`.
    """
    allow_connections()  # of this process, too
    port = free_port()
    process = start_process(settings_for(tmp_path, port=port, is_access_logged=False))
    url = f"http://127.0.0.1:{port}/public/api/v3/"
    fact = {"f": "edge", "uid": "s-1", "task": "t", "at": 1.0, "dir": "input",
            "kind": "project", "id": 1}  # fmt: skip
    try:
        with ExitStack() as stack, requests.Session() as session:
            for _ in range(1000):
                stack.enter_context(send(port, HALF.format(port=port)))
            answers = [
                session.post(f"{url}tasks.info", json={"id": 1}, timeout=30),
                session.post(
                    f"{url}lineage.facts.add", json={"facts": [fact]}, timeout=30
                ),
                session.get(f"http://127.0.0.1:{port}/healthz", timeout=30),
            ]
        assert [answer.status_code for answer in answers] == [404, 200, 200]
        assert answers[1].json()["stored"] == 1
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Served]:
    """A server that gives a body half a second."""
    limits = BodyLimits(idle_s=0.5, grace_s=0.5)
    with in_thread(settings_for(tmp_path / "served", limits=limits)) as running:
        yield running


def test_a_half_sent_body_is_given_up_with_its_connection(impatient: Served) -> None:
    """The client reads 408, and the connection ends."""
    port = impatient.settings.port
    with send(port, HALF.format(port=port)) as connection:
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_is_not_read_before_caller_and_role(served: Served) -> None:
    """Who may not call a method is answered while the body has not come."""
    reader = served.token("research", "reader")
    for token, status in (("", b"401"), (reader, b"403")):
        head = (
            "POST /public/api/v3/file-storage.upload?teamId=1&path=/a HTTP/1.1\r\n"
            f"host: 127.0.0.1:{served.settings.port}\r\n"
            + (f"x-api-key: {token}\r\n" if token else "")
            + "content-length: 300000000\r\n\r\n"
        )
        with send(served.settings.port, head) as connection:
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        assert answer.split()[1] == status
        assert b"connection: close" in answer.lower()


def test_each_method_has_a_limit_of_its_own(served: Served) -> None:
    """Only what brings facts or files may be large."""
    large = {"id": 1, "x": "y" * (2 << 20)}
    assert served.post("tasks.info", large).status_code == 413
    assert served.post("lineage.graph.get", large).status_code == 413
    assert served.post("lineage.facts.add", {"facts": [], **large}).status_code == 200


def test_every_method_takes_gzip(served: Served) -> None:
    """A packed body is unpacked, within the method's limit."""

    def post(method: str, content: bytes, encoding: str = "gzip") -> int:
        url = f"{served.address}/public/api/v3/{method}"
        headers = {"content-encoding": encoding, "content-type": "application/json"}
        return requests.post(url, content, headers=headers, timeout=20).status_code

    packed = gzip.compress(json.dumps({"id": 7}).encode())
    assert post("tasks.info", packed) == 404
    assert post("lineage.facts.add", gzip.compress(b'{"facts": []}')) == 200
    assert post("tasks.info", gzip.compress(bytes(50 << 20))) == 413
    assert post("tasks.info", packed, "br") == 415
    assert post("tasks.info", b"no gzip") == 400


def test_a_head_that_does_not_come_ends_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither silence, nor headers without an end, hold a connection."""
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.5)
    with in_thread(settings_for(tmp_path)) as served:
        port = served.settings.port
        for text in ("", "GET / HTTP/1.1\r\nhost: a\r\n"):
            with send(port, text) as connection:
                assert connection.recv(100) == b""
        with send(port, "GET / HTTP/1.1\r\nhost: a\r\n") as connection:
            ended = threading.Event()

            def pour() -> None:
                try:
                    for number in range(100_000):
                        connection.sendall(f"x-{number}: {'y' * 1000}\r\n".encode())
                except OSError:
                    ended.set()

            thread = threading.Thread(target=pour)
            thread.start()
            thread.join(20)
            assert ended.is_set()
        assert requests.get(f"{served.address}/healthz", timeout=10).ok


def test_a_client_that_wants_tls_is_no_news(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Our own clients ask before they take plain HTTP, in every process that starts."""
    port = served.settings.port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(bytes.fromhex("16030100050100000103"))
        assert b"400" in connection.recv(1000).splitlines()[0]
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"https://127.0.0.1:{port}/healthz", timeout=10)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"\x16 no method\r\n\r\n")
        connection.recv(1000)
    assert [r.message for r in caplog.records if "Invalid HTTP" in r.message] == [
        "Invalid HTTP request received."
    ]
