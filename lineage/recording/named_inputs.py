"""Which inputs of a task a name means: the one called so, or the one in that place.

`./x.csv`, the absolute path and `file://` forms name the input that was recorded as
`x.csv`, as `s3a://b/k` names `s3://b/k`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model.addresses import canonical_address
from .context import ActiveTask
from .edges import local_path, place_members
from .fact_json import kind_of

#: Kind and id of an input, as its edge has them.
NamedInput = tuple[str, "int | str"]


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
        (prefix, seen)
        for prefix, seen in list(task.seen.items())
        if prefix.startswith('"dir":"input"')
    ]
    found = [(kind_of(p), identity) for p, seen in inputs if seen.holds(identity)]
    if found or text is None or not isinstance(identity, str):
        return found
    return [
        (kind, id)
        for prefix, seen in inputs
        for kind in (kind_of(prefix),)
        for id in _in_one_place(seen.named(), kind, text, identity, key)
    ]


def _in_one_place(
    inputs: Iterator[tuple[int | str, str]],
    kind: str,
    text: str,
    shown: str,
    key: str,
) -> list[str]:
    """Return the last name of inputs in the place that a text names, at most one.

    A relative name is that of several places after the working directory changed: then
    it says nothing.
    """
    path, is_folder = local_path(text), kind == "folder"
    place = place_members(text, shown, path, key, is_folder=is_folder)
    address = canonical_address(shown, is_folder=is_folder)
    names: dict[str, None] = {}
    elsewhere: set[str] = set()
    for id, members in inputs:
        if not isinstance(id, str):
            continue
        known = canonical_address(id, is_folder=is_folder)
        if place in members if place else known == address:
            names[id] = names.pop(id, None)
        else:
            elsewhere.add(id)
    return [id for id in names if id not in elsewhere][-1:]
