"""Models of the `--json` answers of commands that do not ask the graph."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ..model import details, graph, lists
from ..model.messages import Message


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

    detail: details.TaskDetail | details.DataDetail = Field(serialization_alias="thing")
    upstream: graph.GraphAnswer
    downstream: graph.GraphAnswer


class StepAnswer(_Form):
    """A step of a run, with what it used and produced."""

    task: graph.Node
    step: details.Step
    edges: list[details.Edge]


class SetAnswer(_Form):
    """What a selector means; steps where it is `step:NAME`."""

    nodes: list[graph.Node]
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
    origin: str = Field(serialization_alias="from")
    allowed: str
    meaning: str
    follows: str | None
    problem: str | None


class DoctorAnswer(_Form):
    """What lineage sees of its environment."""

    version: str
    python: str
    destination: str
    reached: str
    settings: list[SettingAnswer]
    extras: dict[str, str | None]


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
    """Declarations that do not fit, and the functions that have any."""

    functions: list[str]
    problems: list[ProblemAnswer]


class TokenAnswer(_Form):
    """A token; its secret is shown once, when it is made."""

    id: int
    team: str
    role: str
    secret: str


class TokenRow(_Form):
    """A token as it may be shown."""

    id: int
    teams: list[str]
    role: str
    user: str | None
    created_at: float
    revoked_at: float | None


class TokensAnswer(_Form):
    """The tokens of a store."""

    tokens: list[TokenRow]


class RevokedAnswer(_Form):
    """Whether there was a valid token to revoke."""

    revoked: bool


class ExportedText(_Form):
    """A document, where no file was named."""

    format: str
    text: str


class ExportedFile(_Form):
    """The file that holds a document."""

    file: str
    format: str
    characters: int


class PassportAnswer(_Form):
    """What was written, and the artifacts whose file is not here as recorded."""

    path: str
    files: list[str]
    missing: list[str]


class EventsAnswer(_Form):
    """Events that were taken in, and what was left out of them."""

    received: int
    ignored: list[str]


class ImportedRunsAnswer(_Form):
    """Runs of a tracking store, facts of them, and what was left out."""

    runs: int
    stored: int
    known: int
    ignored: list[str]


class ForgetAnswer(_Form):
    """What was rewritten or removed, and what could not be reached."""

    rows: dict[str, int]
    """By table and column."""
    journal: list[str]
    blobs: list[str]
    not_reached: list[str]
    is_dry_run: bool


class BackupAnswer(_Form):
    """The file that holds the whole store."""

    file: str
    bytes: int


class PartitionAnswer(_Form):
    """The tables that were partitioned, and in how many parts."""

    tables: list[str]
    parts: int


class DistributionAnswer(_Form):
    """The tables that were distributed."""

    tables: list[str]


class RebuildAnswer(_Form):
    """The teams whose graphs were rebuilt."""

    teams: list[int]


class ServedAnswer(_Form):
    """The server was stopped."""

    served: bool


class PageAnswer(_Form):
    """Where the page is; it is served until the command is stopped."""

    address: str


class RegisteredAnswer(BaseModel):
    """The object that was made, with the members that its kind has."""

    model_config = ConfigDict(extra="allow")

    id: int


class CommandsAnswer(_Form):
    """The commands of which there is a schema."""

    commands: list[str]


class SchemaAnswer(BaseModel):
    """A JSON Schema."""

    model_config = ConfigDict(extra="allow")

    title: str


#: What a command answers that may answer in more than one form.
RunsAnswer = lists.TasksPage | AppsAnswer
ShowAnswer = NodeAnswer | SetAnswer
DoctorOrStoreAnswer = DoctorAnswer | StoreCheck
ExportAnswer = ExportedText | ExportedFile
CommandsOrSchema = CommandsAnswer | SchemaAnswer


def form_of(command: str, answer: type[Message] | str, version: int) -> dict[str, Any]:
    """Return the JSON Schema of a command's answer.

    Args:
        command: The command; one of a group by both words.
        answer: The model of its answer, or the name of one in this module.
        version: The version of the form.
    """
    model = globals()[answer] if isinstance(answer, str) else answer
    schema = TypeAdapter(model).json_schema(mode="serialization")
    name = f"lineage.{command.replace(' ', '.')}/{version}"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{name.replace('/', ':')}",
        **schema,
        "title": name,
    }
