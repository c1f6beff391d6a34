"""Import what other tools recorded: `import openlineage`, `import mlflow`."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..delivery.evidence.locations import Locations
from ..errors import ApiError, LineageError
from ..model.ingest import RefusedFact
from ..permissions import make_folder
from ..recording.host_info import machine_name
from .connect import client, settings_of
from .format import count
from .parser import Command, CommandGroup, Parser, add_instance_options
from .result import NO, CommandResult, Line, StyledText, line

if TYPE_CHECKING:
    from ..api import Api

_BATCH: Final = 1000
_SUFFIXES: Final = (".json", ".jsonl", ".ndjson")
#: Statuses of batches of which a part may be taken in.
_REFUSED: Final = (400, 413)
_Placed = tuple[str, Any]
"""Where an event stands in its file, and the event."""


class ImportFileError(LineageError):
    """A file to import cannot be read."""


def _openlineage_options(parser: Parser) -> None:
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=Path,
        help="JSON lines, a JSON array, one event, or a folder of such files",
    )  # fmt: skip
    add_instance_options(parser)


def _mlflow_options(parser: Parser) -> None:
    parser.add_argument(
        "uri", metavar="URI",
        help="sqlite:///mlflow.db, a folder such as ./mlruns, or http://host:5000",
    )  # fmt: skip
    parser.add_argument(
        "--experiment", metavar="NAME", action="append", default=[],
        help="only this experiment (all); may be given several times",
    )  # fmt: skip
    add_instance_options(parser)


def run_openlineage(args: argparse.Namespace) -> CommandResult:
    """Send the events of files to the instance, and name what was left out."""
    received, ignored = 0, []
    with _importing(args) as api:
        for path in _files(args.files):
            events = _events(path)
            for start in range(0, len(events), _BATCH):
                taken, left_out = _send_events(api, events[start : start + _BATCH])
                received += taken
                ignored += [f"{path}, {reason}" for reason in left_out]
    data = {"received": received, "ignored": ignored}
    summary = f"{count(received, 'event')} imported"
    code = NO if ignored and not received else 0
    return CommandResult(data, _lines_of(summary, ignored), code)


def run_mlflow(args: argparse.Namespace) -> CommandResult:
    """Send the runs of a tracking store to the instance; sent again, none is added."""
    from ..integrations.mlflow_facts import facts_of_run
    from ..integrations.mlflow_store import TrackingStore

    store = TrackingStore(args.uri)
    locations = Locations(json.loads(machine_name()))
    answers = _Answers()
    with _importing(args) as api:
        for record in store.runs(args.experiment):
            answers.runs += 1
            answers.send(api, facts_of_run(record, locations))
        answers.send_rest(api)
    ignored = [*store.notes, *answers.refused]
    summary = (
        f"{count(answers.runs, 'run')} read, {count(answers.stored, 'fact')} new, "
        f"{answers.known} known before"
    )
    return CommandResult(
        {**answers.counts(), "ignored": ignored},
        _lines_of(summary, ignored),
        NO if answers.refused else 0,
    )


@dataclass(slots=True)
class _Answers:
    """Sends facts in batches, and adds up what the instance answers."""

    runs: int = 0
    stored: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)
    _waiting: list[dict[str, Any]] = field(default_factory=list)

    def send(self, api: Api, facts: Sequence[dict[str, Any]]) -> None:
        self._waiting += facts
        while len(self._waiting) >= _BATCH:
            self._send(api)

    def send_rest(self, api: Api) -> None:
        if self._waiting:
            self._send(api)

    def counts(self) -> dict[str, int]:
        return {"runs": self.runs, "stored": self.stored, "known": self.known}

    def _send(self, api: Api) -> None:
        sent, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
        answer = api.facts.add(sent)
        self.stored += answer.stored
        self.known += answer.duplicates
        self.refused += [_refusal(sent, fact) for fact in answer.refused]


def _refusal(sent: Sequence[dict[str, Any]], fact: RefusedFact) -> str:
    return f"{sent[fact.index]['task']}: {fact.field}: {fact.message}"


@contextmanager
def _importing(args: argparse.Namespace) -> Iterator[Api]:
    """Open the instance; what is imported may be the first that is kept here."""
    settings = settings_of(args)
    if settings.destination == "local":
        make_folder(settings.home)
    with client(args) as api:
        yield api


def _lines_of(summary: str, ignored: Sequence[str]) -> list[Line]:
    lines = [line(StyledText("✔ ", "good"), summary)]
    lines += [line(StyledText("! ", "warn"), reason) for reason in ignored[:20]]
    if len(ignored) > 20:
        lines.append(line(f"  and {len(ignored) - 20} more; --json names all"))
    return lines


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix in _SUFFIXES)
        else:
            yield path


def _send_events(api: Api, events: Sequence[_Placed]) -> tuple[int, list[str]]:
    """Send events; those that the instance refuses together are sent in parts.

    Returns:
        How many were taken in, and what was left out, each with its place.
    """
    try:
        answer = api.post("openlineage.batch", [event for _, event in events]).json()
    except ApiError as error:
        # What JSON has no form for is found before it is sent.
        is_unsent = isinstance(error.__cause__, (TypeError, ValueError, RecursionError))
        if error.status not in _REFUSED and not is_unsent:
            raise
        if len(events) == 1:
            return 0, [f"{events[0][0]}: {error.server_message or error}"]
        half = len(events) // 2
        first = _send_events(api, events[:half])
        second = _send_events(api, events[half:])
        return first[0] + second[0], [*first[1], *second[1]]
    return answer["received"], [_with_place(text, events) for text in answer["ignored"]]


def _with_place(reason: str, events: Sequence[_Placed]) -> str:
    """Say where in the file an event stands, instead of where it stood in the batch."""
    match = re.match(r"\[(\d+)\][.:]? ?", reason)
    if match is None or int(match[1]) >= len(events):
        return reason
    return f"{events[int(match[1])][0]}: {reason[match.end() :]}"


def _events(path: Path) -> list[_Placed]:
    """Read the events of one file, each with its place.

    Raises:
        ImportFileError: It cannot be read, or a line of it is no JSON.
    """
    try:
        # Some tools on Windows write a mark before the first character.
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImportFileError(
            f"{path} cannot be read: {reason}; name a file of OpenLineage events"
        ) from error
    try:
        value = json.loads(text)
    except RecursionError:
        raise _too_deep(path) from None
    except ValueError:
        return _lines(path, text)
    if not isinstance(value, list):
        return [("event", value)]
    return [(f"event {number}", event) for number, event in enumerate(value, 1)]


def _lines(path: Path, text: str) -> list[_Placed]:
    events = []
    for number, raw in enumerate(text.split("\n"), 1):
        if raw.strip():
            try:
                events.append((f"line {number}", json.loads(raw)))
            except RecursionError:
                raise _too_deep(path, number) from None
            except ValueError as error:
                raise ImportFileError(
                    f"{path}, line {number} is no JSON: {error}; nothing of this file"
                    " was imported"
                ) from error
    return events


def _too_deep(path: Path, line: int | None = None) -> ImportFileError:
    place = f"{path}, line {line}" if line is not None else str(path)
    return ImportFileError(
        f"{place} is nested too deeply to be an event; nothing of this file was"
        " imported"
    )


COMMANDS: Final = (
    CommandGroup(
        "import", "import what other tools recorded",
        Command(
            "openlineage", run_openlineage, "import files of OpenLineage events",
            answer="EventsAnswer", options=_openlineage_options,
            example="lineage import openlineage events.jsonl",
        ),
        Command(
            "mlflow", run_mlflow, "import the runs of an MLflow tracking store",
            answer="ImportedRunsAnswer", options=_mlflow_options,
            example="lineage import mlflow sqlite:///mlflow.db",
        ),
    ),
)  # fmt: skip
