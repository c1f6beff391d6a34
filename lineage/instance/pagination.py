"""The form of a listing's pages: where one starts, and what its answer holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .errors import RequestError
from .params import PageParams

Item = dict[str, Any]

_ORDERS: Final = ("asc", "desc")


def page_answer(
    form: PageParams, entities: Sequence[Item], total: int
) -> dict[str, Any]:
    """Return the answer that holds one page.

    It serves clients that count pages and clients that follow `after`.
    """
    end = start_of(form) + form.per_page
    return {
        "total": total,
        "perPage": form.per_page,
        "pagesCount": -(-total // form.per_page),
        "entities": list(entities),
        "after": str(end) if end < total else None,
    }


def start_of(form: PageParams) -> int:
    """Return the number of items before the page."""
    if form.after is None:
        return (form.page - 1) * form.per_page
    if not (form.after.isascii() and form.after.isdigit() and len(form.after) < 16):
        raise RequestError(
            400,
            "after is not one that this instance gave",
            field="after",
            value=form.after,
            allowed="the `after` of an earlier answer",
        )
    return int(form.after)


def checked_order(form: PageParams) -> str:
    """Return the requested order."""
    if form.sort_order not in _ORDERS:
        raise RequestError(
            400,
            "sort_order is not known",
            field="sort_order",
            value=form.sort_order,
            allowed=", ".join(_ORDERS),
        )
    return form.sort_order


def lookup(item: Item, field: str) -> Any:
    """Return the value at a dotted path, or `None`."""
    value: Any = item
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
