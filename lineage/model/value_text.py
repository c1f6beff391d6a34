"""Values of parameters and metrics as people read them; data keeps them exact."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

#: Significant digits of a fraction.
DIGITS: Final = 6


def value_text(value: Any) -> str:
    """Write a value, its fractions with six significant digits at most."""
    return str(_rounded(value))


def value_texts(one: Any, other: Any) -> tuple[str, str]:
    """Write two values that differ so that they are seen to differ.

    None is written as `nothing`.
    """
    texts = [
        "nothing" if value is None else value_text(value) for value in (one, other)
    ]
    if texts[0] == texts[1]:
        texts = [str(value) for value in (one, other)]
    return texts[0], texts[1]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        is_whole = not math.isfinite(value) or value.is_integer()
        return value if is_whole else float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {name: _rounded(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_rounded(inner) for inner in value])
    return value
