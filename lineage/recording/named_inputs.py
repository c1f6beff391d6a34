"""Which inputs of a task a name means: the one called so, or the one in that place.

`./x.csv`, the absolute path and `file://` forms name the input that was recorded as
`x.csv`, as `s3a://b/k` names `s3://b/k`.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from ..model.addresses import canonical_address
from .context import ActiveTask, Seen
from .edges import local_path, place_members
from .fact_json import kind_of

#: Kind and id of an input, as its edge has them.
NamedInput = tuple[str, "int | str"]

#: The member that says where an artifact lies, among the members of its edge.
_PLACE: Final = re.compile(r',"(?:local_path|canonical)":"(?:[^"\\]|\\.)*"')


class _Names:
    """Names of what a `Seen` holds; a task with many inputs is read through once."""

    __slots__ = ("by_place", "count", "places")

    def __init__(self) -> None:
        self.count = 0
        #: The places of each id: several after the working directory changed.
        self.places: dict[int | str, set[str]] = {}
        #: The ids in each place, the one that was added last at the end.
        self.by_place: dict[str, dict[str, None]] = {}

    def add(self, key: object, *, is_folder: bool) -> None:
        """Add what was recorded, as `append_edge` remembers it."""
        id, members = key if isinstance(key, tuple) else (key, "")
        places = self.places.setdefault(id, set())
        if isinstance(id, str):
            place = _place(members, id, is_folder=is_folder)
            places.add(place)
            self.by_place.setdefault(place, {})[id] = None


def named_inputs(
    task: ActiveTask, identity: int | str, text: str | None = None, key: str = ""
) -> list[NamedInput]:
    """Return the inputs of a task that a name means; none where it has none.

    Args:
        task: The task.
        identity: The id or name; text must be masked already.
        text: The name with its secrets, where it is a path or address.
        key: Keys the hash by which masked names stay different.
    """
    inputs = [
        (kind_of(prefix), seen)
        for prefix, seen in list(task.seen.items())
        if prefix.startswith('"dir":"input"')
    ]
    found = [(kind, identity) for kind, seen in inputs if _holds(seen, kind, identity)]
    if found or text is None or not isinstance(identity, str):
        return found
    return [
        (kind, id)
        for kind, seen in inputs
        if (id := _in_one_place(seen, kind, text, identity, key)) is not None
    ]


def _holds(seen: Seen, kind: str, identity: int | str) -> bool:
    if identity in seen or identity in seen.older:
        return True
    return any(identity in names.places for names in _indexes(seen, kind))


def _in_one_place(seen: Seen, kind: str, text: str, shown: str, key: str) -> str | None:
    """Return the last name of the inputs in the place that a text names.

    A relative name is that of several places after the working directory changed: then
    it says nothing.
    """
    path, is_folder = local_path(text), kind == "folder"
    members = place_members(text, shown, path, key, is_folder=is_folder)
    place = _place(members, shown, is_folder=is_folder)
    indexes = _indexes(seen, kind)
    for names in indexes:
        ids = list(names.by_place.get(place, {}))
        for id in reversed(ids):
            if all(other.places.get(id, {place}) == {place} for other in indexes):
                return id
    return None


def _place(members: str, shown: str, *, is_folder: bool) -> str:
    found = _PLACE.search(members)
    return found[0] if found else canonical_address(shown, is_folder=is_folder)


def _indexes(seen: Seen, kind: str) -> list[_Names]:
    """Return the index of each half of what was recorded, the newer one first."""
    halves = [seen, *([seen.older] if isinstance(seen.older, Seen) else [])]
    return [_index(half, is_folder=kind == "folder") for half in halves]


def _index(seen: Seen, *, is_folder: bool) -> _Names:
    """Return the index, with what was added to the end since it was looked at.

    Threads may do so at once: what one adds twice changes nothing, and each counts
    only what it has added itself.
    """
    names = seen.names
    if not isinstance(names, _Names):
        names = seen.names = _Names()
    count = names.count
    fresh = list(islice(reversed(seen), max(0, len(seen) - count)))
    for key in reversed(fresh):
        names.add(key, is_folder=is_folder)
    names.count = max(names.count, count + len(fresh))
    return names
