"""What a command answers: data for `--json`, lines for a person, an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from ..model.messages import Message
from ..records import field, record

#: The answer is no: tasks differ, facts are refused, a module has problems.
NO: Final = 1
#: The command could not be carried out.
FAILED: Final = 2

#: Every character before it takes one column of a terminal.
FIRST_COMBINING: Final = "\u0300"
#: Styles by their meaning, in the words of `rich`.
STYLES: Final[Mapping[str, str]] = {
    "task": "bold cyan",
    "data": "bold",
    "dim": "dim",
    "good": "green",
    "bad": "bold red",
    "warn": "yellow",
    "title": "bold underline",
    "command": "green",
}


@record(frozen=True, slots=True)
class StyledText:
    """A piece of a line, with the style that its meaning has."""

    text: str
    style: str = ""


Line = tuple[StyledText, ...]


@record(frozen=True, slots=True)
class CommandResult:
    """A command's result."""

    data: Any
    lines: Sequence[Line] = field(default=())
    code: int = 0


def line(*parts: str | StyledText) -> Line:
    """Make a line of plain texts and styled spans."""
    return tuple(StyledText(part) if isinstance(part, str) else part for part in parts)


def dim(text: str) -> Line:
    """Make a line that stays in the background."""
    return line(StyledText(text, "dim"))


def continue_lines(after: str | None) -> list[Line]:
    """Show how to continue an answer that was cut."""
    return [] if after is None else [dim(f"there is more; add: --after {after}")]


def heading(text: str) -> Line:
    """Make the title of a part."""
    return line(StyledText(text, "title"))


def columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for `日`, none for `́`."""
    if not text or max(text) < FIRST_COMBINING:
        return len(text)
    import unicodedata

    return sum(
        0
        if unicodedata.combining(sign)
        else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


def width(parts: Iterable[StyledText]) -> int:
    """Return how many columns of a terminal a line takes."""
    return sum(columns_of(part.text) for part in parts)


@cache
def terminal_columns() -> int:
    """Return the terminal's width; 80 where there is none.

    As `shutil` has it, which would be loaded for nothing else.
    """
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (AttributeError, ValueError, OSError):
        return 80


def plain(data: Any) -> Any:
    """Convert an answer to values that JSON has."""
    if isinstance(data, Message):
        return data.model_dump()
    if hasattr(type(data), "__dataclass_fields__"):
        from dataclasses import asdict

        return plain(asdict(data))
    if isinstance(data, Mapping):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple, set, frozenset)):
        return [plain(value) for value in data]
    return str(data) if isinstance(data, Path) else data
