"""Facts: what the recorder writes, the journal keeps and an instance ingests.

A fact travels as one JSON object, the same in a journal line and in a batch on
the wire. `f` names its type:

`task`      a task was opened (or its card or details changed)
`task_end`  it ended
`edge`      a task used or produced an artifact; may carry the step it happened in
`evidence`  what became known later about the version that an edge names
`step_end`  a step ended
`step_ends` several steps ended well
`params`    parameters of a task or step
`metrics`   measured values of a task or step
`links`     addresses of the same run in other trackers
`log`       one line of a task's log

The recording side assembles facts by hand, as text, because a validated model
would cost more than the write it describes; the instance validates every one of
them with these models, which are therefore the one definition of the format.
Optional keys are left out, never null.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .kinds import Direction
from .limits import (
    MAX_ALIASES,
    MAX_COMPANIONS,
    MAX_ENDS,
    MAX_ENVIRONMENT,
    MAX_ENVIRONMENT_TEXT,
    MAX_EVIDENCE,
    MAX_LINKS,
    MAX_MANIFEST_FILES,
    MAX_METRICS,
    MAX_NAME,
    MAX_PARAM_NAME,
    MAX_PARAM_TEXT,
    MAX_PARAMS,
    MAX_PATH,
    MAX_TASK_PARAM_NAME,
    MAX_TASK_PARAMS,
    MAX_TEXT,
)

Name = Annotated[str, Field(max_length=MAX_NAME)]
Path = Annotated[str, Field(min_length=1, max_length=MAX_PATH)]
Key = Annotated[str, Field(min_length=1, max_length=200)]
Whole = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""A whole number that a store can hold."""
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Epoch = Annotated[float, Field(ge=0, le=32_503_680_000, allow_inf_nan=False)]
"""Seconds since 1970-01-01 UTC."""
Param = (
    bool
    | Whole
    | Annotated[float, Field(allow_inf_nan=False)]
    | Annotated[str, Field(max_length=MAX_PARAM_TEXT)]
    | None
)
ParamName = Annotated[str, Field(max_length=MAX_PARAM_NAME)]
#: PostgreSQL cannot store NUL; texts below the first level are checked here.
_NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, Field(max_length=MAX_NAME, pattern=_NO_NUL)]
Place = Annotated[str, Field(min_length=1, max_length=MAX_PATH, pattern=_NO_NUL)]
Reason = Annotated[str, Field(max_length=200, pattern=_NO_NUL)]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
TaskParamName = Annotated[
    str, Field(min_length=1, max_length=MAX_TASK_PARAM_NAME, pattern=_NO_NUL)
]
EnvironmentText = Annotated[
    str, Field(max_length=MAX_ENVIRONMENT_TEXT, pattern=_NO_NUL)
]


class _Fact(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    uid: Key
    """Unique for ever: sending a fact twice stores it once. Not in the journal
    line itself; the journal makes it of the segment's name and the line's number."""
    task: Key
    """The task's own key, made by the recorder; the instance gives it an id."""
    task_id: int | None = Field(default=None, ge=0, le=2**63 - 1)
    """The platform's id of the task, where the environment or the app names it."""
    at: Epoch
    seq: Whole | None = None
    """The order of this fact among those of its process, where it is known."""


class TaskFact(_Fact):
    """A task was opened, or more became known of it."""

    f: Literal["task"]
    name: Name | None = None
    status: Literal["started", "deployed"] = "started"
    host: Name | None = None
    user: Name | None = None
    pid: Whole | None = None
    python: Name | None = None
    git_commit: Name | None = None
    git_dirty: bool | None = None
    command: Annotated[str, Field(max_length=MAX_PATH)] | None = None
    parent: Key | None = None
    """The key of the task inside which it was opened."""
    parent_step: Key | None = None
    """The key of the parent's step in which it was opened."""
    machine: Reason | None = None
    """The machine whose local paths it uses and produces."""
    environment: (
        Annotated[
            dict[TaskParamName, EnvironmentText], Field(max_length=MAX_ENVIRONMENT)
        ]
        | None
    ) = None
    """What it runs in: packages with their versions, code, image, accelerators."""
    environment_digest: Digest | None = None
    """The environment that another task of the process has recorded already."""
    node_meta: dict[str, Any] | None = None
    """`customNodeSettings`: the card of the task's own node."""
    lost_after_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """A promise: this fact comes again, in shorter intervals, until the task ends."""


class TaskEndFact(_Fact):
    """A task ended."""

    f: Literal["task_end"]
    status: Literal["finished", "error", "stopped", "lost"]
    """`lost`: its process is gone; `at` is its last sign of life."""
    error: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    """One line: the exception's type and message."""
    traceback: Annotated[str, Field(max_length=MAX_TEXT)] | None = None


class StepInfo(BaseModel):
    """A step (a decorated call or a block), carried by the first fact inside it."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    key: Key
    """Unique within its task."""
    name: Name
    parent: Key | None = None
    """The enclosing step's key; absent when it is the task's body."""
    at: Epoch | None = None
    """When it began; absent where it began with the fact that carries it."""
    params: Annotated[dict[ParamName, Param], Field(max_length=MAX_PARAMS)] | None = (
        None
    )
    """The keyword arguments of `lineage.step`."""


class FileStat(BaseModel):
    """What the recording thread saw of a local file, and its digest if taken.

    All members belong to one state of the file.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    size: Count
    mtime_ns: Whole
    ctime_ns: Whole | None = None
    inode: Annotated[int, Field(ge=0, lt=2**64)] | None = None
    dev: Annotated[int, Field(ge=0, lt=2**64)] | None = None
    digest: Digest | None = None
    changed: bool = False
    """The file was no longer in this state when its content was to be read."""
    is_open: bool = False
    """Outputs: their process could still write to the file, so that these numbers need
    not be those of what it left."""


class Evidence(BaseModel):
    """What a storage says of a version: equal kind and value, equal version."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    kind: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    value: Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=_NO_NUL)]


class Companion(BaseModel):
    """A file that holds a part of the content of a declared one."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    name: Place
    """Its path, relative to the folder of the declared file."""
    size: Count
    digest: Digest | None = None


ManifestEntry = tuple[Place, Count, Digest | None, Whole | None]
"""A file of a folder: relative name, size, digest where known, else `mtime_ns`."""


class Manifest(BaseModel):
    """The content of a folder, as far as it was looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    digest: (
        Annotated[str, Field(pattern=r"^(h1:[A-Za-z0-9+/]{43}=|stat:[0-9a-f]{64})$")]
        | None
    ) = None
    """`h1:…` over names and contents (in-toto's `dirHash`), `stat:…` over names,
    sizes and times; absent when the folder is not pinned."""
    files: Count
    bytes: Count
    entries: list[ManifestEntry] = Field(max_length=MAX_MANIFEST_FILES)
    is_complete: bool = True
    """Whether `entries` names every file."""


class SourceRef(BaseModel):
    """One input that an output was derived from."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    kind: Key
    id: Whole | Path


class _Version(BaseModel):
    """What is known of the version that an edge names; each member may come late."""

    stat: FileStat | None = None
    size: Count | None = None
    """Bytes, where no `stat` says it: who records it saw no file."""
    version: Text | None = None
    """What the app itself calls the version: a revision, an etag, a date."""
    evidence: Annotated[list[Evidence], Field(max_length=MAX_EVIDENCE)] | None = None
    """What the storage says of it, best first."""
    normalised: (
        Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}:sha256:[0-9a-f]{64}$")] | None
    ) = None
    """A digest without what changes by nothing, as the time stamp inside a gzip."""
    unwritten: bool | None = None
    """Outputs: the file was last written before the step began that declares it."""
    pinned: bool | None = None
    """False: nothing here names all of the content."""
    pinned_reason: Reason | None = None
    companions: Annotated[list[Companion], Field(max_length=MAX_COMPANIONS)] | None = (
        None
    )
    manifest: Manifest | None = None


class EdgeFact(_Fact, _Version):
    """A task used or produced an artifact."""

    f: Literal["edge"]
    dir: Direction
    kind: Key
    """A name of `model.kinds.KINDS`."""
    id: Whole | Path
    """The platform's id, or a path or URI as the app wrote it."""
    canonical: Place | None = None
    """The artifact's one name: absolute, normalised, with its machine or share."""
    aliases: Annotated[list[Place], Field(max_length=MAX_ALIASES)] | None = None
    """Other names by which it can be looked up, as a symbolic link's path."""
    machine: Reason | None = None
    """The machine on which `local_path` lies."""
    is_model: bool = False
    version_id: Whole | None = None
    version_num: Whole | None = None
    snapshot: Annotated[str, Field(max_length=MAX_NAME)] | None = None
    """Make a project version with this description when sending, else take the
    current one, else the project."""
    module: bool = False
    """`id` is to be looked up as an app module of the task (kind `app`)."""
    name: Name | None = None
    local_path: Path | None = None
    """The absolute path of a local file or folder, at the moment of the call. Where it
    is no text, the recorder's own `path_bytes` stands beside it, with escapes."""
    step: Key | StepInfo | None = None
    """Where it happened: the key, or on first mention the whole step."""
    scope: Key | None = None
    """Outputs: the step whose inputs it derives from, which is the nearest
    enclosing step that had recorded an input; absent: all inputs of the task."""
    derived_from: list[SourceRef] | None = None
    """Outputs: exactly these inputs of the task fed it."""
    updates: bool = False
    """Work in place: the paired input is what this output replaces."""
    meta: dict[str, Any] | None = None
    """`WorkflowMeta` as the wire has it (`customRelationSettings`, …)."""
    repeat: Whole | None = None
    """Distinguishes edges recorded with `repeat=True`."""
    again: bool = False
    """Whether the task has recorded the same before, for another step or with other
    inputs: the platform has it."""


class EvidenceFact(_Fact, _Version):
    """What became known of an edge's version after the edge was recorded.

    The graph is as if the edge had carried these members itself. It may arrive
    before its edge, and more than once.
    """

    f: Literal["evidence"]
    edge: Key
    """The uid of the edge."""
    name: Name | None = None
    """The name of the edge's artifact, as the platform gives it to an object; it counts
    once the edge is there."""


class StepEndFact(_Fact):
    """A step ended."""

    f: Literal["step_end"]
    step: Key | StepInfo
    outcome: Literal["ok", "error"]
    error: Annotated[str, Field(max_length=MAX_TEXT)] | None = None


class StepEndsFact(_Fact):
    """Several steps of one task ended without an error, as most steps do."""

    f: Literal["step_ends"]
    ends: list[tuple[Key, Epoch]] = Field(min_length=1, max_length=MAX_ENDS)
    """The steps' keys, each with when it ended."""


class ParamsFact(_Fact):
    """Parameters of a task, or of a step of it; a later value replaces an earlier."""

    f: Literal["params"]
    step: Key | StepInfo | None = None
    params: dict[TaskParamName, Param] = Field(max_length=MAX_TASK_PARAMS)


class MetricsFact(_Fact):
    """Measured values: name, value and, in a series, the index of the measurement."""

    f: Literal["metrics"]
    step: Key | StepInfo | None = None
    metrics: list[
        tuple[
            TaskParamName,
            Annotated[float, Field(allow_inf_nan=False)],
            Whole | None,
        ]
    ] = Field(min_length=1, max_length=MAX_METRICS)


class RunLink(BaseModel):
    """The address of the same run in another tracker."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    name: Text
    url: Place


class LinksFact(_Fact):
    """Addresses of the same run in other trackers."""

    f: Literal["links"]
    links: list[RunLink] = Field(min_length=1, max_length=MAX_LINKS)


class LogFact(_Fact):
    """One line of a task's log."""

    f: Literal["log"]
    level: Name = "info"
    message: Annotated[str, Field(max_length=MAX_TEXT)]
    fields: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    """What else the line holds, as the text of a JSON object."""


Fact = Annotated[
    TaskFact
    | TaskEndFact
    | EdgeFact
    | EvidenceFact
    | StepEndFact
    | StepEndsFact
    | ParamsFact
    | MetricsFact
    | LinksFact
    | LogFact,
    Field(discriminator="f"),
]
