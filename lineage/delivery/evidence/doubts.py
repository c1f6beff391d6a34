"""Doubts: a folder that was changed in the moment in which it was declared.

The times of files are those of the last tick of the kernel's clock. A folder that a
step uses and changes within a tick therefore looks as if it had been so before. When
the step declares the folder as an output too, both edges show one state, and the first
of them says nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from .local_file import TICK_S
from .protocol import Findings

_DOUBTFUL: Final = {
    "pinned": False,
    "pinned_reason": "changed when it was declared",
}


class Sighting(Protocol):
    """An edge, and what was found of the state that it names."""

    fact: dict[str, Any]
    found: Findings


def drop_doubtful(sightings: Sequence[Sighting]) -> None:
    """Leave unpinned what was used a moment before it was produced, in one state."""
    folders = [s for s in sightings if s.fact.get("kind") == "folder" and s.found]
    produced: dict[str, list[Sighting]] = defaultdict(list)
    for one in folders:
        if one.fact.get("dir") == "output":
            produced[_place(one.fact)].append(one)
    for one in folders if produced else ():
        if one.fact.get("dir") == "input" and any(
            other.found.get("evidence") == one.found.get("evidence")
            and 0 <= float(other.fact["at"]) - float(one.fact["at"]) <= TICK_S
            for other in produced[_place(one.fact)]
        ):
            one.found = dict(_DOUBTFUL)


def _place(fact: Mapping[str, Any]) -> str:
    return str(fact.get("local_path", fact.get("id")))
