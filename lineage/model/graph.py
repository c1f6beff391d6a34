"""Answers of the graph: what an instance tells and the page, CLI and Python show.

Keys: a task's is `task:<id>`; a data node's is `data:<number>` and stands for one
*version* of a thing. Both are selectors. Times are seconds since 1970 UTC.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

NodeType = Literal["task", "data"]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)


class Icon(_Answer):
    """A card's icon, as `WorkflowMeta` has it."""

    icon: str
    color: str
    backgroundColor: str


class Link(_Answer):
    """A card's link, as `WorkflowMeta` has it."""

    url: str
    title: str


class Node(_Answer):
    """A card of the graph: a task, or one version of a thing."""

    key: str
    type: NodeType
    kind: str
    """`task`, or the thing's kind (`model_weight` for a file that holds one)."""
    id: int | str
    """The platform's id or the path; a task's id."""
    name: str
    """What to show when nothing better was given; never empty."""
    version: str | None = None
    """`v3`, or the first digits of a digest; none where the kind has no versions."""
    version_count: int = 1
    team_id: int
    workspace_id: int | None = None
    title: str | None = None
    """As the app sent it (may be HTML): to be sanitised where shown."""
    description: str | None = None
    icon: Icon | None = None
    link: Link | None = None
    status: str | None = None
    """Tasks: the platform's status words."""
    started_at: float | None = None
    ended_at: float | None = None
    created_at: float | None = None
    size: int | None = None
    """Bytes."""
    digest: str | None = None
    is_deleted: bool = False
    is_stale: bool = False
    """Data: made from an input of which a newer version exists."""
    hops_up: int | None = None
    """Distance from the focus, when reached upstream; 0 for the focus."""
    hops_down: int | None = None
    hidden_up: int = 0
    """Neighbours upstream that this answer leaves out."""
    hidden_down: int = 0


class GraphEdge(_Answer):
    """A line of the graph, in the direction in which data flows."""

    source: str
    target: str
    role: Literal["input", "output", "revision"]
    """`input`: data to task; `output`: task to data; `revision`: an older version
    of a container to the one that grew out of it."""
    count: int = 1
    steps: list[str] = []
    """Names of the steps in which it was recorded."""
    recorded_at: float | None = None
    derived_from: list[str] | None = None
    """Outputs that name their inputs: the keys of those data nodes."""


class GraphAnswer(_Answer):
    """A part of the graph."""

    nodes: list[Node]
    arrows: list[GraphEdge]
    focus: list[str] = []
    """Keys of the nodes that were asked for."""
    truncated: bool = False
    """True when `limit` cut the answer; `next` then goes on."""
    next: str | None = None
    """Opaque; pass as `after` to get what follows."""
    as_of: float | None = None


class TaskSummary(_Answer):
    """A line of the list of tasks."""

    node: Node
    inputs: list[Node]
    """The first few; `input_count` has them all."""
    outputs: list[Node]
    input_count: int
    output_count: int


class TasksPage(_Answer):
    """A page of tasks, newest first."""

    tasks: list[TaskSummary]
    next: str | None = None
    total: int | None = None


class Step(_Answer):
    """A step of a task."""

    key: str
    name: str
    parent: str | None = None
    started_at: float
    ended_at: float | None = None
    outcome: Literal["ok", "error"] | None = None
    error: str | None = None
    params: dict[str, bool | int | float | str | None] | None = None


class Edge(_Answer):
    """One recorded edge, whole."""

    uid: str | None
    direction: Literal["input", "output"]
    task: str
    data: Node
    step: str | None = None
    recorded_at: float
    meta: dict[str, Any] | None = None
    derived_from: list[str] | None = None


class LogLine(_Answer):
    """A line of a task's log."""

    at: float
    level: str
    message: str


class TaskDetail(_Answer):
    """Everything known of a task."""

    node: Node
    run: str | None = None
    """The run's key."""
    host: str | None = None
    user: str | None = None
    pid: int | None = None
    python: str | None = None
    git_commit: str | None = None
    git_dirty: bool | None = None
    command: str | None = None
    parent: str | None = None
    error: str | None = None
    traceback: str | None = None
    steps: list[Step] = []
    edges: list[Edge] = []
    edges_total: int = 0
    log: list[LogLine] = []
    meta: dict[str, Any] | None = None


class DataDetail(_Answer):
    """Everything known of one version of a thing."""

    node: Node
    path: str | None = None
    """Where the file lay, as recorded."""
    versions: list[Node] = []
    """All versions, newest first."""
    produced_by: list[Edge] = []
    used_by: list[Edge] = []
    meta: dict[str, Any] | None = None
    preview: Literal["text", "image"] | None = None
    """What `lineage.data.preview` can show of it."""


class SearchHit(_Answer):
    """A thing that a search found."""

    node: Node
    matched: Literal["id", "name", "path", "digest", "title"]


class SearchAnswer(_Answer):
    """What a search found, best first."""

    hits: list[SearchHit]
    next: str | None = None


class ImpactItem(_Answer):
    """A thing downstream of what would be deleted."""

    node: Node
    hops: int
    left: int
    """Sources that would remain."""


class ImpactAnswer(_Answer):
    """What deleting something would break."""

    focus: list[Node]
    remake: list[ImpactItem]
    """Would lose every source: has to be made again, or cannot be."""
    loses_source: list[ImpactItem]
    """Would lose a source and keep others."""
    fingerprint: str
    """Changes when the set above does."""
    truncated: bool = False


class ProvenanceAnswer(_Answer):
    """Where one output came from."""

    node: Node
    tasks: list[TaskDetail]
    """The tasks behind it, nearest first (edges restricted to those on the way)."""
    inputs: list[Node]
    """The things it came from that no known task produced."""
    graph: GraphAnswer
    truncated: bool = False
    """True when tasks, edges of them or cards of `graph` are left out: a task's
    `edges_total` counts all of its edges on the way."""


class DiffItem(_Answer):
    """A thing that two tasks share or not."""

    direction: Literal["input", "output"]
    change: Literal["same", "added", "removed", "version"]
    a: Node | None = None
    b: Node | None = None


class FieldDiff(_Answer):
    """A property in which two tasks differ."""

    field: str
    a: Any = None
    b: Any = None


class DiffAnswer(_Answer):
    """What differs between two tasks."""

    a: Node
    b: Node
    items: list[DiffItem]
    fields: list[FieldDiff] = []
    is_same: bool


class StaleItem(_Answer):
    """An output made from something that has a newer version."""

    node: Node
    task: Node
    used: Node
    newest: Node


class StaleAnswer(_Answer):
    """Outputs that a new run would make differently."""

    items: list[StaleItem]
    next: str | None = None


class HealthAnswer(_Answer):
    """How complete the graph is."""

    tasks: int
    tasks_with_inputs: int
    tasks_with_outputs: int
    tasks_failed: int
    inputs: int
    unpinned_inputs: int
    """Inputs recorded without a version or digest."""
    orphans: int
    """Things that no task produced and no task used any more."""
    edges: int
    edges_to_deleted: int
    oldest_undelivered_s: float | None = None


class ChangesAnswer(_Answer):
    """What is new since a cursor; the page asks it to stay live."""

    cursor: str
    changed: bool
    tasks: list[str] = []
    """Keys of the tasks that got new facts."""
