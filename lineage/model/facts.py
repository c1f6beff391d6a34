"""Facts: what the recorder writes, the journal keeps and an instance ingests.

A fact travels as one JSON object, the same in a journal line and in a batch on
the wire. `f` tells its form:

`task`      a task was opened (or its card or details changed)
`task_end`  it ended
`edge`      a task used or produced a thing; may carry the step it happened in
`step_end`  a step ended
`step_ends` several steps ended well
`log`       one line of a task's log

The recording side assembles facts by hand, as text, because a validated model
would cost more than the write it describes; the instance validates every one of
them with these models, which are therefore the one definition of the form.
Optional keys are left out, never null.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .kinds import Direction
from .limits import (
    MAX_ENDS,
    MAX_NAME,
    MAX_PARAM_NAME,
    MAX_PARAM_TEXT,
    MAX_PARAMS,
    MAX_PATH,
    MAX_TEXT,
)

Name = Annotated[str, Field(max_length=MAX_NAME)]
Path = Annotated[str, Field(min_length=1, max_length=MAX_PATH)]
Key = Annotated[str, Field(min_length=1, max_length=200)]
Whole = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""A whole number that a store can hold."""
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


class _Fact(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    uid: Key
    """Unique for ever: sending a fact twice stores it once. Not in the journal
    line itself; the journal makes it of the segment's name and the line's number."""
    task: Key
    """The run's own key, made by the recorder; the instance gives it an id."""
    task_id: int | None = Field(default=None, ge=0, le=2**63 - 1)
    """The platform's id of the task, where the environment or the app tells it."""
    at: Epoch


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
    """The run key of the task inside which it was opened."""
    node_meta: dict[str, Any] | None = None
    """`customNodeSettings`: the card of the task's own node."""


class TaskEndFact(_Fact):
    """A task ended."""

    f: Literal["task_end"]
    status: Literal["finished", "error", "stopped"]
    error: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    """One line: the exception's type and message."""
    traceback: Annotated[str, Field(max_length=MAX_TEXT)] | None = None


class StepInfo(BaseModel):
    """A step (a decorated call or a block), told with the first fact inside it."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    key: Key
    """Unique within its task."""
    name: Name
    parent: Key | None = None
    """The enclosing step's key; absent when it is the task's body."""
    at: Epoch | None = None
    """When it began; absent where it began with the fact that tells it."""
    params: Annotated[dict[ParamName, Param], Field(max_length=MAX_PARAMS)] | None = (
        None
    )
    """What `lineage.step` was given beside the name."""


class FileStat(BaseModel):
    """What the recording thread saw of a local file, and its digest if taken."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    size: Whole = Field(ge=0)
    mtime_ns: Whole
    inode: Whole | None = None
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    changed: bool = False
    """The file changed between the recording and the digest: none was taken."""


class SourceRef(BaseModel):
    """One input that an output was derived from."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    kind: Key
    id: Whole | Path


class EdgeFact(_Fact):
    """A task used or produced a thing."""

    f: Literal["edge"]
    dir: Direction
    kind: Key
    """A name of `model.kinds.KINDS`."""
    id: Whole | Path
    """The platform's id, or a path or URI as the app said it."""
    is_model: bool = False
    version_id: Whole | None = None
    version_num: Whole | None = None
    snapshot: Annotated[str, Field(max_length=MAX_NAME)] | None = None
    """Make a project version with this description when sending, else take the
    current one, else the project."""
    module: bool = False
    """`id` is to be looked up as an app module of the task (kind `app`)."""
    name: Name | None = None
    stat: FileStat | None = None
    local_path: Path | None = None
    """The absolute path of the local file whose `stat` is told."""
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


class StepEndFact(_Fact):
    """A step ended."""

    f: Literal["step_end"]
    step: Key | StepInfo
    outcome: Literal["ok", "error"]
    error: Annotated[str, Field(max_length=MAX_TEXT)] | None = None


class StepEndsFact(_Fact):
    """Steps of one task ended without an error: what most ends say, together."""

    f: Literal["step_ends"]
    ends: list[tuple[Key, Epoch]] = Field(min_length=1, max_length=MAX_ENDS)
    """The steps' keys, each with when it ended."""


class LogFact(_Fact):
    """One line of a task's log."""

    f: Literal["log"]
    level: Name = "info"
    message: Annotated[str, Field(max_length=MAX_TEXT)]


Fact = Annotated[
    TaskFact | TaskEndFact | EdgeFact | StepEndFact | StepEndsFact | LogFact,
    Field(discriminator="f"),
]
