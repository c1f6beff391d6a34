"""The questions to the graph of an instance, and their answers.

Each question is one parameter model (`ImpactParams`), which the command line and
`GraphApi` fill, the request carries and the query takes, beside its answer
(`ImpactAnswer`).

Keys: a task's is `task:<id>`; a data node's is `data:<number>` and stands for one
*version* of an artifact. Both are selectors. Times are seconds since 1970 UTC.
"""

# Longer than 400 lines: parameters and answer of a question belong beside each other.

from __future__ import annotations

import importlib
from typing import Annotated, Any, ClassVar, Final, Literal

from .kinds import DATA_KINDS
from .limits import MAX_PATH, MAX_TEXT
from .messages import Field, Message, Prepared
from .selector import keepable, known_status

NodeType = Literal["task", "data"]

#: The largest number of hops; null is without limit.
MAX_HOPS: Final = 1_000_000
#: Nodes in one answer, at most.
MAX_LIMIT: Final = 10_000

Selector = Annotated[str, Prepared(keepable), Field(min_length=1, max_length=MAX_PATH)]
Text = Annotated[str, Prepared(keepable), Field(max_length=MAX_TEXT)]
Hops = Annotated[int, Field(ge=0, le=MAX_HOPS)] | None
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
Moment = Annotated[float, Field(ge=0, le=32_503_680_000, allow_inf_nan=False)]
KindName = Annotated[str, Field(pattern=f"^({'|'.join(DATA_KINDS)})$")]
Kinds = Annotated[list[KindName], Field(max_length=len(DATA_KINDS))]
Statuses = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=16)]


def _task_number(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:20])
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("an id is a whole number, or one as text")
    return value


TaskNumber = Annotated[int, Prepared(_task_number), Field(ge=0, le=2**63 - 1)]


#: How a link is known, from the strongest to the weakest.
HOWS: Final = (
    "declared", "same step", "enclosing step", "same content", "part of",
)  # fmt: skip
How = Literal["declared", "same step", "enclosing step", "same content", "part of"]


class Question(Message):
    """The parameters of one question; unknown keys are ignored."""

    endpoint: ClassVar[str]
    """The method of the instance that answers it."""

    _is_checked = True


class Answer(Message):
    """The base of all answers."""

    def __repr__(self) -> str:
        return str(_display().summary(self))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return str(_display().as_html(self))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def to_pandas(self) -> Any:
        """Make a pandas data frame of the answer's rows.

        Raises:
            ImportError: pandas is not installed.
        """
        return _display().to_pandas(self)


def _display() -> Any:
    """Import what shows answers, when one is shown."""
    return importlib.import_module(".display", __package__)


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


TaskOrder = Literal[
    "created", "-created", "name", "-name", "status", "-status", "duration", "-duration"
]


class TasksParams(Question):
    """Which tasks to list, and in which order."""

    endpoint = "lineage.tasks.list"

    select: Selector | None = None
    """Only tasks that this selector matches."""
    text: Text | None = None
    """A part of the name, or the number."""
    status: Annotated[str, Prepared(known_status), Field(max_length=64)] | None = None
    """A status: `finished`, `failed`, `running` or another word of the platform."""
    kind: KindName | None = None
    """Only tasks that used or produced an artifact of this kind."""
    since: Moment | None = None
    """Created at this time or later."""
    until: Moment | None = None
    """Created at this time or earlier."""
    sort: TaskOrder = "-created"
    """What to sort by; `-` puts the largest, or the newest, first."""
    limit: Limit = 50
    after: Text | None = None
    """The `next` of the page before."""


class TaskSummary(Answer):
    """A row of the list of tasks."""

    node: Node
    inputs: list[Node]
    """The first few; `input_count` has them all."""
    outputs: list[Node]
    input_count: int
    output_count: int
    parent: str | None = None
    """The key of the task that started it."""
    user: str | None = None


class TasksPage(Answer):
    """A page of tasks."""

    tasks: list[TaskSummary]
    next: str | None = None
    total: int | None = None


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
    """Which task to show: by the key of its node, or by its number."""

    endpoint = "lineage.tasks.get"

    key: Annotated[str, Field(pattern=r"^task:[0-9]{1,18}(@[0-9]{1,18})?$")] | None = (
        None
    )
    """The key; it distinguishes tasks of several teams with the same number."""
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
    """Which version of an artifact to show."""

    endpoint = "lineage.data.get"

    key: Annotated[str, Field(pattern=r"^data:[0-9]{1,18}$")]
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


class DataDetail(Answer):
    """Everything known about one version of an artifact."""

    node: Node
    path: str | None = None
    """Where the file lay, as recorded."""
    versions: list[Node] = []
    """Every making of a version, newest first; `same_as` marks equal ones."""
    versions_total: int = 0  # `versions` has the newest of them
    produced_by: list[Edge] = []
    used_by: list[Edge] = []
    meta: dict[str, Any] | None = None
    preview: Literal["text", "image", "table"] | None = None
    """What `lineage.data.preview`, of a table `lineage.data.rows`, can show of it."""
    file_count: int | None = None  # what `lineage.data.files` can list
    columns: list[Column] = []
    """Its columns, where an OpenLineage event named them."""
    evidence: list[KnownEvidence] = []
    """What says which version it is, beside the digest of a file; best first."""


class ArtifactsParams(Question):
    """Which artifacts to list, and in which order."""

    endpoint = "lineage.artifacts.list"

    text: Text | None = None
    """A part of the name or path."""
    kinds: Kinds | None = None
    """Only artifacts of these kinds."""
    sort: Literal["changed", "-changed", "name", "-name", "versions", "-versions"] = (
        "-changed"
    )
    """What to sort by; `-` puts the largest first."""
    limit: Limit = 50
    after: Text | None = None
    """The `next` of the page before."""


class ArtifactSummary(Answer):
    """A row of the list of artifacts."""

    node: Node
    """Its current version."""
    versions: int
    used_by: int
    """Tasks that used one of its versions."""
    produced_by: int
    """Tasks that produced one of its versions."""


class ArtifactsPage(Answer):
    """A page of artifacts."""

    artifacts: list[ArtifactSummary]
    next: str | None = None
    total: int | None = None


class SearchParams(Question):
    """What to search for."""

    endpoint = "lineage.search"

    text: Text
    """The start of a word of a name, path or title; an id; or a digest."""
    kinds: Kinds | None = None
    limit: Limit = 20
    after: Text | None = None


class SearchHit(Answer):
    """An artifact or a task that a search found."""

    node: Node
    matched: Literal["id", "name", "path", "digest", "title", "step", "selector"]
    """What of it is like the text; `selector`: the text is a selector that means it."""


class SearchAnswer(Answer):
    """What a search found, best first."""

    hits: list[SearchHit]
    next: str | None = None


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


class HealthParams(Question):
    """No parameters: the whole graph of the caller's teams."""

    endpoint = "lineage.health"


class HealthAnswer(Answer):
    """How complete the graph is."""

    tasks: int
    tasks_with_inputs: int
    tasks_with_outputs: int
    tasks_failed: int
    inputs: int
    unpinned_inputs: int
    """Inputs recorded without a version or digest."""
    orphans: int
    """Artifacts that no task produced or uses any more."""
    edges: int
    edges_to_deleted: int
    oldest_undelivered_s: float | None = None


class ChangesParams(Question):
    """Since when to look for changes."""

    endpoint = "lineage.changes"

    cursor: Annotated[str, Field(max_length=200)] | None = None
    """The `cursor` of an earlier answer."""


class ChangesAnswer(Answer):
    """What is new since a cursor; the page asks it to stay live."""

    cursor: str
    changed: bool
    tasks: list[str] = []
    """Keys of the tasks that got new facts."""
