"""Targets: the value that a source gave, understood as a thing of a kind."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator, KeysView, ValuesView
from dataclasses import dataclass
from typing import Any, Final

from ..errors import SourceError
from ..model.kinds import KINDS
from ..model.refs import Ref

_LARGEST_ID: Final = 2**63 - 1
_LONGEST_PATH: Final = 4096

#: Class names of Info objects (ours and the SDK's) and the kind each stands for.
_INFO_KINDS: Final = {
    name: row.name for row in KINDS.values() for name in row.info_names
}
#: The attributes of an Info object that hold its id, in the order of asking.
_ID_FIELDS: Final = {
    "task": ("task_id", "id"),
    "app": ("task_id", "id"),
    "file": ("id", "path"),
}

#: Kinds whose id may be a place: text that is no number is a path or a URI.
_PLACES: Final = ("file", "folder")

_MANY: Final = (list, tuple, set, frozenset, KeysView, ValuesView)


@dataclass(frozen=True, slots=True)
class ArtifactRef:
    """A thing to record: its kind and id, and what else its value told."""

    kind: str
    id: int | str
    value: Any
    """What the app had in hand; cards are made of it."""
    name: str | None = None
    is_model: bool = False
    version_id: int | None = None
    version_num: int | None = None

    @property
    def is_place(self) -> bool:
        """Whether it is told by a path or a URI."""
        return isinstance(self.id, str)


def info_kind(value: object) -> str | None:
    """Give the kind for which an Info object stands; None for other objects."""
    for cls in type(value).__mro__:
        kind = _INFO_KINDS.get(cls.__name__)
        if kind is not None:
            return kind
    return None


def each(value: Any) -> Iterator[Any]:
    """Give the single values in what a source gave; None is nothing.

    A list means many. An iterator is left alone: reading it would take from the app
    what is the app's.
    """
    if value is None:
        return
    if isinstance(value, _MANY) and info_kind(value) is None:
        for item in value:
            yield from each(item)
    elif hasattr(value, "tolist") and hasattr(value, "ndim"):
        listed = value.tolist()
        yield from each(listed) if isinstance(listed, list) else (listed,)
    else:
        yield value


def to_target(value: Any, kind: str | None) -> ArtifactRef:
    """Understand one value as a thing.

    Args:
        value: An id, digits, a path, an Info object or a ref.
        kind: The declared kind; None takes the kind that the value itself tells.

    Raises:
        SourceError: The value is of the wrong kind.
    """
    if isinstance(value, Ref):
        return _of_ref(value, kind)
    told = info_kind(value)
    if told is not None:
        return _of_info(value, told, kind)
    if kind is None:
        raise _wrong(value, "an Info object or a ref such as lineage.project(1)")
    if kind in _PLACES:
        place = _as_place(value)
        if place is not None and not (kind == "file" and is_digits(place)):
            return ArtifactRef(kind, _checked_path(place), value)
    if kind == "folder":
        raise _wrong(value, "the path of a folder")
    return ArtifactRef(kind, _as_id(value, kind), value)


def _of_ref(ref: Ref, kind: str | None) -> ArtifactRef:
    if kind is not None and ref.kind != kind:
        raise _wrong(ref, f"a {kind}, not a {ref.kind}")
    return ArtifactRef(
        ref.kind,
        to_target(ref.id, ref.kind).id,
        ref,
        name=ref.name,
        is_model=ref.is_model,
        version_id=ref.version_id,
        version_num=ref.version_num,
    )


def _of_info(info: Any, told: str, kind: str | None) -> ArtifactRef:
    if kind == "folder" and told == "file" and getattr(info, "is_dir", False):
        return ArtifactRef("folder", _checked_path(info.path), info)
    if kind == "app" and told == "task":
        told = "app"
    if kind is not None and told != kind:
        raise _wrong(info, f"a {kind}, not a {told}")
    fields = _ID_FIELDS.get(told, ("id",))
    found = (getattr(info, field, None) for field in fields)
    told_id = next((value for value in found if value is not None), None)
    if told_id is None:
        raise SourceError(f"{type(info).__name__} has no id", subject=info)
    name = getattr(info, "name", None)
    told_name = name if isinstance(name, str) and name else None
    return ArtifactRef(told, to_target(told_id, told).id, info, name=told_name)


def _as_place(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        path = os.fspath(value)
        return path if isinstance(path, str) else os.fsdecode(path)
    return None


def _checked_path(path: str) -> str:
    if not path:
        raise SourceError("an empty path names nothing")
    if "\x00" in path or len(path) > _LONGEST_PATH:
        raise SourceError(f"a text of {len(path)} characters is no path: {path[:60]!r}")
    return path


def _as_id(value: Any, kind: str) -> int:
    expected = f"the id of a {kind} (a whole number above zero)"
    if isinstance(value, bool):
        raise _wrong(value, expected)
    if isinstance(value, str):
        if not is_digits(value):
            raise _wrong(value, expected)
        number = int(value)
    elif hasattr(type(value), "__index__"):
        number = operator.index(value)
    else:
        raise _wrong(value, expected)
    if not 0 < number <= _LARGEST_ID:
        raise _wrong(value, expected)
    return number


def is_digits(text: str) -> bool:
    """Whether text is a whole number that may be an id."""
    return text.isascii() and text.isdigit() and len(text) <= 19


def _wrong(value: Any, expected: str) -> SourceError:
    if isinstance(value, (str, int, float, Ref)):
        shown = repr(str(value) if isinstance(value, Ref) else value)[:80]
        return SourceError(
            f"expected {expected}, got {type(value).__name__} {shown}", subject=value
        )
    return SourceError(f"expected {expected}, got {type(value).__name__}")
