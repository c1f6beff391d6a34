"""Parameters, metrics and links of a task, as facts."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any, Final

from ..errors import warn_rarely
from ..model.limits import (
    MAX_LINKS,
    MAX_METRICS,
    MAX_PATH,
    MAX_TASK_PARAM_NAME,
    MAX_TASK_PARAMS,
)
from ..redaction import MASK, mask_below, secret_member
from .context import ActiveTask
from .json_text import compact, quote, shorten
from .masking import is_secret
from .params import param_value

Mask = Callable[[str], str]
_MAX_DEPTH: Final = 8


def params_fact(
    task: ActiveTask, at: int, params: Mapping[str, Any], mask: Mask
) -> str:
    """Return the fact of a task's parameters; empty text when there are none.

    Mappings inside are flattened: `{"optimizer": {"lr": 1}}` is `optimizer.lr`.
    """
    shown: dict[str, str] = {}
    for name, value in _flattened(params, "", 0):
        if len(shown) >= MAX_TASK_PARAMS:
            warn_rarely(
                "task parameters",
                "A task has more than %d parameters: the rest is left out",
                MAX_TASK_PARAMS,
            )
            break
        key = quote(shorten(mask(name), MAX_TASK_PARAM_NAME))
        shown[key] = param_value(name.rpartition(".")[2], value, mask)
    if not shown:
        return ""
    members = ",".join(f"{name}:{value}" for name, value in shown.items())
    return f'{{"f":"params",{task.head},"at":{at}e-9,"params":{{{members}}}}}'


def metrics_fact(
    task: ActiveTask, at: int, metrics: Mapping[str, Any], index: int | None, mask: Mask
) -> str:
    """Return the fact of measured values; what is no finite number is left out."""
    listed = []
    for name, value in list(metrics.items())[:MAX_METRICS]:
        number = _number(value)
        if number is None:
            warn_rarely(
                f"metric {name}",
                "The metric %s is not recorded: expected a finite number, got %s",
                name,
                type(value).__name__,
            )
            continue
        key = quote(shorten(mask(str(name)), MAX_TASK_PARAM_NAME))
        place = "null" if index is None else str(int(index))
        listed.append(f"[{key},{compact(number)},{place}]")
    if not listed:
        return ""
    members = ",".join(listed)
    return f'{{"f":"metrics",{task.head},"at":{at}e-9,"metrics":[{members}]}}'


def links_fact(
    task: ActiveTask, at: int, links: Sequence[tuple[str, str]], mask: Mask
) -> str:
    """Return the fact of the addresses of the same run in other trackers."""
    listed = [
        f'{{"name":{quote(mask(name))},"url":{quote(shorten(mask(url), MAX_PATH))}}}'
        for name, url in links[:MAX_LINKS]
    ]
    return f'{{"f":"links",{task.head},"at":{at}e-9,"links":[{",".join(listed)}]}}'


def command_line_params(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the command line's options: `--lr 0.1`, `--lr=0.1`, `model.lr=0.1`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    found: dict[str, Any] = {}
    while given:
        text = given.pop(0)
        is_option = text.startswith("--") and len(text) > 2
        name, has_value, value = text.lstrip("-+").partition("=")
        if not is_option:
            if has_value and name.replace(".", "").replace("_", "").isalnum():
                found[name] = _scalar(value)
            continue
        if has_value:
            found[name] = _scalar(value)
        elif given and not given[0].startswith("--"):
            found[name] = _scalar(given.pop(0))
        else:
            found[name] = True
    return found


def _scalar(text: str) -> Any:
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else text
    return {"true": True, "false": False}.get(text.lower(), text)


def _flattened(
    params: Mapping[Any, Any], prefix: str, depth: int, secret: str = ""
) -> Iterator[tuple[str, Any]]:
    """Yield each value with its path; what is below a secret's name is masked."""
    member = secret_member(params)
    for name, value in params.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and value and depth < _MAX_DEPTH:
            own = str(name) if is_secret(str(name), value) else secret
            yield from _flattened(value, f"{path}.", depth + 1, own)
        elif name == member:
            yield path, MASK
        else:
            yield path, _below(secret, value) if secret else value


def _below(secret: str, value: Any) -> Any:
    is_scalar = value is None or isinstance(value, (str, int, float))
    return mask_below(secret, value) if is_scalar else MASK


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if hasattr(value, "item") and not isinstance(value, Real):
        value = value.item()  # a scalar of NumPy or PyTorch
    if not isinstance(value, Real):
        return None
    number = float(value)
    return number if math.isfinite(number) else None
