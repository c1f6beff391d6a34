"""An instance that speaks only the platform's own endpoints, and tells what it got."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final

TEAM: Final = 9
_ANSWERS: Final[dict[str, Any]] = {
    "instance.version": {"version": "6.12.44"},
    "tasks.info": {"id": 77, "teamId": TEAM, "status": "started"},
    "workflow.node.add-input": {"success": True},
    "workflow.node.add-output": {"success": True},
}


class PlainPlatform:
    """A served platform that announces nothing of ours; edges are only counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._edges: Counter[str] = Counter()
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                method = self.path.rpartition("/")[2]
                answer = platform.answer(method, body)
                sent = json.dumps(answer).encode()
                self.send_response(404 if answer is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
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

    def answer(self, method: str, body: Any) -> Any:
        """Process a call; None for what the platform does not have."""
        if method.startswith("workflow.node.add-"):
            with self._lock:
                self._edges[edge(method.rpartition("-")[2], body)] += 1
        return _ANSWERS.get(method)

    def edges(self) -> Counter[str]:
        """Give the edges that were processed, and how often each."""
        with self._lock:
            return Counter(self._edges)


def edge(direction: str, body: Any) -> str:
    """Give the one text of an edge's direction and whole body."""
    return f"{direction} {json.dumps(body, sort_keys=True)}"


def expected(direction: str, wire: str, identity: Any, task: Any = 77) -> str:
    """Give the text of an edge as the platform must get it."""
    node = {"type": "task", "id": task}
    body = {"teamId": TEAM, "node": node, "type": wire, "id": identity}
    return edge(direction, body)
