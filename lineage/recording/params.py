"""Params: the keyword arguments of a step, as the bounded JSON that a fact carries."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping
from itertools import islice
from numbers import Integral, Real
from typing import Any, Final

from ..errors import attempt, logger, warn_rarely
from ..model.limits import MAX_PARAM_NAME, MAX_PARAM_TEXT, MAX_PARAMS
from ..redaction import MASK
from .json_text import compact, quote, shorten
from .masking import is_secret

#: What is looked at of a text before it is masked and cut: a secret must not stand
#: on the edge of what is shown.
_LONGEST_LOOK: Final = 10_000
#: The numbers that every store can hold.
_WHOLE: Final = range(-(2**63), 2**63)


def step_params(params: Mapping[str, Any], mask: Callable[[str], str]) -> str:
    """Return the JSON object of a step's parameters, empty text if there are none.

    Numbers, booleans, None and text stay what they are; of anything else the `repr`
    is kept. The value of a parameter with a secret's name is masked.

    Args:
        params: Names and values; beyond the thirty-second they are left out.
        mask: Takes secrets out of text.
    """
    if len(params) > MAX_PARAMS:
        warn_rarely(
            "step parameters",
            "A step has %d parameters: the first %d are recorded",
            len(params),
            MAX_PARAMS,
        )
    shown = {
        quote(shorten(mask(name), MAX_PARAM_NAME)): param_value(name, value, mask)
        for name, value in islice(params.items(), MAX_PARAMS)
    }
    if not shown:
        return ""
    return "{" + ",".join(f"{name}:{value}" for name, value in shown.items()) + "}"


def param_value(name: str, value: object, mask: Callable[[str], str]) -> str:
    """Return one value as bounded JSON; a secret by its name is masked."""
    if value is None:
        return "null"
    if is_secret(name, value):
        return quote(MASK)
    number = attempt(_number, value, _unshowable)
    if number is not None:
        return number
    text = value if isinstance(value, str) else attempt(_shown, value, _unshowable)
    if text is None:
        text = f"<{type(value).__name__}>"
    return quote(shorten(mask(text[:_LONGEST_LOOK]), MAX_PARAM_TEXT))


def _number(value: object) -> str | None:
    """Return a number as JSON; None for what is none, or what JSON cannot hold."""
    if isinstance(value, bool):
        return compact(value)
    if isinstance(value, Integral):
        whole = int(value)
        return compact(whole) if whole in _WHOLE else None
    if isinstance(value, Real):
        number = float(value)
        return compact(number) if math.isfinite(number) else None
    return None


def _shown(value: object) -> str:
    return _REPR.repr(value)


def _unshowable(error: Exception) -> None:
    logger.debug("a parameter of a step cannot be shown: %r", type(error))


def _bounded() -> reprlib.Repr:
    """Make a `repr` that takes no longer for a list of a million values."""
    short = reprlib.Repr()
    short.maxlist = short.maxtuple = short.maxset = short.maxfrozenset = 50
    short.maxdict = short.maxdeque = short.maxarray = 50
    short.maxstring = short.maxother = short.maxlong = _LONGEST_LOOK
    return short


_REPR: Final = _bounded()
