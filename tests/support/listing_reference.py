"""What a listing's page is, in plain Python over everything: what SQL has to give."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from lineage.instance.pagination import lookup, page_answer, start_of
from lineage.instance.params import ListFilter, PageParams

Item = dict[str, Any]
_SIGNS = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip


def page(items: Sequence[Item], form: PageParams) -> dict[str, Any]:
    """Filter, sort and cut the items, which are in the order of their ids."""
    kept = [
        item
        for item in items
        if all(_holds(lookup(item, f.field), f) for f in form.filter or ())
    ]
    kept.sort(
        key=lambda item: _rank(lookup(item, form.sort)),
        reverse=form.sort_order == "desc",
    )
    start = start_of(form)
    return page_answer(form, kept[start : start + form.per_page], len(kept))


def _holds(value: Any, wanted: ListFilter) -> bool:
    if wanted.operator == "in":
        return any(_equal(value, one) for one in wanted.value)
    if wanted.operator in ("=", "eq"):
        return _equal(value, wanted.value)
    if wanted.operator == "!=":
        return not _equal(value, wanted.value)
    if value is None:
        return False
    return bool(_SIGNS[wanted.operator](_rank(value), _rank(wanted.value)))


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, int) and isinstance(wanted, str):
        return str(value) == wanted
    return not isinstance(value, (list, dict)) and bool(value == wanted)


def _rank(value: Any) -> tuple[Any, ...]:
    """Order nothing, then numbers and truths, then texts, then all the rest alike."""
    if value is None:
        return (0,)
    if isinstance(value, (bool, int, float)):
        return (1, value)
    return (2, value) if isinstance(value, str) else (3,)
