"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re
from typing import Any, cast


class _Pattern:
    """Becomes a compiled pattern, method by method, as it is used."""

    def __init__(self, text: str, flags: int) -> None:
        self._source = text, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._source), name)
        # Found in the instance from now on, without a look into this class.
        self.__dict__[name] = found
        return found


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return a regular expression; most are not used by who imports their module.

    Args:
        text: The expression.
        flags: Those of `re.compile`.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags))
