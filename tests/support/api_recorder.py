"""A real HTTP server that records what it is sent and answers as it was set up."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "t0ken-of-the-tests-0123456789"
PREFIX = "/public/api/v3/"


@dataclass
class Request:
    """One request as it came."""

    verb: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """One answer; `raw` takes the connection over."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    raw: Callable[[socket.socket], None] | None = None
    is_last: bool = True
    """Whether the connection is closed after `raw`."""


def as_reply(value: Any) -> Reply:
    if isinstance(value, Reply):
        return value
    if isinstance(value, bytes):
        return Reply(body=value, headers={"Content-Type": "application/octet-stream"})
    return Reply(body=json.dumps(value).encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def setup(self) -> None:
        super().setup()
        self.server.owner.connections.append(self.client_address)

    def do_POST(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        pass

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        name = path.removeprefix(PREFIX)
        body = self._body()
        request = Request(self.command, name, query, dict(self.headers), body)
        owner: Recorder = self.server.owner
        reply = owner.answer(request)
        if reply.raw is not None:
            self.close_connection = reply.is_last
            reply.raw(self.connection)
            return
        self.send_response(reply.status)
        for key, value in reply.headers.items():
            self.send_header(key, value)
        if not {"Content-Length", "Transfer-Encoding"} & set(reply.headers):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def _body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(length)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Broken connections are what many tests are about."""


class Recorder:
    """Records requests; `on` says what is answered, in order, the last one for ever."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections: list[Any] = []
        """The peers' addresses, one for each connection."""
        self._answers: dict[str, deque[Any]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self  # type: ignore[attr-defined]
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    @property
    def address(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def on(self, method: str, *answers: Any) -> Recorder:
        with self._lock:
            self._answers[method] = deque(answers)
        return self

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            waiting = self._answers.get(request.path)
            if not waiting:
                return Reply()
            found = waiting[0] if len(waiting) == 1 else waiting.popleft()
        return as_reply(found(request) if callable(found) else found)

    @property
    def methods(self) -> list[str]:
        return [request.path for request in self.requests]

    def sent(self, method: str) -> list[Any]:
        """The decoded bodies that a method was sent."""
        return [request.json for request in self.requests if request.path == method]

    def last(self, method: str) -> Any:
        return self.sent(method)[-1]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def page(*entities: Any, total: int | None = None, **more: Any) -> dict[str, Any]:
    """An answer of a listing."""
    return {
        "total": len(entities) if total is None else total,
        "perPage": 500,
        "pagesCount": 1,
        "entities": list(entities),
        "after": None,
        **more,
    }


def reset(connection: socket.socket) -> None:
    """Close a connection the hard way."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


def truncated(connection: socket.socket) -> None:
    """Announce more than is sent."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a": 1')
    connection.close()


def raw_answer(text: bytes, *, is_last: bool = True) -> Reply:
    """An answer byte by byte, after which the server may close."""

    def send(connection: socket.socket) -> None:
        connection.sendall(text)
        if is_last:
            connection.shutdown(socket.SHUT_WR)

    return Reply(raw=send, is_last=is_last)
