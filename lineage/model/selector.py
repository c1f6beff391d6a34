"""The selector language: one parser for Python, the CLI and the URL.

task:12            a task                    data:345       one version of an artifact
project:7          an artifact by its id     file:a/b.pt    … by path or by name
project:7@v3       a version of it           best.pt        whatever has the name
model:best.pt      a file of model weights   runs/a/best.pt … by the end of its path
Train@last         the latest run of Train   Train@-2       the one before
sha256:3f9a1c      by the digest of its content (6 digits or more)
task:12@5          task 12 of team 5, where another team has a task 12, too
+x  x+  2+x+1      x with what is upstream, downstream, so many hops of each
a & b              in both                   a | b,  a, b   in either
kind:model  status:failed  name:*.pt  since:7d  until:2026-01-31        filters
user:maria  app:Train  tag:baseline  param.lr>0.01  metric.auc>=0.9  team:5
step:clean                 the tasks with such a step, and what it used and produced
environment:3f9a1c         what ran in the same packages, code and machine
"a & b"            quotes keep a text as it is; ( ) group
"""

# Longer than 400 lines: one language, whose forms, reader and writer belong together.

from __future__ import annotations

import re
from typing import Any, Final

from ..errors import SelectorError
from ..patterns import pattern
from ..records import record
from .kinds import DATA_KINDS
from .moments import parse_moment

FILTERS: Final = (
    "kind", "status", "name", "team", "since", "until", "user", "app", "tag",
    "environment", "step",
)  # fmt: skip
#: Short names of kinds.
ALIASES: Final = {"model": "model_weight"}
#: Words that a selector may be prefixed with, beside those of `FILTERS`.
PREFIXES: Final = ("data", *DATA_KINDS, *ALIASES, "sha256")
#: Longest selector, in characters, and deepest nesting.
MAX_LENGTH: Final = 4096
MAX_DEPTH: Final = 32
#: What people write for the platform's status words.
_STATUS: Final = {"failed": "error", "running": "started", "ok": "finished"}
_SHOWN: Final = {"error": "failed", "started": "running"}
#: The platform's status words, and `lost`, which is ours.
STATUSES: Final = (
    "queued", "consumed", "started", "deployed", "error", "finished", "terminating",
    "stopped", "lost",
)  # fmt: skip
#: All words for a status that people may write.
STATUS_WORDS: Final = (*_STATUS, *STATUSES)

_VERSION = pattern(
    r"(.+)@(#?\d+|v\d+|state\d+|latest|last|first|-\d{1,6}|(?:sha256:)?[0-9a-f]{6,64})"
)
_COMPARISON = pattern(
    r"(param|metric)\.([^\s<>=!:]+)\s*(>=|<=|!=|=|>|<|:)\s*(.+)", re.DOTALL
)
#: Halves of surrogate pairs: what stands for bytes of a name that are no UTF-8.
_NO_TEXT = pattern("[\ud800-\udfff]")
_UP = pattern(r"\s*(\d*)\+")
_DOWN = pattern(r"\+(\d*)\s*$")
_PREFIX = pattern(r"([A-Za-z_]+):(?!//)(.*)", re.DOTALL)


@record(frozen=True, slots=True)
class NameSelector:
    """An artifact by its kind and its id, path or name; or a task, or a node."""

    kind: str
    value: str
    version: str | None = None

    def __str__(self) -> str:
        pinned = f"@{self.version}" if self.version is not None else ""
        value = self.value if self.value.isdigit() else _quoted(self.value)
        if value.startswith("//"):
            value = f'"{value}"'  # Else it would read as a URI.
        return f"{self.kind}:{value}{pinned}"


@record(frozen=True, slots=True)
class Text:
    """Whatever has a name, or a path that ends so; perhaps one version or run of it."""

    text: str
    version: str | None = None

    def __str__(self) -> str:
        pinned = f"@{self.version}" if self.version is not None else ""
        return _quoted(self.text) + pinned


@record(frozen=True, slots=True)
class Filter:
    """Everything that has a property."""

    field: str
    value: str
    operator: str = ":"
    """`:` means equal; parameters and metrics can be compared, too."""
    key: str = ""
    """The name of the parameter or metric."""

    def __str__(self) -> str:
        name = f"{self.field}.{self.key}" if self.key else self.field
        return f"{name}{self.operator}{_quoted(self.value)}"


@record(frozen=True, slots=True)
class Hops:
    """What is so many hops up and down; None is without limit."""

    of: Selector
    up: int | None = 0
    down: int | None = 0

    def __str__(self) -> str:
        up = "" if self.up == 0 else f"{'' if self.up is None else self.up}+"
        down = "" if self.down == 0 else f"+{'' if self.down is None else self.down}"
        is_atom = isinstance(self.of, (NameSelector, Text, Filter))
        return f"{up}{self.of if is_atom else f'({self.of})'}{down}"


@record(frozen=True, slots=True)
class Both:
    """What is in each part."""

    parts: tuple[Selector, ...]

    def __str__(self) -> str:
        return " & ".join(
            f"({part})" if isinstance(part, Either) else str(part)
            for part in self.parts
        )


@record(frozen=True, slots=True)
class Either:
    """What is in any part."""

    parts: tuple[Selector, ...]

    def __str__(self) -> str:
        return " | ".join(str(part) for part in self.parts)


Selector = NameSelector | Text | Filter | Hops | Both | Either


def keepable(text: Any) -> Any:
    """Return a name as it is recorded: bytes that are no text become U+FFFD."""
    return _NO_TEXT.sub("\ufffd", text) if isinstance(text, str) else text


def status_word(text: str) -> str:
    """Return the platform's status word for what people write: `failed` is `error`."""
    return _STATUS.get(text.lower(), text.lower())


def known_status(text: Any) -> Any:
    """Return the platform's status word for what people write.

    Raises:
        ValueError: It is no status; the message names those that are.
    """
    if not isinstance(text, str):
        return text
    word = status_word(text)
    if word not in STATUSES:
        known = ", ".join(STATUS_WORDS)
        raise ValueError(f"{text!r} is no status; statuses are {known}")
    return word


def shown_status(status: str | None) -> str | None:
    """Return the word that people read for a status: `error` is `failed`."""
    return None if status is None else _SHOWN.get(status, status)


def as_name(text: str) -> Selector | None:
    """Read a whole text as one name, whatever signs it holds; None for a filter.

    So `a, b.csv`, `R&D.csv@-2` and `file:/data/R&D.csv` can be named as they are; what
    is in quotes after the kind is the language's.
    """
    match = _PREFIX.fullmatch(text.strip())
    word = "" if match is None else match[1].lower()
    if match is None or word not in (*PREFIXES, *FILTERS):
        pinned = _VERSION.fullmatch(text)
        return Text(text) if pinned is None else Text(pinned[1], pinned[2])
    is_quoted = len(match[2]) > 1 and match[2][0] == match[2][-1] == '"'
    is_name = word in (*DATA_KINDS, *ALIASES) and match[2] and not is_quoted
    return NameSelector(ALIASES.get(word, word), match[2]) if is_name else None


def is_set(selector: Selector) -> bool:
    """Whether a selector means a set by what it is, and not one named node."""
    return isinstance(selector, (Filter, Hops, Both, Either))


def parse(text: str) -> Selector:
    """Read a selector.

    Raises:
        SelectorError: It cannot be read; the message shows what may be written instead.
    """
    if len(text) > MAX_LENGTH:
        raise SelectorError(f"a selector has at most {MAX_LENGTH} characters")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Selector:
        found = self._either()
        if self._at < len(self._tokens):
            raise self._error(f"{self._tokens[self._at]!r} is out of place")
        return found

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> str:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _either(self) -> Selector:
        parts = [self._both()]
        while self._peek() in ("|", ","):
            self._next()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Selector:
        parts = [self._term()]
        while self._peek() == "&":
            self._next()
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _term(self) -> Selector:
        start = self._peek()
        if start is None or start in "&|,)":
            raise self._error("something to select is missing")
        # `2+(a | b)+1`: the hops stand beside the parentheses.
        first = self._next()
        is_beside = self._peek() == "(" and _UP.fullmatch(first.rstrip()) is not None
        up, rest = (_count(_UP.match(first)), "") if is_beside else _hops_up(first)
        if not rest.strip() and self._peek() == "(":
            rest = self._next()
        if rest != "(":
            return self._atom(up, rest)
        inner = self._group()
        down: int | None = 0
        follow = self._peek()
        if follow is not None and _DOWN.fullmatch(follow.strip()):
            down = _count(_DOWN.fullmatch(self._next().strip()))
        return Hops(inner, up, down) if (up, down) != (0, 0) else inner

    def _group(self) -> Selector:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"parentheses are nested deeper than {MAX_DEPTH}")
        inner = self._either()
        if self._peek() != ")":
            raise self._error("a closing parenthesis is missing")
        self._next()
        self._depth -= 1
        return inner

    def _atom(self, up: int | None, text: str) -> Selector:
        match = _DOWN.search(text)
        down = _count(match)
        if match:
            text = text[: match.start()]
        text = text.strip()
        if not text:
            raise self._error("something to select is missing beside the +")
        atom = self._named(text)
        return Hops(atom, up, down) if (up, down) != (0, 0) else atom

    def _named(self, text: str) -> Selector:
        compared = _COMPARISON.fullmatch(text)
        if compared is not None:
            field, key, operator, value = compared.groups()
            operator = ":" if operator == "=" else operator
            return Filter(field, _unquoted(value.strip()), operator, key)
        match = _PREFIX.fullmatch(text)
        if match is None:
            return _text(text)
        word, value = match.group(1).lower(), match.group(2).strip()
        if word in FILTERS or word in PREFIXES:
            return self._prefixed(word, value)
        if len(word) == 1:
            return _text(text)  # A drive letter: C:\data.
        raise self._error(
            f"{word!r} is no kind{_suggestion(word)}; kinds are {', '.join(PREFIXES)}; "
            f"filters are {', '.join(FILTERS)}; quote the text if it is a name"
        )

    def _prefixed(self, word: str, value: str) -> Selector:
        if not value:
            example = _EXAMPLES.get(word, f"{word}:12")
            raise self._error(f"{word}: needs a value, as in {example}")
        if word == "sha256":
            if not _HEX.fullmatch(value.lower()):
                raise self._error("sha256: takes 6 to 64 hexadecimal digits")
            return NameSelector(word, value.lower())
        word = ALIASES.get(word, word)
        if word in ("data", "team") and not value.isdecimal():
            raise self._error(f"{word}: takes a whole number, not {value!r}")
        if word in FILTERS:
            return self._filter(word, _unquoted(value))
        if value.startswith('"'):
            quoted, _, pinned = value.rpartition('"')
            version = pinned.removeprefix("@") or None
            return NameSelector(word, _unquoted(quoted + '"'), version)
        pinned_match = _VERSION.fullmatch(value)
        if pinned_match:
            return NameSelector(word, pinned_match.group(1), pinned_match.group(2))
        return NameSelector(word, value)

    def _filter(self, word: str, value: str) -> Selector:
        if word == "status":
            try:
                value = known_status(value)
            except ValueError as error:
                raise self._error(str(error)) from error
        if word in ("since", "until"):
            try:
                parse_moment(value, now=0.0)
            except ValueError as error:
                raise self._error(str(error)) from error
        if word == "kind":
            value = ALIASES.get(value, value)
        if word == "kind" and value != "task" and value not in DATA_KINDS:
            raise self._error(
                f"{value!r} is no kind{_suggestion(value)}; "
                f"kinds are {', '.join(DATA_KINDS)}"
            )
        return Filter(word, value)

    def _error(self, problem: str) -> SelectorError:
        return SelectorError(f"selector {self._text!r}: {problem}", subject=self._text)


_EXAMPLES: Final = {
    "name": "name:*.pt",
    "kind": "kind:project",
    "status": "status:failed",
    "since": "since:7d",
    "until": "until:2026-01-31",
    "user": "user:maria",
    "app": "app:Train",
    "tag": "tag:baseline",
    "sha256": "sha256:3f9a1c",
    "environment": "environment:3f9a1c",
    "step": "step:clean",
}
_HEX = pattern(r"[0-9a-f]{6,64}")


def _tokens(text: str) -> list[str]:
    """Cut a selector at its operators, leaving quoted texts whole."""
    tokens: list[str] = []
    word = ""
    is_quoted = is_escaped = False
    for sign in text:
        if sign == '"' and not is_escaped:
            is_quoted = not is_quoted
        is_escaped = sign == "\\" and is_quoted and not is_escaped
        if sign in "&|,()" and not is_quoted:
            tokens += [word, sign]
            word = ""
        else:
            word += sign
    if is_quoted:
        problem = f"selector {text!r}: a closing quote is missing"
        raise SelectorError(problem, subject=text)
    return [token for token in (*tokens, word) if token.strip()]


def _hops_up(token: str) -> tuple[int | None, str]:
    match = _UP.match(token)
    if match and match.group(1) and not token[match.end() :].strip():
        return 0, token  # `12+` is what is downstream of something named 12.
    return (_count(match), token[match.end() :]) if match else (0, token)


def _count(match: re.Match[str] | None) -> int | None:
    if match is None:
        return 0
    return min(int(match.group(1)), 1_000_000) if match.group(1) else None


def _text(text: str) -> Text:
    """Read a name, with the version or run that may follow it."""
    if text.startswith('"'):
        quoted, _, pinned = text.rpartition('"')
        return Text(_unquoted(quoted + '"'), pinned.removeprefix("@") or None)
    pinned_match = _VERSION.fullmatch(text)
    if pinned_match:
        return Text(pinned_match.group(1), pinned_match.group(2))
    return Text(text)


def _quoted(text: str) -> str:
    is_plain = (
        text == text.strip()
        and not text.isdigit()
        and not re.search(r'[&|,()"+:@<>=!\\]', text)
    )
    if is_plain and text:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _suggestion(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, (*PREFIXES, *FILTERS), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
