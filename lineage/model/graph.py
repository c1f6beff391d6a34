"""A part of the graph: its nodes and edges, and the questions that it answers."""

from __future__ import annotations

from typing import Any, Literal

from .parameters import (
    Answer,
    Hops,
    How,
    Kinds,
    Limit,
    Moment,
    NodeType,
    Question,
    Selector,
    Statuses,
    Text,
    _display,
)


class Icon(Answer):
    """The icon of an app's card, as in `WorkflowMeta`."""

    icon: str
    color: str
    backgroundColor: str


class Link(Answer):
    """The link of an app's card, as in `WorkflowMeta`."""

    url: str
    title: str


class Node(Answer):
    """A node of the graph: a task, or one version of an artifact."""

    key: str
    type: NodeType
    kind: str
    """`task`, or the artifact's kind (`model_weight` for a file that holds one)."""
    id: int | str
    """The platform's id or the path; a task's id."""
    name: str
    """What to show when nothing better was given; never empty."""
    label: str | None = None
    """Artifacts with a path: its shortest end that no other artifact has."""
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
    is_current: bool | None = None
    """Data: the version that the artifact has now."""
    same_as: str | None = None
    """Data: the key of the first node with the same content."""
    is_pinned: bool | None = None
    """Data: false where no version holds all of its content; null is unknown."""
    pinned_reason: str | None = None
    hops_up: int | None = None
    """Distance from the focus, when reached upstream; 0 for the focus."""
    hops_down: int | None = None
    hidden_up: int = 0
    """Neighbours upstream that this answer leaves out."""
    hidden_down: int = 0
    """Neighbours downstream that this answer leaves out."""
    params: dict[str, bool | int | float | str | None] | None = None
    """Tasks: the first parameters of the task and its steps, by name."""


class GraphEdge(Answer):
    """An edge of the graph, in the direction in which data flows."""

    source: str
    target: str
    role: Literal["input", "output", "revision", "content", "part"]
    """`input`: data to task; `output`: task to data; `revision`: to the version made of
    it in place; `content`: to a copy; `part`: between a part and its whole."""
    count: int = 1
    steps: list[str] = []
    """Names of the steps in which it was recorded."""
    recorded_at: float | None = None
    derived_from: list[str] | None = None
    """Outputs that name their inputs: the keys of those data nodes."""
    made_from: list[str] | None = None
    """Outputs: keys of the task's shown inputs that fed it; null: all, or unknown. Of
    several runs that are drawn as one: what fed it in any of them."""
    how: How | None = None
    """How a link that no task made is known."""
    is_reused: bool = False
    """The task found this output and did not make it."""


class GraphParams(Question):
    """Which part of the graph to show around what a selector matches."""

    endpoint = "lineage.graph.get"

    select: Selector
    """Where to start; hops named in the selector take precedence over `up`, `down`."""
    up: Hops = 1
    """Hops upstream; null is without limit."""
    down: Hops = 1
    """Hops downstream; null is without limit."""
    kinds: Kinds | None = None
    """Show only artifacts of these kinds, and the focus."""
    statuses: Statuses | None = None
    """Show only tasks of these statuses, and the focus."""
    as_of: Moment | None = None
    """Leave out what was recorded later."""
    all_versions: bool = False
    """Start from every version of the artifacts that the selector matches."""
    limit: Limit = 500
    after: Text | None = None
    """The `next` of the page before."""


class UpstreamParams(Question):
    """What to walk upstream from, and how far."""

    endpoint = "lineage.graph.upstream"

    of: Selector
    depth: Hops = None
    """Hops at most; null is without limit."""
    kinds: Kinds | None = None
    only: list[How] | None = None
    """Follow only links that are known so."""
    as_of: Moment | None = None
    limit: Limit = 500
    after: Text | None = None


class DownstreamParams(UpstreamParams):
    """What to walk downstream from, and how far."""

    endpoint = "lineage.graph.downstream"


class PathParams(Question):
    """Two nodes to connect by a shortest path."""

    endpoint = "lineage.graph.path"

    source: Selector
    target: Selector
    as_of: Moment | None = None


class GraphAnswer(Answer):
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

    def to_networkx(self) -> Any:
        """Make a networkx `DiGraph` with all members as attributes.

        Raises:
            ImportError: networkx is not installed.
        """
        return _display().to_networkx(self)
