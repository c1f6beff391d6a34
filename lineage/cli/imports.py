"""Take in what other tools recorded: `import openlineage`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ..errors import LineageError
from ..permissions import make_folder
from .connect import instance, settings_of
from .format import count
from .parser import Commands, add_instance_options
from .result import NO, CommandResult, StyledText, line

_BATCH: Final = 1000
_SUFFIXES: Final = (".json", ".jsonl", ".ndjson")


class ImportFileError(LineageError):
    """A file to import cannot be read."""


def add_commands(commands: Commands) -> None:
    """Add the commands of this theme."""
    group = commands.group("import", "take in what other tools recorded")
    openlineage = group.add(
        "openlineage", run_openlineage, "take in files of OpenLineage events",
        example="lineage import openlineage events.jsonl",
    )  # fmt: skip
    openlineage.add_argument(
        "files", metavar="FILE", nargs="+", type=Path,
        help="JSON lines, a JSON array, one event, or a folder of such files",
    )  # fmt: skip
    add_instance_options(openlineage)


def run_openlineage(args: argparse.Namespace) -> CommandResult:
    """Send the events of files to the instance, and name what was left out."""
    received, ignored = 0, []
    settings = settings_of(args)
    if settings.destination == "local":
        # What is imported may be the first that is recorded here.
        make_folder(settings.home)
    with instance(args) as api:
        for path in _files(args.files):
            events = _events(path)
            for start in range(0, len(events), _BATCH):
                batch = events[start : start + _BATCH]
                answer = api.post("openlineage.batch", batch).json()
                received += answer["received"]
                ignored += [f"{path}: {reason}" for reason in answer["ignored"]]
    lines = [line(StyledText("✔ ", "good"), f"{count(received, 'event')} taken in")]
    lines += [line(StyledText("! ", "warn"), reason) for reason in ignored[:20]]
    if len(ignored) > 20:
        lines.append(line(f"  and {len(ignored) - 20} more; --json names all"))
    data = {"received": received, "ignored": ignored}
    return CommandResult(data, lines, NO if ignored and not received else 0)


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix in _SUFFIXES)
        else:
            yield path


def _events(path: Path) -> list[Any]:
    """Read the events of one file.

    Raises:
        ImportFileError: It cannot be read, or a line of it is no JSON.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImportFileError(
            f"{path} cannot be read: {error}; name a file of OpenLineage events"
        ) from error
    try:
        value = json.loads(text)
    except ValueError:
        return _lines(path, text)
    return value if isinstance(value, list) else [value]


def _lines(path: Path, text: str) -> list[Any]:
    events = []
    for number, raw in enumerate(text.split("\n"), 1):
        if raw.strip():
            try:
                events.append(json.loads(raw))
            except ValueError as error:
                raise ImportFileError(
                    f"{path}, line {number} is no JSON: {error}; nothing of this file"
                    " was taken in"
                ) from error
    return events
