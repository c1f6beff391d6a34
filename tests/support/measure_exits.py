"""Measures how long a process waits at its end, for each state of the platform.

    python tests/support/measure_exits.py [ENDS] [LIMIT_S] [STATE ...]

Each end is a process that records ten edges and ends at once. The time is counted from
its last statement to the moment at which it is gone; what the same number of processes
take without lineage, run at the same moments, is taken off.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

EDGES = 10
AT_ONCE = 4
APP = f"""
import time
import lineage
for number in range(1, {EDGES + 1}):
    lineage.current_task().uses_project(number)
print(time.time(), flush=True)
"""
BARE = """
import time
print(time.time(), flush=True)
"""
STATES = ("well", "down", "recovering", "silent", "too old")
ANSWERS: dict[str, Any] = {
    "instance.version": {"version": "6.12.44"},
    "tasks.info": {"id": 77, "teamId": 9, "status": "started"},
}


class Platform(ThreadingHTTPServer):
    """A platform in one state; each client is a process, known by its task's id."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, state: str, recovers_s: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.state, self.recovers_s = state, recovers_s
        self.first: dict[str, float] = {}
        self.edges: dict[str, int] = {}
        self.lock = threading.Lock()

    def handle_error(self, *_: Any) -> None:
        """Be quiet: processes end in the middle of a request."""


class Handler(BaseHTTPRequestHandler):
    """Answers as the platform's state demands."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one call."""
        server = self.server
        assert isinstance(server, Platform)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        method = self.path.rpartition("/")[2]
        status, answer = 200, ANSWERS.get(method, {"success": True})
        if method == "instance.version" and server.state == "too old":
            answer = {"version": "6.9.0"}
        if method.startswith("workflow.node"):
            status = self._of_edge(server, str(body["node"]["id"]))
        sent = json.dumps(answer if status == 200 else {"error": "away"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def _of_edge(self, server: Platform, task: str) -> int:
        now = time.monotonic()
        with server.lock:
            first = server.first.setdefault(task, now)
            if server.state == "recovering" and now - first < server.recovers_s:
                return 500
            server.edges[task] = server.edges.get(task, 0) + 1
        return 200

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


def end(address: str, number: int, limit_s: float, app: str = APP) -> float:
    """Run one process; return the seconds between its last statement and its end."""
    task = str(1000 + number)
    with tempfile.TemporaryDirectory() as home:
        environ = {
            **os.environ,
            "LINEAGE_HOME": home,
            "LINEAGE_TARGET": address,
            "LINEAGE_TOKEN": "t" * 20,
            "LINEAGE_FLUSH_TIMEOUT_S": str(limit_s),
            "TASK_ID": task,
            "SUPERVISELY_TASK_ID": task,
        }
        ran = subprocess.run(
            [sys.executable, "-c", app],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        )
        return time.time() - float(ran.stdout)


def measure(state: str, ends: int, limit_s: float) -> tuple[list[float], int]:
    """Return the times of all ends, and how many delivered everything."""

    def end_both(number: int) -> tuple[float, float]:
        took = end(address, number, limit_s)
        return took, end(address, number, limit_s, BARE)

    platform = Platform(state, limit_s * 0.6)
    with platform, socket.create_server(("127.0.0.1", 0), backlog=512) as silent:
        threading.Thread(target=platform.serve_forever, daemon=True).start()
        port = platform.server_address[1]
        if state == "silent":
            port = silent.getsockname()[1]
        if state == "down":
            port = 9
        with ThreadPoolExecutor(AT_ONCE) as pool:
            address = f"http://127.0.0.1:{port}"
            pairs = list(pool.map(end_both, range(ends)))
        platform.shutdown()
        whole = sum(count >= EDGES for count in platform.edges.values())
    own = statistics.median(bare for _, bare in pairs)
    return [max(0.0, took - own) for took, _ in pairs], whole


def main() -> None:
    """Measure every state, and print a table."""
    ends = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    limit_s = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    states = sys.argv[3:] or STATES
    if unknown := set(states) - set(STATES):
        sys.exit(f"no such state: {', '.join(unknown)}; there are {', '.join(STATES)}")
    print(f"| the platform | median | worst | delivered all | (limit {limit_s:g} s)")
    for state in states:
        times, whole = measure(state, ends, limit_s)
        middle, worst = statistics.median(times), max(times)
        print(f"| {state} | {middle:.2f} s | {worst:.2f} s | {whole} of {ends} |")


if __name__ == "__main__":
    main()
