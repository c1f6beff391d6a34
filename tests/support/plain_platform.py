"""An instance that speaks only the platform's own endpoints, and shows what it got."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final

TEAM: Final = 9
_ANSWERS: Final[dict[str, Any]] = {
    "instance.version": {"version": "6.12.44"},
    "tasks.info": {"id": 77, "teamId": TEAM, "status": "started"},
    "workflow.node.add-input": {"success": True},
    "workflow.node.add-output": {"success": True},
}
#: The header by which a client of `kept_in` says which process it is.
SENDER: Final = "X-Sender"
#: The most that an edge of `kept_in` waits between being kept and being answered.
_LINGER_S: Final = 0.004


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Be quiet: senders are killed in the middle of a request."""


class PlainPlatform:
    """A served platform that announces nothing of ours; edges are only counted.

    Args:
        port: Where to listen; a free one by default.
        kept_in: A file that gets a line for each edge before it is answered, and
            outlives the platform: the artifact's id, who sent it, who took it.
    """

    def __init__(self, port: int = 0, kept_in: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._edges: Counter[str] = Counter()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._log = None if kept_in is None else os.open(kept_in, flags)
        platform = self

        class Handler(BaseHTTPRequestHandler):
            # Connections stay open, as the platform's do.
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                read = self.rfile.read(length)
                if len(read) < length:
                    return  # The sender died in the middle of it.
                body = json.loads(read or b"{}")
                method = self.path.rpartition("/")[2]
                answer = platform.answer(method, body)
                platform.keep(method, body, self.headers.get(SENDER))
                sent = json.dumps(answer).encode()
                self.send_response(404 if answer is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

        self._server = _Server(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> PlainPlatform:
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(20)
        if self._log is not None:
            os.close(self._log)

    def serve(self) -> None:
        """Serve until killed."""
        self._server.serve_forever()

    def answer(self, method: str, body: Any) -> Any:
        """Process a call; None for what the platform does not have."""
        if method.startswith("workflow.node.add-"):
            with self._lock:
                self._edges[edge(method.rpartition("-")[2], body)] += 1
        return _ANSWERS.get(method)

    def keep(self, method: str, body: Any, sender: str | None) -> None:
        """Write down an edge; it may be a moment until it is answered."""
        if self._log is not None and method.startswith("workflow.node.add-"):
            line = f"{body['id']} {sender} {os.getpid()}\n"
            os.write(self._log, line.encode())
            time.sleep(random.random() * _LINGER_S)

    def edges(self) -> Counter[str]:
        """Return the edges that were processed, and how often each."""
        with self._lock:
            return Counter(self._edges)


def edge(direction: str, body: Any) -> str:
    """Return the one text of an edge's direction and whole body."""
    return f"{direction} {json.dumps(body, sort_keys=True)}"


def expected(direction: str, wire: str, identity: Any, task: Any = 77) -> str:
    """Return the text of an edge as the platform must get it."""
    node = {"type": "task", "id": task}
    body = {"teamId": TEAM, "node": node, "type": wire, "id": identity}
    return edge(direction, body)
