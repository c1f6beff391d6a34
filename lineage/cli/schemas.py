"""What each command answers with `--json`, as models: `lineage schema show`."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ..model import comparisons as compared
from ..model import graph as asked


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AppRuns(_Form):
    """The runs of one app."""

    app: str
    runs: int
    failed: int
    last: str
    last_status: str | None
    last_at: float | None


class AppsAnswer(_Form):
    """Runs counted by app: `tasks --by app`."""

    apps: list[AppRuns]


class NodeAnswer(_Form):
    """One run or one version in full, and what is around it."""

    detail: asked.TaskDetail | asked.DataDetail = Field(serialization_alias="thing")
    upstream: asked.GraphAnswer
    downstream: asked.GraphAnswer


class StepAnswer(_Form):
    """A step of a run, with what it used and produced."""

    task: asked.Node
    step: asked.Step
    edges: list[asked.Edge]


class SetAnswer(_Form):
    """What a selector means; steps where it is `step:NAME`."""

    nodes: list[asked.Node]
    steps: list[StepAnswer] = []


class RejectedAnswer(_Form):
    """A fact that was refused."""

    uid: str
    reason: str
    fact: str | None = None


class FlushAnswer(_Form):
    """The outcome of a delivery."""

    delivered: int
    waiting: int
    refused: list[RejectedAnswer]
    dropped: int
    reason: str | None


class StatusAnswer(_Form):
    """What waits, what was rejected, and where facts go."""

    waiting: int
    refused: int
    refusals: list[RejectedAnswer]
    oldest_s: float | None
    dropped: int
    skipped: list[str]
    problem: str | None
    destination: str


class SettingAnswer(_Form):
    """One setting; `from` names the variable, or `default`."""

    names: list[str]
    value: str
    allowed: str
    meaning: str
    follows: str | None
    problem: str | None


class Violation(_Form):
    """Something that is true of every sound store, and not of this one."""

    rule: str
    team_id: int
    count: int
    examples: list[Any]


class StoreCheck(_Form):
    """The outcome of `doctor --store`."""

    store: str
    violations: list[Violation]


class ProblemAnswer(_Form):
    """A declaration that does not fit."""

    file: str
    line: int
    message: str


class CheckAnswer(_Form):
    """Declarations that do not fit."""

    problems: list[ProblemAnswer]


class TokenAnswer(_Form):
    """A token; its secret is shown once, when it is made."""

    id: int
    team: str
    role: str
    secret: str


#: The form of each command's answer; a command of a group by both words.
FORMS: Final[dict[str, Any]] = {
    "tasks": asked.TasksPage | AppsAnswer,
    "show": NodeAnswer | SetAnswer,
    "search": asked.SearchAnswer,
    "find": asked.SearchAnswer,
    "upstream": asked.GraphAnswer,
    "downstream": asked.GraphAnswer,
    "path": asked.GraphAnswer,
    "impact": compared.ImpactAnswer,
    "provenance": asked.ProvenanceAnswer,
    "diff": compared.DiffAnswer,
    "why": compared.WhyAnswer,
    "stale": compared.StaleAnswer,
    "health": asked.HealthAnswer,
    "demo": asked.GraphAnswer,
    "flush": FlushAnswer,
    "retry": FlushAnswer,
    "status": StatusAnswer,
    "check": CheckAnswer,
    "token create": TokenAnswer,
}


def form_of(command: str, version: int) -> dict[str, Any]:
    """Return the JSON Schema of a command's answer."""
    schema = TypeAdapter(FORMS[command]).json_schema(mode="serialization")
    name = f"lineage.{command.replace(' ', '.')}/{version}"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{name.replace('/', ':')}",
        **schema,
        "title": name,
    }
