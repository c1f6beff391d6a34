"""Questions that compare: what depends, what is stale, what differs, and why."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from .graph import Node
from .messages import Field
from .parameters import Answer, Limit, Moment, Question, Selector, Text


class ImpactParams(Question):
    """What would be deleted or changed."""

    endpoint = "lineage.graph.impact"

    of: Selector
    as_of: Moment | None = None
    if_unchanged: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Refuse to answer unless the answer still has this fingerprint."""


class ImpactItem(Answer):
    """An artifact downstream of what would be deleted."""

    node: Node
    hops: int
    left: int
    """Runs that made the same content and do not depend on it."""


class Rerun(Answer):
    """A task that has to run again."""

    task: Node
    command: str | None = None


class ImpactAnswer(Answer):
    """What depends on something that would be deleted or changed."""

    focus: list[Node]
    remake: list[ImpactItem]
    """Would have to be rebuilt: nothing else made its content."""
    loses_source: list[ImpactItem]
    """Would lose a source and keep others."""
    possibly: list[ImpactItem] = Field(default_factory=list)
    """Possibly affected: connected only by weaker links, such as the enclosing step."""
    reruns: list[Rerun] = Field(default_factory=list)
    """The tasks to run again, in order."""
    used_by: list[Node] = Field(default_factory=list)
    """The tasks that used it themselves."""
    superseded: int = 0
    """Affected versions that their artifacts no longer have; they are not listed."""
    fingerprint: str
    """Changes when the set above does."""
    truncated: bool = False


class DiffParams(Question):
    """Two tasks to compare, or two versions by the tasks that made them."""

    endpoint = "lineage.graph.diff"

    a: Selector
    b: Selector


class FileDiff(Answer):
    """A file in which two versions of a folder differ."""

    name: str
    change: Literal["added", "removed", "changed"]


class DiffItem(Answer):
    """One artifact in the comparison of two tasks."""

    direction: Literal["input", "output"]
    change: Literal["same", "added", "removed", "version", "unknown"]
    """`version`: another content; `unknown`: evidence is missing."""
    a: Node | None = None
    b: Node | None = None
    files: list[FileDiff] = Field(default_factory=list)
    """Folders: the files that differ."""


class FieldDiff(Answer):
    """A property in which two tasks differ."""

    field: str
    a: Any = None
    b: Any = None


class DiffAnswer(Answer):
    """What differs between two tasks."""

    a: Node
    b: Node
    items: list[DiffItem]
    fields: list[FieldDiff] = Field(default_factory=list)
    params: list[FieldDiff] = Field(default_factory=list)
    metrics: list[FieldDiff] = Field(default_factory=list)
    environment: list[FieldDiff] = Field(default_factory=list)
    """Such as `package:numpy`; empty where one of them recorded none."""
    is_same: bool


class StaleParams(Question):
    """Where to look for stale outputs; everywhere when left out."""

    endpoint = "lineage.graph.stale"

    of: Selector | None = None
    all: bool = False
    """Also outputs that have been superseded by newer versions."""
    indirect: bool = False
    """Also outputs that were made of stale ones, directly or through others."""
    limit: Limit = 100
    after: Text | None = None


class StaleReason(Answer):
    """An input that has a newer version than the one that was used."""

    used: Node
    current: Node


class StaleItem(Answer):
    """An output made from something that has a newer version."""

    node: Node
    task: Node
    used: Node
    newest: Node
    """`used` and `newest` are the first reason's."""
    reasons: list[StaleReason] = Field(default_factory=list)
    """All inputs that have newer versions; of an indirect one, the inputs that are
    stale or were made of stale ones, each as `used` and `current`."""
    is_indirect: bool = False
    """No input has a newer version, but one would be made differently."""


class StaleAnswer(Answer):
    """Outputs that a new run would make differently."""

    items: list[StaleItem]
    """By their tasks, in the order in which those have to run again."""
    reruns: list[Rerun] = Field(default_factory=list)
    """The tasks that made these outputs, in that order, with their commands."""
    reruns_before: int = 0
    """How many tasks come before these, on earlier pages."""
    next: str | None = None


class WhyParams(Question):
    """Two versions of an artifact; `b` left out is the version before `a`."""

    endpoint = "lineage.graph.why"

    a: Selector
    b: Selector | None = None


class Cause(Answer):
    """A first upstream difference: nothing further upstream explains it."""

    kind: Literal[
        "input", "added", "removed", "param", "environment", "code", "unknown"
    ]
    name: str
    a: Any = None
    b: Any = None
    task_a: Node | None = None
    task_b: Node | None = None
    """The tasks that used or had it."""
    is_used_only: bool = False
    """Whether `task_a` used the input, and no recorded task made it."""
    files: list[FileDiff] = Field(default_factory=list)
    via: list[str] = Field(default_factory=list)
    """The artifacts between what was asked about and the cause, nearest first."""


class WhyAnswer(Answer):
    """Why two versions differ."""

    a: Node
    b: Node | None
    sentence: str
    is_same: bool = False
    causes: list[Cause] = Field(default_factory=list)
    steps: list[DiffItem] = Field(default_factory=list)
    """The inputs that differ on the way, nearest first."""
