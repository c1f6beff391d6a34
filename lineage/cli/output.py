"""Prints an answer: as JSON, in colours on a terminal, or as plain text."""

from __future__ import annotations

import codecs
import importlib
import io
import json
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, Final, TextIO

from ..model.readable_json import json_text
from .format import escape, shorten
from .result import (
    FIRST_COMBINING,
    STYLES,
    CommandResult,
    Line,
    columns_of,
    plain,
    terminal_columns,
)

#: A column is not cut below this width.
_NARROWEST: Final = 8


#: Raised when a member of an answer changes its meaning or goes away.
SCHEMA_VERSION: Final = 1
#: The name under which Python knows how text is written that a console cannot show.
_ESCAPED: Final = "lineage.escaped"


def escape_unprintable(*streams: TextIO) -> None:
    """Make streams write characters that their encoding lacks by number, as JSON does.

    A console need not be UTF-8; JSON stays JSON, and no command fails because of one
    character.
    """
    codecs.register_error(_ESCAPED, _escaped)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ESCAPED)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def emit(
    answer: CommandResult,
    *,
    as_json: bool,
    command: str = "",
    stream: TextIO | None = None,
) -> None:
    """Print an answer to standard output, or to another stream.

    Args:
        answer: What to print; without data the command has printed it itself.
        as_json: As JSON, an object with the name and version of its schema.
        command: The command that answers.
        stream: Instead of standard output.
    """
    out = stream or sys.stdout
    if as_json and answer.data is None:
        return
    if as_json:
        data = plain(answer.data)
        if isinstance(data, dict) and command:
            data = {"schema": f"lineage.{command}/{SCHEMA_VERSION}", **data}
        out.write(json_text(data, indent=2) + "\n")
    else:
        print_lines(answer.lines, out)
    out.flush()


def print_lines(lines: Sequence[Line], stream: TextIO) -> None:
    """Print lines, in colours where the stream shows them."""
    rich = _rich_for(stream)
    for parts in lines:
        if rich is None:
            stream.write("".join(_safe(part.text) for part in parts).rstrip() + "\n")
        else:
            text = rich.Text.assemble(
                *((_safe(p.text), STYLES.get(p.style, "")) for p in parts)
            )
            rich.console.print(text, soft_wrap=True)


def _safe(text: str) -> str:
    """Return a text that no terminal obeys; its lines and tabs stay."""
    if text.isprintable():
        return text
    pieces = re.split(r"([\n\t])", text)
    return "".join(p if p in ("\n", "\t") else escape(p) for p in pieces)


class _Rich:
    """The two parts of rich that are used, imported when colours are wanted."""

    def __init__(self, stream: TextIO) -> None:
        self.Text: Any = importlib.import_module("rich.text").Text
        console = importlib.import_module("rich.console").Console
        self.console: Any = console(file=stream, highlight=False, markup=False)


def _rich_for(stream: TextIO) -> _Rich | None:
    """Return the coloured printer, or none where plain text is right."""
    if not wants_colours(stream):
        return None
    try:
        return _Rich(stream)
    except ImportError:
        return None


def wants_colours(stream: TextIO) -> bool:
    """Return whether a person looks at the stream and did not ask for plain text."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def terminal_width() -> int | None:
    """Return the width to which lines are cut, or None where nobody looks."""
    return terminal_columns() if sys.stdout.isatty() else None


def _columns(text: str) -> int:
    return columns_of(text) if text and max(text) >= FIRST_COMBINING else len(text)


def table(rows: Sequence[Sequence[Any]], *, indent: str = "") -> list[Line]:
    """Align the cells of rows in columns, cut to the terminal's width."""
    cells = [list(row) for row in rows]
    limit = terminal_width()
    if limit is not None:
        cells = _fitted(cells, limit - len(indent))
    columns = max((len(row) for row in cells), default=0)
    widths = [
        max((_columns(row[i].text) for row in cells if i < len(row)), default=0)
        for i in range(columns)
    ]
    return [_padded(row, widths, indent) for row in cells]


def _fitted(cells: list[list[Any]], limit: int) -> list[list[Any]]:
    """Cut the widest columns until every row fits."""
    columns = max((len(row) for row in cells), default=0)
    widths = [
        max((_columns(row[i].text) for row in cells if i < len(row)), default=0)
        for i in range(columns)
    ]
    excess = sum(widths) + 2 * (columns - 1) - limit
    while excess > 0 and max(widths, default=0) > _NARROWEST:
        widest = max(range(columns), key=lambda i: widths[i])
        cut = min(excess, widths[widest] - _NARROWEST)
        cut = min(cut, max(1, widths[widest] // 4))
        widths[widest] -= cut
        excess -= cut
    return [
        [
            type(c)(shorten(c.text, w), c.style)
            for c, w in zip(row, widths, strict=False)
        ]
        for row in cells
    ]


def _padded(row: list[Any], widths: list[int], indent: str) -> Line:
    parts: list[Any] = [type(row[0])(indent)] if indent and row else []
    for cell, size in zip(row, widths, strict=False):
        room = " " * (size - _columns(cell.text) + 2)
        parts.append(type(cell)(cell.text + room, cell.style))
    return tuple(parts)
