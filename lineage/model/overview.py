"""The question for a small picture of a large part of the graph, and its answer."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from .graph import GraphEdge, Node
from .messages import Field
from .parameters import Answer, Hops, Moment, Question, Selector, Statuses, Text

#: Items in one answer, unless asked otherwise; what a person opens is added to them.
DEFAULT_ITEMS: Final = 60
#: Members that opening a group shows; opening it again shows as many more.
OPEN_STEP: Final = 20
#: Times in one answer, at most.
MAX_MOMENTS: Final = 200
#: Entries of each list of keys, at most.
MAX_KEYS: Final = 400

Key = Annotated[str, Field(min_length=1, max_length=200)]
Keys = Annotated[list[Key], Field(max_length=MAX_KEYS)]
Words = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=40)]
#: What the members of an item have in common.
Grouping = Literal["single", "app", "artifact", "like", "rest", "step"]
Mark = Literal["remake", "loses source", "possibly"]


class OverviewFilter(Answer):
    """Which tasks and versions a person wants to see; the others are still counted."""

    name: Text = ""
    """A part of the name, title or id."""
    kinds: Words = Field(default_factory=list)
    """`task`, `file`, `model_weight`, …"""
    statuses: Statuses = Field(default_factory=list)
    """Asked of tasks only."""
    teams: Annotated[list[int], Field(max_length=100)] = Field(default_factory=list)
    since: Moment | None = None
    until: Moment | None = None

    def is_empty(self) -> bool:
        """Whether everything passes."""
        times = (self.since, self.until)
        is_timeless = times == (None, None)
        lists = (self.kinds, self.statuses, self.teams)
        return is_timeless and not self.name.strip() and not any(lists)


class OverviewParams(Question):
    """Which part of the graph to draw, and what of it to open."""

    endpoint = "lineage.graph.overview"

    select: Selector
    """Where to start; hops named in the selector take precedence over `up`, `down`."""
    up: Hops = 1
    down: Hops = 1
    by: Literal["artifact", "run"] = "artifact"
    """One item for each artifact and app, or for each version and run."""
    opened: Keys = Field(default_factory=list)
    """Keys of groups, and of tasks with steps, to open; once for each 20 members."""
    expanded: Keys = Field(default_factory=list)
    """Items whose neighbours are added: `data:12.up`, `task:7.down`."""
    also: Keys = Field(default_factory=list)
    """Nodes to add wherever they are, such as those of a path; also as in `find`."""
    find: Keys = Field(default_factory=list)
    """Nodes to keep outside of groups of like ones, and to find in `places`."""
    impact_of: Selector | None = None
    """Mark what deleting this would affect."""
    filter: OverviewFilter = Field(default_factory=OverviewFilter)
    as_of: Moment | None = None
    limit: Annotated[int, Field(ge=10, le=500)] = DEFAULT_ITEMS
    """Items at most, before anything is opened."""


class StepDisplay(Answer):
    """What an item shows that stands for a step."""

    name: str
    parent: str | None = None
    """The name of the step around it."""
    started_at: float
    ended_at: float | None = None
    outcome: Literal["ok", "error"] | None = None


class OverviewItem(Answer):
    """A node of the picture: a task, a version, a step, or a group of them."""

    key: str
    """The node's key; of a group its own, which `opened` and `lineage.graph.members`
    take."""
    grouping: Grouping
    node: Node
    """The newest member."""
    second: str | None = None
    """The key of the member before the newest."""
    count: int = 1
    """Tasks, versions or artifacts that the item stands for."""
    opened: int = 0
    """Members that were opened and are items of their own."""
    failed: int = 0
    stale: int = 0
    hidden_up: int = 0
    """Neighbours upstream that the answer leaves out."""
    hidden_down: int = 0
    passing: int = 0
    """Members that pass the filter."""
    since: float | None = None
    """When the first member, or an edge of it, was recorded."""
    names: list[str] = Field(default_factory=list)
    """The names of the first members, where they differ."""
    mark: Mark | None = None
    steps: int = 0
    """A single task: its named steps, which opening it shows."""
    step: StepDisplay | None = None


class OverviewAnswer(Answer):
    """A picture of a part of the graph: few items, which count what they stand for."""

    items: list[OverviewItem]
    arrows: list[GraphEdge]
    """Between items, by their keys."""
    focus: list[str] = Field(default_factory=list)
    """Keys of the items that hold what was asked for."""
    places: dict[str, str] = Field(default_factory=dict)
    """The item in which each key of `find` and `also` is shown."""
    nodes: int = 0
    """Tasks and versions that the items stand for."""
    kinds: dict[str, int] = Field(default_factory=dict)
    statuses: dict[str, int] = Field(default_factory=dict)
    teams: dict[str, int] = Field(default_factory=dict)
    moments: list[float] = Field(default_factory=list)
    """When something of it was recorded, at most 200 times, the first and last too."""
    truncated: bool = False
    """True when more was reached than is grouped; the nearest are."""


class MembersParams(OverviewParams):
    """Which item of a picture to list, with the parameters of that picture."""

    endpoint = "lineage.graph.members"

    item: Key
    """The key of the item."""
    first: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """How many members to leave out."""
    most: Annotated[int, Field(ge=1, le=500)] = 50


class MembersAnswer(Answer):
    """The members of one item, the newest first."""

    nodes: list[Node]
    total: int
