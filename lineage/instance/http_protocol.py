"""The HTTP protocol of the server: request heads bounded in time and size."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Seconds from the first byte of a request, or of a connection, to its last header.
HEAD_S: Final = 20.0
#: Bytes of a request's line and headers.
MAX_HEAD: Final = 64 << 10


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes connections whose request heads come too slowly or are too large.

    The server library bounds neither: a half-sent head would hold its connection, and
    what it brings, for ever.
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
        if self._is_head:
            self._head_bytes += len(data)
            self._expect_head()
        super().data_received(data)
        if self._is_head and self._head_bytes > MAX_HEAD:
            self._give_up()

    def on_headers_complete(self) -> None:
        """Serve the request whose head is complete."""
        self._is_head = False
        self._end_head()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Be ready for another request of the connection."""
        super().on_message_complete()
        self._is_head, self._head_bytes = True, 0

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
