"""The parts of the rules: regular expressions compiled late, the mask, quoted text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Final

MASK: Final = "****"
#: How a part begins that was masked before: with a hash, names stay distinguishable.
MASKED: Final = "***"


class Rule:
    """A regular expression that is compiled when a text is first tried by it."""

    def __init__(self, text: str, flags: int = 0) -> None:
        self._source = text, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(*self._source)

    @cached_property
    def search(self) -> Callable[..., re.Match[str] | None]:
        """Find the first match, from a place on."""
        return self._compiled.search

    @cached_property
    def match(self) -> Callable[..., re.Match[str] | None]:
        """Match at a place."""
        return self._compiled.match

    @cached_property
    def fullmatch(self) -> Callable[[str], re.Match[str] | None]:
        """Match the whole text."""
        return self._compiled.fullmatch

    @cached_property
    def finditer(self) -> Callable[[str], Iterator[re.Match[str]]]:
        """Find each match."""
        return self._compiled.finditer

    @cached_property
    def split(self) -> Callable[[str, int], list[str]]:
        """Split a text at each match, so many times."""
        return self._compiled.split

    @cached_property
    def sub(self) -> Callable[[str | Callable[[re.Match[str]], str], str], str]:
        """Replace each match."""
        return self._compiled.sub


QUOTED: Final = (
    r"\\+\"[^\"]*?\\+\"|\\+'[^']*?\\+'"
    r"|\"{3}[\s\S]{0,4000}?\"{3}|'{3}[\s\S]{0,4000}?'{3}"
    # Up to a quote that nothing escapes, without a loop over each escape: `re` keeps
    # a state for each turn of a loop.
    r"|\"[^\"\\]*(?:\"|(?=\\)[\s\S]*?(?:(?<!\\)(?:\\\\){0,50}\"|\Z)|\Z)"
    r"|'[^'\\]*(?:'|(?=\\)[\s\S]*?(?:(?<!\\)(?:\\\\){0,50}'|\Z)|\Z)"
)

_LONGEST_GROUP: Final = 4_000
#: Of a text with more brackets that nothing closes only lines are masked: to look for
#: the end of each would take a time that grows with the square of their number.
MOST_UNCLOSED: Final = 8
_STRUCTURE: Final = Rule(r"\\*[\"']|[()\[\]{}]")

#: What a name may hold without being a secret: no value, or where to find one.
NO_SECRET: Final = Rule(
    r"(?i)(?:none|null|nil|true|false|yes|no|on|off|str|int|bytes|float|bool|dict|list"
    r"|string|integer|number|boolean|array|tuple|set|secretstr|type"
    r"|object|any|optional|required|optional\[.*|unset|missing|invalid|expired"
    r"|\.{3}|\*+|<.*|\$(?:\w+(?::\w+)?|\{.*\}?|\(.*|\$.*)?|%\(.*|\{+.*|[a-z_.]*environ.*)?"
)


def quotes(value: str) -> tuple[str, str]:
    """Return how a value begins and ends if it is quoted, with backslashes."""
    opened = re.match(r"\\*[\"']", value)
    if opened is None:
        return "", ""
    rest = value[opened.end() :]
    return opened[0], opened[0] if rest.endswith(opened[0]) else ""


def closing(text: str, start: int) -> int:
    """Return where what begins with a bracket ends: behind the bracket that closes it.

    -1 where none does within a few thousand characters. Brackets inside quotes are
    text.
    """
    depth, place, limit = 0, start, start + _LONGEST_GROUP
    unpaired: set[str] = set()
    while (mark := _STRUCTURE.search(text, place, limit)) is not None:
        place = mark.end()
        if mark[0] in ("(", "[", "{"):
            depth += 1
        elif mark[0] in (")", "]", "}"):
            depth -= 1
            if not depth:
                return place
        elif mark[0] not in unpaired:
            end = _end_of_quote(text, mark[0], place, limit)
            if end < 0:
                unpaired.add(mark[0])
            place = max(place, end)
    return -1


def _end_of_quote(text: str, quote: str, place: int, limit: int) -> int:
    """Return where a quoted text ends, -1 if nowhere; a backslash may escape."""
    while (end := text.find(quote, place, limit)) >= 0:
        body = text[place:end]
        escapes = len(body) - len(body.rstrip("\\"))
        place = end + len(quote)
        if quote[0] == "\\" or escapes % 2 == 0:
            return place
    return -1
