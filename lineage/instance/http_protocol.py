"""The HTTP protocol of the server: request heads bounded, and for one host each."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Seconds from the first byte of a request, or of a connection, to its last header.
HEAD_S: Final = 20.0
#: Bytes of a request's line and headers.
MAX_HEAD: Final = 64 << 10
#: How a client begins that wants TLS; no method of HTTP does.
_TLS: Final = b"\x16\x03"


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes connections whose request heads are too slow, too large or ambiguous.

    The server library bounds neither time nor size: a half-sent head would hold its
    connection, and what it brings, for ever. Of several hosts it takes the last, where
    a proxy in front may have taken the first.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._is_head = True
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as there
        """Wait for the first request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; a head that grows too large ends the connection."""
        if data[:2] == _TLS and self._is_head and not self._head_bytes:
            # Clients ask for TLS before they take an address of plain HTTP.
            self.send_400_response("This port speaks plain HTTP, not TLS.")
            return
        if self._is_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_head and self._head_bytes:
            # Most heads come in one piece, and need no timer.
            self._expect_head()
            if self._head_bytes > MAX_HEAD:
                self._give_up()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; a trailer behind the body is none of the request's."""
        if self._is_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Serve the request whose head is complete; 400 where its host is unclear."""
        self._is_head = False
        self._end_head()
        if not self._is_for_one_host():
            # The parser stops, and what came behind the head is not read.
            raise ValueError("the request names several hosts")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Be ready for another request of the connection."""
        super().on_message_complete()
        self._is_head, self._head_bytes = True, 0

    def _is_for_one_host(self) -> bool:
        hosts = [value for name, value in self.headers if name == b"host"]
        if self.url.startswith(b"/"):
            return len(hosts) < 2
        target = httptools.parse_url(self.url) if b"://" in self.url else None
        if target is None or target.host is None:
            return len(hosts) < 2
        port = b":%d" % target.port if target.port else b""
        return [host.lower() for host in hosts] == [target.host.lower() + port]

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_S, self._give_up)

    def _end_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._end_head()
        if not self.transport.is_closing():
            self.transport.close()
