"""What an instance has: lists of tasks and artifacts, search, counts and changes."""

from __future__ import annotations

from typing import Annotated, Literal

from .graph import Node
from .messages import Field, Prepared
from .parameters import Answer, KindName, Kinds, Limit, Moment, Question, Selector, Text
from .selector import known_status

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
