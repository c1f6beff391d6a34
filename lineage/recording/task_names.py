"""The names of the tasks that this process has opened or works for, by their keys.

An edge names its task by the key; a receiver of OpenLineage knows a run by the name of
its job as well, also where a worker sends what it recorded.
"""

from __future__ import annotations

from typing import Final

_MAX_NAMES: Final = 10_000
_names: Final[dict[str, str]] = {}


def remember_name(key: str, name: str | None) -> None:
    """Remember what a task is called; of many tasks the later ones are remembered."""
    if name:
        if len(_names) >= _MAX_NAMES:
            _names.clear()
        _names[key] = name


def task_name(key: str) -> str | None:
    """Return the name of a task, if it was opened here or handed to this process."""
    return _names.get(key)
