"""Requests that a proxy and the server could read differently are refused whole.

Each shape is sent to a served instance over a raw connection, with a second request
hidden behind it that would register a project.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from instance_server import Served, free_port, settings_for, start_process

METHOD = "POST /public/api/v3/instance.version"
HIDDEN = "smuggled"

#: Heads whose end or length can be read in two ways. HOST, HIDDEN, and LENGTH (of what
#: is hidden, behind an empty body in chunks) are filled in.
AMBIGUOUS = {
    "length, then chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "chunks, then length": "Transfer-Encoding: chunked\r\nContent-Length: LENGTH\r\n",
    "chunks in a folded line": (
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: LENGTH\r\n"
    ),
    "chunks behind a tab": "Transfer-Encoding:\tchunked\r\nContent-Length: LENGTH\r\n",
    "chunks with a vertical tab": (
        "Transfer-Encoding: \x0bchunked\r\nContent-Length: LENGTH\r\n"
    ),
    "chunks with a space before the colon": (
        "Transfer-Encoding : chunked\r\nContent-Length: LENGTH\r\n"
    ),
    "an unknown encoding": "Transfer-Encoding: xchunked\r\nContent-Length: LENGTH\r\n",
    "chunks, then identity": "Transfer-Encoding: chunked, identity\r\n",
    "two encodings": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "two lengths": "Content-Length: 5\r\nContent-Length: LENGTH\r\n",
    "the same length twice": "Content-Length: 5\r\nContent-Length: 5\r\n",
    "a list of lengths": "Content-Length: 5, 5\r\n",
    "a folded length": "Content-Length: 5\r\n 0\r\n",
    "a length with a sign": "Content-Length: +5\r\n",
    "a negative length": "Content-Length: -5\r\n",
    "a hexadecimal length": "Content-Length: 0x5\r\n",
    "a length beyond 64 bits": "Content-Length: 18446744073709551621\r\n",
    "a bare line feed in a header": "X: a\nContent-Length: 5\r\n",
    "a bare carriage return in a header": "X: a\rContent-Length: 5\r\n",
    "a NUL in a header": "X: a\0b\r\nContent-Length: 5\r\n",
    "a name with a space": "X Y: a\r\nContent-Length: 5\r\n",
    "a line that is no header": "no header\r\nContent-Length: 5\r\n",
}
EMPTY_CHUNKS = "0\r\n\r\n"

#: Bodies in chunks that can be read in two ways.
CHUNKS = {
    "a quoted line end in an extension": '2;a="\r\n\r\n"\r\n{}\r\n0\r\n\r\n',
    "an extension ended by a line feed": "2;\n{}\r\n0\r\n\r\n",
    "line feeds alone": "2\n{}\n0\n\n",
    "a space before the size": " 2\r\n{}\r\n0\r\n\r\n",
    "a size with a prefix": "0x2\r\n{}\r\n0\r\n\r\n",
    "a negative size": "-2\r\n{}\r\n0\r\n\r\n",
    "a size beyond 64 bits": "10000000000000002\r\n{}\r\n0\r\n\r\n",
    "more than the size": "2\r\n{}{}\r\n0\r\n\r\n",
}

#: Requests that name two hosts.
HOSTS = {
    "two hosts": "/x HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n",
    "two hosts, ours last": "/x HTTP/1.1\r\nHost: evil.example\r\nHost: HOST\r\n",
    "the same host twice": "/x HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n",
    "a folded host": "/x HTTP/1.1\r\nHost: HOST\r\n evil.example\r\n",
    "another host in the target": "http://evil.example/x HTTP/1.1\r\nHost: HOST\r\n",
    "another host in the header": "http://HOST/x HTTP/1.1\r\nHost: evil.example\r\n",
    "another port in the target": "http://127.0.0.1:1/x HTTP/1.1\r\nHost: HOST\r\n",
    "a host in the target alone": "http://HOST/x HTTP/1.1\r\n",
    "a tunnel": "HOST HTTP/1.1\r\nHost: evil.example\r\n",
}


@dataclass(frozen=True)
class Target:
    """A served instance, and a request that changes it."""

    served: Served
    token: str

    @property
    def host(self) -> str:
        """What an honest request names."""
        return f"127.0.0.1:{self.served.settings.port}"

    @property
    def hidden(self) -> str:
        """The request that stands behind each shape."""
        body = f'{{"name": "{HIDDEN}"}}'
        return (
            "POST /public/api/v3/lineage.register.project HTTP/1.1\r\n"
            f"Host: {self.host}\r\nX-Api-Key: {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            + body
        )

    def send(self, text: str) -> list[int]:
        """Send bytes, read until the server closes, and return the statuses."""
        address = ("127.0.0.1", self.served.settings.port)
        with socket.create_connection(address, timeout=30) as connection:
            connection.sendall(text.encode("latin-1"))
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except ConnectionError:  # What was never read resets the connection.
                pass
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", answer)]

    def count(self) -> int:
        """Return how many projects were made under the hidden name."""
        answer = self.served.post("projects.list", {"groupId": 2}, token=self.token)
        return sum(p["name"].startswith(HIDDEN) for p in answer.json()["entities"])


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server in a process of its own, with a writer's token."""
    home = tmp_path_factory.mktemp("smuggling")
    settings = settings_for(home, port=free_port(), is_access_logged=False)
    served = Served(f"http://127.0.0.1:{settings.port}", settings)
    token = served.token("first")
    process = start_process(settings)
    yield Target(served, token)
    process.terminate()
    process.communicate(timeout=20)


@pytest.mark.parametrize("shape", AMBIGUOUS)
def test_a_head_of_unclear_length_is_refused_with_all_behind_it(
    target: Target, shape: str
) -> None:
    """One 400, the connection ends, and the hidden request is not performed."""
    before = target.count()
    length = str(len(EMPTY_CHUNKS) + len(target.hidden))
    head = AMBIGUOUS[shape].replace("LENGTH", length)
    text = f"{METHOD} HTTP/1.1\r\nHost: {target.host}\r\n{head}\r\n"
    assert target.send(text + EMPTY_CHUNKS + target.hidden) == [400]
    assert target.count() == before


@pytest.mark.parametrize("shape", CHUNKS)
def test_unclear_chunks_are_refused_with_all_behind_them(
    target: Target, shape: str
) -> None:
    """One answer, the connection ends, and the hidden request is not performed."""
    before = target.count()
    head = f"{METHOD} HTTP/1.1\r\nHost: {target.host}\r\n"
    body = f"Transfer-Encoding: chunked\r\n\r\n{CHUNKS[shape]}"
    assert target.send(head + body + target.hidden) == [400]
    assert target.count() == before


@pytest.mark.parametrize("shape", HOSTS)
def test_a_request_for_two_hosts_is_refused(target: Target, shape: str) -> None:
    """Which host is meant is never guessed."""
    before = target.count()
    verb = "CONNECT" if shape == "a tunnel" else "POST"
    head = f"{verb} {HOSTS[shape]}Content-Length: 0\r\n\r\n".replace(
        "HOST", target.host
    )
    assert target.send(head + target.hidden) == [400]
    assert target.count() == before


def test_bare_line_feeds_are_no_head(target: Target) -> None:
    """Lines end as the standard has it, and in no other way."""
    text = f"{METHOD} HTTP/1.1\nHost: {target.host}\nContent-Length: 0\n\n"
    assert target.send(text + target.hidden) == [400]


def test_older_and_newer_protocols_hide_nothing(target: Target) -> None:
    """HTTP/0.9 has no head, HTTP/1.0 no chunks, and HTTP/2 is not spoken."""
    before = target.count()
    chunked = (
        f"{METHOD} HTTP/1.0\r\nHost: {target.host}\r\nTransfer-Encoding: chunked\r\n"
        "Content-Length: 0\r\n\r\n"
    )
    preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    assert target.send(chunked + EMPTY_CHUNKS + target.hidden) == [400]
    assert target.send(preface + target.hidden) == [400]
    assert target.send("GET /metrics\r\n\r\n" + target.hidden) in ([400], [403])
    assert target.count() == before


def test_trailers_grant_nothing(target: Target) -> None:
    """A token or host behind the body is not the request's."""
    text = (
        f"POST /public/api/v3/tasks.info HTTP/1.1\r\nHost: {target.host}\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        f"0\r\nX-Api-Key: {target.token}\r\nHost: {target.host}\r\n\r\n"
    )
    assert target.send(text) == [401]


@pytest.mark.parametrize("method", ["tasks.info", "lineage.facts.add", "no.such"])
def test_a_refused_body_is_not_read_as_a_request(target: Target, method: str) -> None:
    """What stands in the body of a request without a token stays a body."""
    before = target.count()
    for connection in ("close", "keep-alive"):
        text = (
            f"POST /public/api/v3/{method} HTTP/1.1\r\nHost: {target.host}\r\n"
            f"Connection: {connection}\r\nContent-Length: {len(target.hidden)}\r\n\r\n"
        )
        end = (
            f"GET /healthz HTTP/1.1\r\nHost: {target.host}\r\nConnection: close\r\n\r\n"
        )
        statuses = target.send(text + target.hidden + end)
        assert statuses[0] in (401, 404)
        assert statuses[1:] in ([], [200])
    assert target.count() == before


def test_honest_requests_are_answered_in_their_order(target: Target) -> None:
    """The hidden request is performed where it is not hidden; so the rest can fail."""
    before = target.count()
    version = (
        f"POST http://{target.host}/public/api/v3/instance.version HTTP/1.1\r\n"
        f"Host: {target.host}\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2;a=b\r\n{}\r\n0\r\n\r\n"
    )
    end = f"GET /x HTTP/1.1\r\nHost: {target.host}\r\nConnection: close\r\n\r\n"
    assert target.send(version + target.hidden + end) == [200, 200, 404]
    assert target.count() == before + 1
