"""A small graph in an embedded instance, and a way to type commands at it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from instance_server import in_thread, settings_for

from lineage.api.client import Api
from lineage.cli import main
from lineage.instance.embedded import EmbeddedInstance

#: When the first of the small graph's tasks began.
START = 1_700_000_000.0


@dataclass(frozen=True)
class Typed:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The answer of a command with `--json`."""
        return json.loads(self.out)


@pytest.fixture
def type_(capsys: pytest.CaptureFixture[str]) -> Callable[..., Typed]:
    """Run a command in this process, as if it had been typed."""

    def run(*words: str) -> Typed:
        capsys.readouterr()
        code = main(words)
        printed = capsys.readouterr()
        return Typed(code, printed.out, printed.err)

    return run


class Graph:
    """Writes facts as the recorder does."""

    def __init__(self, name: str = "test") -> None:
        self._name = name
        self.facts: list[dict[str, Any]] = []

    def task(self, run: str, name: str, at: float, **more: Any) -> None:
        """Open a task."""
        self._add(f="task", task=run, name=name, at=START + at, **more)

    def end(self, run: str, at: float, status: str = "finished", **more: Any) -> None:
        """End a task."""
        self._add(f="task_end", task=run, at=START + at, status=status, **more)

    def edge(self, run: str, direction: str, path: str, at: float, **more: Any) -> None:
        """Record a file; its digest is made of its path."""
        stat = {
            "size": 1500,
            "mtime_ns": 1,
            "digest": f"sha256:{more.pop('d', 1):064x}",
        }
        self._add(
            f="edge", task=run, dir=direction, kind="file", id=path, at=START + at,
            name=Path(path).name, stat=stat, local_path=path, **more,
        )  # fmt: skip

    def _add(self, **fact: Any) -> None:
        self.facts.append({"uid": f"{self._name}-{len(self.facts)}", **fact})


@pytest.fixture
def empty_home(clean_environment: Path) -> Iterator[Api]:
    """An embedded instance in which nothing is recorded yet."""
    embedded = EmbeddedInstance(clean_environment)
    try:
        yield Api(embedded.address, "", adapters={embedded.address: embedded.adapter})
    finally:
        embedded.close()


@pytest.fixture
def served_home(clean_environment: Path) -> Iterator[str]:
    """The address of a server of the same home."""
    with in_thread(settings_for(clean_environment)) as served:
        yield served.address


@pytest.fixture
def small_graph(empty_home: Api) -> Api:
    """Scans → Import → table → Train (failed once) → model → Use → readings."""
    graph = Graph()
    graph.task("i", "Import", 0, host="desk", user="maria", git_commit="abcdef0123456",
               git_dirty=True, command="python import.py")  # fmt: skip
    graph.edge("i", "input", "/data/scans.csv", 1, d=1)
    step = {"key": "s1", "name": "convert", "at": START + 1}
    graph.edge("i", "output", "/data/table.csv", 2, d=2, step=step)
    graph.end("i", 3)
    graph.task("f", "Train", 10)
    graph.edge("f", "input", "/data/table.csv", 11, d=2)
    graph.end("f", 12, "error", error="ValueError: no", traceback="Traceback: no")
    graph.task("t", "Train", 20)
    graph.edge("t", "input", "/data/table.csv", 21, d=2)
    graph.edge("t", "output", "/data/model.pt", 22, d=3, is_model=True)
    graph.end("t", 23)
    graph.task("u", "Use", 30)
    graph.edge("u", "input", "/data/model.pt", 31, d=3, is_model=True)
    graph.edge("u", "output", "/data/readings.csv", 32, d=4)
    graph.end("u", 33)
    answer = empty_home.facts.add(graph.facts)
    assert answer.refused == []
    return empty_home


@pytest.fixture
def newer_table(small_graph: Api) -> Api:
    """A second import has made the table again: what came from the old one is stale."""
    graph = Graph("newer")
    graph.task("n", "Import", 40)
    graph.edge("n", "input", "/data/scans.csv", 41, d=1)
    graph.edge("n", "output", "/data/table.csv", 42, d=9)
    graph.end("n", 43)
    assert small_graph.facts.add(graph.facts).refused == []
    return small_graph


class _Platform(BaseHTTPRequestHandler):
    """Answers every request with a platform's version."""

    def do_POST(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"version": "6.12.0"}')

    def log_message(self, *_: object) -> None:
        """Stay silent."""


class _Plain(BaseHTTPRequestHandler):
    """Answers every request with a page that says no."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_error(404, "no such page")

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def served_version() -> Iterator[str]:
    """The address of a platform that only answers its version."""
    with _serving(_Platform) as address:
        yield address


@pytest.fixture
def plain_server() -> Iterator[str]:
    """The address of a server that knows no method at all."""
    with _serving(_Plain) as address:
        yield address


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)
