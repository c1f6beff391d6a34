"""Paths: the text form of a source, `settings[weights]` or `projects[].id`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, Final, Literal

from ..errors import DeclarationError, SourceError

StepKind = Literal["attribute", "item", "each"]

_ROOT: Final = re.compile(r"[^\W\d]\w*")
_STEP: Final = re.compile(
    r"""\.(?P<attribute>[^\W\d]\w*)
      | \[(?P<each>)\]
      | \[(?P<index>-?\d+)\]
      | \[(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\]
      | \[(?P<key>[^\[\]'"]+)\]""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a path: an attribute, an item, or each item."""

    kind: StepKind
    key: str | int = ""

    def __str__(self) -> str:
        if self.kind == "attribute":
            return f".{self.key}"
        return "[]" if self.kind == "each" else f"[{self.key}]"


@dataclass(frozen=True, slots=True)
class ValuePath:
    """A path: the name at which it begins, and the way from there."""

    text: str
    root: str
    steps: tuple[PathStep, ...]

    def walk(self, value: Any) -> Any:
        """Follow the path from its root's value; None on the way ends it.

        Raises:
            SourceError: A step leads nowhere; the message names the step.
        """
        return _walk(self, value, 0)

    def compiled(self) -> Callable[[Any], Any] | None:
        """Return a faster `walk` for plain paths; it raises where `walk` is needed.

        Attribute names are identifiers and keys are put in by `repr`, so that the
        text that is compiled holds nothing else.
        """
        if any(s.kind == "each" or iskeyword(str(s.key)) for s in self.steps):
            return None
        way = "".join(
            f".{s.key}" if s.kind == "attribute" else f"[{s.key!r}]" for s in self.steps
        )
        source = f"lambda root: root{way}"
        made: Callable[[Any], Any] = eval(source)  # noqa: S307  parsed steps only
        return made


def parse_path(text: str) -> ValuePath:
    """Read a path.

    Raises:
        DeclarationError: The text is no path.
    """
    root = _ROOT.match(text)
    if root is None:
        raise _no_path(text)
    steps, place = [], root.end()
    while place < len(text):
        found = _STEP.match(text, place)
        if found is None:
            raise _no_path(text)
        steps.append(_step(found))
        place = found.end()
    return ValuePath(text, root[0], tuple(steps))


def _step(found: re.Match[str]) -> PathStep:
    if found["attribute"] is not None:
        return PathStep("attribute", found["attribute"])
    if found["each"] is not None:
        return PathStep("each")
    if found["index"] is not None:
        return PathStep("item", int(found["index"]))
    key = found["quoted"] if found["quoted"] is not None else found["key"].strip()
    return PathStep("item", key)


def _no_path(text: str) -> DeclarationError:
    return DeclarationError(
        f"{text!r} is no path: write a parameter's name or `result`, then .attribute, "
        "[key], [0] or [] for each, as in 'settings[weights]'. A place in the file "
        "system that is always the same is lineage.file('…'), lineage.folder('…') or "
        "a pathlib.Path",
        subject=text,
    )


def _walk(path: ValuePath, value: Any, start: int) -> Any:
    for number in range(start, len(path.steps)):
        if value is None:
            return None
        step = path.steps[number]
        if step.kind == "each":
            return [
                _walk(path, item, number + 1) for item in _items(path, number, value)
            ]
        value = _one(path, number, step, value)
    return value


def _one(path: ValuePath, number: int, step: PathStep, value: Any) -> Any:
    try:
        if step.kind == "attribute":
            return getattr(value, str(step.key))
        return _item(value, step.key)
    except (AttributeError, LookupError, TypeError) as error:
        way = path.root + "".join(map(str, path.steps[:number]))
        hint = ""
        if step.kind == "attribute" and isinstance(value, Mapping):
            hint = f"; an entry of a dict is written {way}[{step.key}]"
        raise SourceError(
            f"{way} ({type(value).__name__}) has no {step}{hint}", subject=value
        ) from error


def _items(path: ValuePath, number: int, value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    # An iterator can be read once, and that once is the app's.
    if isinstance(value, Iterable) and not isinstance(value, (Iterator, str, bytes)):
        return value
    way = path.root + "".join(map(str, path.steps[:number]))
    raise SourceError(f"{way} ({type(value).__name__}) is no list for []")


def _item(value: Any, key: str | int) -> Any:
    # `[0]` means the entry "0" of a dict that has no entry 0.
    if isinstance(key, int) and isinstance(value, Mapping) and key not in value:
        return value[str(key)]
    return value[key]


def is_digits(text: str) -> bool:
    """Whether text is a whole number that may be an id."""
    return len(text) <= 19 and text.isascii() and text.isdigit()
