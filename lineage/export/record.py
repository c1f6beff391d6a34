"""A part of the graph with what is known about its tasks: what an export is made of."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Final, Protocol

from ..model.details import TaskDetail
from ..model.graph import GraphAnswer, GraphEdge, Node
from ..model.parameters import MAX_LIMIT

#: Tasks whose details are read; the others keep what their node says.
MAX_DETAILS: Final = 10_000
#: Nodes of one export.
MAX_NODES: Final = 100_000

#: Nodes up to which documents are indented for people.
_MOST_INDENTED: Final = 2500
#: What XML refuses, what a terminal obeys, and what turns the direction of writing.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
    "\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True, slots=True)
class GraphRecord:
    """Nodes and edges around a selector, in the order in which they are written."""

    selector: str
    exported_at: float
    """Seconds since 1970 UTC."""
    nodes: tuple[Node, ...]
    edges: tuple[GraphEdge, ...]
    focus: tuple[str, ...] = ()
    """Keys of the nodes that the selector matched."""
    details: Mapping[str, TaskDetail] = field(default_factory=dict)
    """Details of tasks by the key of their node."""
    is_complete: bool = True
    """False when a bound cut nodes or details."""

    @property
    def indent(self) -> int | None:
        """How JSON documents are indented; long ones are not, which takes half as long.

        Python writes indented JSON by its slow encoder.
        """
        return 1 if len(self.nodes) <= _MOST_INDENTED else None

    def tasks(self) -> list[Node]:
        """Return the nodes that are tasks."""
        return [node for node in self.nodes if node.type == "task"]

    def artifacts(self) -> list[Node]:
        """Return the nodes that are versions of artifacts."""
        return [node for node in self.nodes if node.type == "data"]

    def environments(self) -> dict[str, dict[str, str]]:
        """Return what tasks ran in, each once: the members by the digest."""
        return {
            one.environment_digest: one.environment
            for one in self.details.values()
            if one.environment_digest
        }

    def inputs(self) -> Iterator[tuple[str, str, GraphEdge]]:
        """Yield each use: the task's key, the version's key and the edge."""
        for edge in self.edges:
            if edge.role == "input":
                yield edge.target, edge.source, edge

    def outputs(self) -> Iterator[tuple[str, str, GraphEdge]]:
        """Yield each production: the task's key, the version's key and the edge."""
        for edge in self.edges:
            if edge.role == "output":
                yield edge.source, edge.target, edge


class GraphSource(Protocol):
    """Where a part of the graph is read: an instance's client, or its own questions."""

    def get(
        self,
        select: str,
        *,
        up: int | None,
        down: int | None,
        limit: int,
        after: str | None,
    ) -> GraphAnswer:
        """Return a page of the graph."""

    def tasks_by_key(self, keys: Sequence[str]) -> list[TaskDetail]:
        """Return everything known about several tasks, those that are there."""


def read(
    api: GraphSource,
    selector: str,
    *,
    up: int | None = None,
    down: int | None = 0,
    most: int = MAX_NODES,
) -> GraphRecord:
    """Read a part of the graph from an instance.

    Args:
        api: `api.graph` of an instance.
        selector: Where to start.
        up: Hops upstream; None is without limit.
        down: Hops downstream; None is without limit.
        most: Nodes after which no further page is read.

    Raises:
        NotFoundError: Nothing matches the selector.
    """
    nodes: dict[str, Node] = {}
    edges: dict[tuple[str, str, str], GraphEdge] = {}
    focus: tuple[str, ...] = ()
    after: str | None = None
    while True:
        page = api.get(selector, up=up, down=down, limit=MAX_LIMIT, after=after)
        focus = focus or tuple(page.focus)
        nodes.update((node.key, node) for node in page.nodes)
        edges.update(((e.source, e.target, e.role), e) for e in page.arrows)
        after = page.next
        if after is None or len(nodes) >= most:
            break
    kept = [e for e in edges.values() if e.source in nodes and e.target in nodes]
    tasks = [key for key, node in nodes.items() if node.type == "task"]
    details = {one.node.key: one for one in api.tasks_by_key(tasks[:MAX_DETAILS])}
    return GraphRecord(
        selector,
        time.time(),
        tuple(nodes.values()),
        tuple(sorted(kept, key=lambda e: (e.recorded_at or 0.0, e.source, e.target))),
        focus,
        details,
        is_complete=after is None and len(tasks) <= MAX_DETAILS,
    )


def utc(at: float | None) -> str | None:
    """Return a time as RFC 3339 text with its zone; None where it is not known."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds")


def text_of(value: object) -> str:
    """Return a value as text without what readers refuse and terminals obey."""
    return _CONTROL.sub("�", str(value))


def hex_digest(node: Node) -> str | None:
    """Return the SHA-256 of a version as 64 hexadecimal digits, if it is known."""
    digest = node.digest or ""
    return digest.removeprefix("sha256:") if digest.startswith("sha256:") else None


def local_name(key: str) -> str:
    """Return a node's key as a name that every format takes: `data/12`."""
    return re.sub(r"[^A-Za-z0-9]", "/", key, count=1).replace("@", "-")


def environment_name(digest: str) -> str:
    """Return the name by which documents refer to what a task ran in."""
    return f"environment/{digest.removeprefix('sha256:')[:12]}"
