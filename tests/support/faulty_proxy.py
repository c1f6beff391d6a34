"""A socket proxy before a real instance that does wrong whatever can be done wrong."""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType
from typing import Final

_RESET: Final = struct.pack("ii", 1, 0)
_PATIENCE_S: Final = 20.0

ERRORS: Final = (400, 401, 403, 404, 413, 418, 429, 500, 502, 503, 504)
FAULTS: Final = (
    "refuse",
    "reset before",
    "reset after",
    "hang",
    "drip",
    "garbage",
    "page",
    "half body",
    "other JSON",
    "null",
    "wrong form",
    *(f"status {status}" for status in ERRORS),
)


class FaultyProxy:
    """Stands between a client and a server.

    Args:
        upstream: The port of the real server.
    """

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._healed = threading.Event()
        self._healed.set()
        self._fault = ""
        self._only = b""
        self._threads: list[threading.Thread] = []
        #: Heads of requests that were processed and whose answer was lost.
        self._lost: list[bytes] = []
        #: Set when the fault was met for the first time, as often as it was.
        self.met = threading.Event()
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> FaultyProxy:
        self._start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self.heal()
        self._close()
        for thread in self._threads:
            thread.join(_PATIENCE_S)

    def break_by(self, fault: str, only: bytes = b"") -> None:
        """Do wrong from now on.

        Args:
            fault: One of `FAULTS`.
            only: What a request's head must contain to meet the fault.
        """
        self.met.clear()
        self._fault, self._only = fault, only
        self._healed.clear()
        if fault == "refuse":
            self._close()
            self.met.set()

    def heal(self) -> None:
        """Do right from now on; whoever hangs is let go."""
        was, self._fault = self._fault, ""
        self._healed.set()
        if was == "refuse":
            self._listener = self._listen(self.port)
            self._start()

    def lost_answers(self, to: bytes) -> int:
        """Count the processed requests of a kind whose answer did not arrive."""
        return sum(to in head for head in self._lost)

    # -- sockets --------------------------------------------------------------

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        return listener

    def _close(self) -> None:
        # A thread in `accept` is woken by this, and not by closing alone.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
        finally:
            self._listener.close()

    def _start(self) -> None:
        thread = threading.Thread(
            target=self._accept, args=(self._listener,), daemon=True
        )
        thread.start()
        self._threads.append(thread)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_PATIENCE_S)
        with client:
            try:
                request = _read_message(client)
                if request:
                    self._answer(client, request)
            except OSError:
                return

    def _answer(self, client: socket.socket, request: bytes) -> None:
        fault = self._fault
        if not fault or self._only not in request.partition(b"\r\n")[0]:
            client.sendall(self._forwarded(request))
            return
        self.met.set()
        name = "_" + fault.partition(" ")[0]
        if fault.startswith("status"):
            self._status(client, int(fault.split()[1]))
        elif fault.startswith("reset"):
            if fault == "reset after":
                self._lose(request)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        elif fault == "half body":
            whole = self._lose(request)
            client.sendall(whole[: len(whole) - 5])
        else:
            getattr(self, name)(client)

    def _lose(self, request: bytes) -> bytes:
        answer = self._forwarded(request)
        self._lost.append(request.partition(b"\r\n")[0])
        return answer

    def _forwarded(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [
            line
            for line in head.split(b"\r\n")
            if not line.lower().startswith((b"connection:", b"accept-encoding:"))
        ]
        request = b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body
        with socket.create_connection(("127.0.0.1", self._upstream), _PATIENCE_S) as up:
            up.sendall(request)
            answer = b""
            while piece := up.recv(65536):
                answer += piece
        return answer

    # -- faults ---------------------------------------------------------------

    def _hang(self, _client: socket.socket) -> None:
        self._healed.wait(_PATIENCE_S)

    def _drip(self, client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not self._healed.wait(0.02):
            client.sendall(b" ")

    def _garbage(self, client: socket.socket) -> None:
        client.sendall(b"\x16\x03\x01\x00\xff\xfe garbage\r\n\r\n")

    def _page(self, client: socket.socket) -> None:
        _send(client, 200, b"<html>Please log in</html>", b"text/html")

    def _other(self, client: socket.socket) -> None:
        _send(client, 200, b'["other", {"JSON": true}]')

    def _null(self, client: socket.socket) -> None:
        _send(client, 200, b"null")

    def _wrong(self, client: socket.socket) -> None:
        _send(client, 200, b'{"stored": "many", "refused": 7}')

    def _status(self, client: socket.socket, status: int) -> None:
        body = b'{"error": "Faulty", "details": {"message": "by order of the test"}}'
        _send(client, status, body)


def _send(
    client: socket.socket, status: int, body: bytes, form: bytes = b"application/json"
) -> None:
    head = b"HTTP/1.1 %d Faulty\r\nContent-Type: %b\r\nContent-Length: %d\r\n" % (
        status,
        form,
        len(body),
    )
    client.sendall(head + b"Connection: close\r\n\r\n" + body)


def _read_message(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(65536)
        if not piece:
            return b""
        data += piece
        if not data[:1].isalpha():
            return b""  # Somebody tries whether https is spoken here.
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body
