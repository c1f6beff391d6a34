"""The process's switch: whether anything is recorded."""

from __future__ import annotations

import os
from typing import Final

from ..settings import VARIABLES

#: Truthy while recording is on. A list, because wrapt asks for its truth in C:
#: a call that is switched off then costs no Python at all.
SWITCH: Final[list[bool]] = [True]


def turn_on() -> None:
    """Record from now on."""
    SWITCH[:] = [True]


def turn_off() -> None:
    """Record nothing from now on."""
    SWITCH.clear()


def is_on() -> bool:
    """Whether facts are recorded now."""
    return bool(SWITCH)


def is_off_for_good() -> bool:
    """Whether the environment switched lineage off for the whole process.

    A value that cannot be read means on; the settings tell the user about it.
    """
    variable = next(v for v in VARIABLES if v.field == "is_enabled")
    text = next((os.environ[n] for n in variable.names if os.environ.get(n)), None)
    if text is None:
        return False
    try:
        return not variable.parse(text)
    except ValueError:
        return False
