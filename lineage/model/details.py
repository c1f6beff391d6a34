"""Everything known about one task, or about one version of an artifact."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from .graph import GraphAnswer, Node
from .limits import MAX_PATH
from .messages import Field
from .parameters import Answer, Moment, Question, Selector, TaskNumber


class Step(Answer):
    """A step of a task."""

    key: str
    name: str
    parent: str | None = None
    started_at: float
    ended_at: float | None = None
    outcome: Literal["ok", "error"] | None = None
    error: str | None = None
    params: dict[str, bool | int | float | str | None] | None = None


class Edge(Answer):
    """One recorded edge, whole."""

    uid: str | None
    direction: Literal["input", "output"]
    task: str
    data: Node
    step: str | None = None
    recorded_at: float
    meta: dict[str, Any] | None = None
    derived_from: list[str] | None = None
    is_reused: bool = False
    """The task found this output and did not make it."""


class LogLine(Answer):
    """A line of a task's log."""

    at: float
    level: str
    message: str


class TaskParams(Question):
    """Which task to show: by its key or another selector of it, or by its number."""

    endpoint = "lineage.tasks.get"

    key: Selector | None = None
    """A key distinguishes tasks of several teams with the same number."""
    id: TaskNumber | None = None
    """The number; where several teams have it, the first team's task is shown."""
    run: Annotated[str, Field(min_length=1, max_length=MAX_PATH)] | None = None
    """The key that the app's process gave itself."""


class TaskDetail(Answer):
    """Everything known about a task."""

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
    """The key of the task that it was started in."""
    parent_run: str | None = None
    """The key of that task's run."""
    started_by: Node | None = None
    """The same, whole."""
    children: list[Node] = []
    """The tasks that were started in it; the oldest ones of many."""
    error: str | None = None
    traceback: str | None = None
    steps: list[Step] = []
    edges: list[Edge] = []
    edges_total: int = 0
    log: list[LogLine] = []
    meta: dict[str, Any] | None = None
    params: dict[str, bool | int | float | str | None] = {}
    """Of the task and its steps; the first value of a name."""
    metrics: dict[str, float] = {}
    """The last value of each."""
    environment: dict[str, str] = {}
    """What it ran in: `package:numpy`, `git.branch`, `gpu`, `image`."""
    environment_digest: str | None = None
    """One for all tasks that ran in the same."""
    links: dict[str, str] = {}
    """Addresses of the same run in other tools."""


class TaskDetailsParams(Question):
    """Which tasks to show together, by the keys of their nodes."""

    endpoint = "lineage.tasks.details"

    keys: Annotated[list[Selector], Field(min_length=1, max_length=500)]


class TaskDetails(Answer):
    """Everything known about several tasks."""

    tasks: list[TaskDetail] = []
    """In the order in which they were named; those that are not there are left out."""


class DataParams(Question):
    """Which version of an artifact to show: by its key or another selector of it."""

    endpoint = "lineage.data.get"

    key: Selector
    """Of an artifact with several versions the current one is shown."""
    most_versions: Annotated[int, Field(ge=1, le=1000)] = 1000
    """How many versions to list, at most: the newest."""


class DeleteParams(Question):
    """Which version (`data:12`), or which artifact with all its versions, to mark."""

    endpoint = "lineage.data.delete"

    key: Selector


class Column(Answer):
    """A column of a table or a file, as another tool names it."""

    name: str
    type: str | None = None
    description: str | None = None
    sources: list[str] = []
    """The columns that it is made from: the artifact, a blank and the column."""


class KnownEvidence(Answer):
    """What distinguishes a version from others, such as an `etag`."""

    kind: str
    value: str


class VersionMaker(Answer):
    """A task that made a version."""

    version: str
    task: str
    name: str


class DataDetail(Answer):
    """Everything known about one version of an artifact."""

    node: Node
    path: str | None = None
    """Where the file lay, as recorded."""
    versions: list[Node] = []
    """Every making of a version, newest first; `same_as` marks equal ones."""
    versions_total: int = 0  # `versions` has the newest of them
    version_makers: list[VersionMaker] = []
    produced_by: list[Edge] = []
    used_by: list[Edge] = []
    meta: dict[str, Any] | None = None
    preview: Literal["text", "image", "table"] | None = None
    """What `lineage.data.preview`, of a table `lineage.data.rows`, can show of it."""
    file_count: int | None = None  # what `lineage.data.files` can list
    columns: list[Column] = []
    """Its columns, where an OpenLineage event named them."""
    owners: list[str] = []
    """Who is responsible for it, where an OpenLineage event named them."""
    tags: dict[str, str] = {}
    """Its tags, where an OpenLineage event named them."""
    has_facets: bool = False
    """Whether OpenLineage events gave it facets: `lineage.openlineage.dataset`."""
    evidence: list[KnownEvidence] = []
    """What says which version it is, beside the digest of a file; best first."""


class ProvenanceParams(Question):
    """Which output to explain; of several versions the newest."""

    endpoint = "lineage.graph.provenance"

    of: Selector
    as_of: Moment | None = None


class ProvenanceAnswer(Answer):
    """Where one output came from."""

    node: Node
    tasks: list[TaskDetail]
    """The tasks upstream of it, nearest first, with the edges on the way."""
    inputs: list[Node]
    """The artifacts it came from that no known task produced."""
    graph: GraphAnswer
    truncated: bool = False
    """True when tasks, edges of them or nodes of `graph` are left out: a task's
    `edges_total` counts all of its edges on the way."""
