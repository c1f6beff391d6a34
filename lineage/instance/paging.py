"""Listings as the platform pages them: filtered, sorted, cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from .forms import Filter, PageForm
from .problems import Refusal

Item = dict[str, Any]

_ORDERS: Final = ("asc", "desc")


def page(items: Sequence[Item], form: PageForm) -> dict[str, Any]:
    """Give the page that a listing asks for.

    The answer serves clients that count pages and clients that follow `after`.
    """
    if form.sort_order not in _ORDERS:
        raise Refusal(
            400,
            "sort_order is not known",
            field="sort_order",
            value=form.sort_order,
            allowed=", ".join(_ORDERS),
        )
    kept = [item for item in items if _matches(item, form.filter or ())]
    kept.sort(key=_sort_key(form.sort), reverse=form.sort_order == "desc")
    start = _start(form)
    end = start + form.per_page
    return {
        "total": len(kept),
        "perPage": form.per_page,
        "pagesCount": -(-len(kept) // form.per_page),
        "entities": kept[start:end],
        "after": str(end) if end < len(kept) else None,
    }


def _start(form: PageForm) -> int:
    if form.after is None:
        return (form.page - 1) * form.per_page
    if not (form.after.isascii() and form.after.isdigit() and len(form.after) < 16):
        raise Refusal(
            400,
            "after is not one that this instance gave",
            field="after",
            value=form.after,
            allowed="the `after` of an earlier answer",
        )
    return int(form.after)


def _matches(item: Item, filters: Sequence[Filter]) -> bool:
    return all(_holds(lookup(item, f.field), f) for f in filters)


def _holds(value: Any, condition: Filter) -> bool:
    test = _OPERATORS.get(condition.operator)
    if test is None:
        raise Refusal(
            400,
            "the operator of a filter is not known",
            field="filter.operator",
            value=condition.operator,
            allowed=", ".join(_OPERATORS),
        )
    return test(value, condition.value)


def _is_one_of(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, list):
        raise Refusal(
            400,
            "the operator `in` takes an array",
            field="filter.value",
            value=wanted,
            allowed="an array",
        )
    return any(_equal(value, one) for one in wanted)


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, int) and isinstance(wanted, str):
        return str(value) == wanted
    return bool(value == wanted)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(value: Any, wanted: Any) -> bool:
        return value is not None and test(_rank(value), _rank(wanted))

    return holds


_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": _equal,
    "eq": _equal,
    "!=": lambda value, wanted: not _equal(value, wanted),
    "in": _is_one_of,
    ">": _ordered(lambda a, b: bool(a > b)),
    ">=": _ordered(lambda a, b: bool(a >= b)),
    "<": _ordered(lambda a, b: bool(a < b)),
    "<=": _ordered(lambda a, b: bool(a <= b)),
}


def lookup(item: Item, field: str) -> Any:
    """Give the value at a dotted path; none where there is nothing."""
    value: Any = item
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _sort_key(field: str) -> Callable[[Item], Any]:
    return lambda item: _rank(lookup(item, field))


def _rank(value: Any) -> tuple[int, Any]:
    """Make values of any type comparable: nothing, then numbers, then text."""
    if value is None:
        return (0, 0)
    if isinstance(value, (bool, int, float)):
        return (1, value)
    return (2, str(value))
