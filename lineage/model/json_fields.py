"""How a named tuple's fields are found in the platform's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class JsonRow:
    """One field: its name in Python, and the way to it in JSON."""

    name: str
    path: tuple[str, ...]

    @property
    def descriptor(self) -> Any:
        """The field as the platform's SDK describes it."""
        if self.path == (to_camel(self.name),):
            return self.path[0]
        return (list(self.path), self.name)


def to_camel(name: str) -> str:
    """Return a name in camel case: `project_id` as `projectId`, `name2` as `name2`.

    As pydantic's, which would be loaded for nothing else when an app starts.
    """
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def rows(names: Sequence[str], **paths: str) -> tuple[JsonRow, ...]:
    """Describe fields; the JSON name is the camel case of the name.

    Args:
        names: The fields in order.
        paths: Where a field lies elsewhere, with dots between the levels.
    """
    return tuple(
        JsonRow(name, tuple(paths.get(name, to_camel(name)).split(".")))
        for name in names
    )


def values(fields: Sequence[JsonRow], data: Mapping[str, Any]) -> list[Any]:
    """Read the fields; what is missing becomes None."""
    return [_find(data, field.path) for field in fields]


def to_json(fields: Sequence[JsonRow], info: NamedTuple) -> dict[str, Any]:
    """Write a named tuple under its JSON names, in its order."""
    result: dict[str, Any] = {}
    for field, value in zip(fields, info, strict=True):
        target = result
        for level in field.path[:-1]:
            target = target.setdefault(level, {})
        target[field.path[-1]] = value
    return result


def _find(data: Any, path: tuple[str, ...]) -> Any:
    head, *rest = path
    found = data.get(head) if isinstance(data, Mapping) else None
    if not rest:
        return found
    # Some answers carry what belongs into `meta` at the top level.
    return _find(data if found is None else found, tuple(rest))
