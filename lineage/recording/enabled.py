"""The process's switch: whether anything is recorded."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from ..settings import VARIABLES, parse


def is_off_in(environ: Mapping[str, str]) -> bool:
    """Whether an environment switches lineage off.

    A value that cannot be read means on; the settings warn the user about it.
    """
    variable = next(v for v in VARIABLES if v.field == "is_enabled")
    text = next((environ[n] for n in variable.names if environ.get(n)), None)
    if text is None:
        return False
    try:
        return not parse(variable, text)
    except ValueError:
        return False


#: `LINEAGE_ENABLED=false` at import is final for the process.
IS_DISABLED_BY_ENV: Final = is_off_in(os.environ)

#: Truthy while recording is on. A list, because wrapt asks for its truth in C:
#: a call that is switched off then costs no Python at all.
ENABLED_FLAG: Final[list[bool]] = [] if IS_DISABLED_BY_ENV else [True]


#: Called when recording is switched on or off.
_listeners: Final[list[Callable[[bool], None]]] = []


def call_on_switch(listener: Callable[[bool], None]) -> None:
    """Call `listener` now, and whenever recording is switched on or off."""
    _listeners.append(listener)
    listener(is_on())


def turn_on() -> None:
    """Record from now on, unless the environment said no."""
    if not IS_DISABLED_BY_ENV:
        ENABLED_FLAG[:] = [True]
        _notify()


def turn_off() -> None:
    """Record nothing from now on."""
    ENABLED_FLAG.clear()
    _notify()


def _notify() -> None:
    for listener in _listeners:
        listener(is_on())


def is_on() -> bool:
    """Whether facts are recorded now."""
    return bool(ENABLED_FLAG)
