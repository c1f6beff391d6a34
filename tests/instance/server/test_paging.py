"""Listings: filters of every operator, sorting of anything, pages."""

from __future__ import annotations

from typing import Any

import pytest

from lineage.instance.forms import PageForm
from lineage.instance.paging import page
from lineage.instance.problems import Refusal

ITEMS: list[dict[str, Any]] = [
    {"id": 1, "name": "b", "meta": {"size": 5}, "ok": True},
    {"id": 2, "name": "a", "meta": {"size": None}, "ok": 1},
    {"id": 3, "name": None, "meta": "text", "ok": False},
]


def ids(**said: Any) -> list[int]:
    """List the items and give their ids."""
    answer = page(ITEMS, PageForm.model_validate(said))
    return [item["id"] for item in answer["entities"]]


@pytest.mark.parametrize(
    ("operator", "field", "value", "expected"),
    [("=", "id", 2, [2]), ("=", "id", "2", [2]), ("eq", "name", "a", [2]),
     ("!=", "id", 2, [1, 3]), ("in", "id", [1, "3"], [1, 3]), (">", "id", 1, [2, 3]),
     (">=", "id", 2, [2, 3]), ("<", "id", 2, [1]), ("<=", "id", 2, [1, 2]),
     ("=", "ok", True, [1]), ("=", "meta.size", 5, [1]), (">", "meta.size", 1, [1]),
     ("<", "name", 5, [])],
)  # fmt: skip
def test_filters(operator: str, field: str, value: Any, expected: list[int]) -> None:
    """Each operator keeps what it says; ids match as text or number."""
    said = {"field": field, "operator": operator, "value": value}
    assert ids(filter=[said]) == expected


@pytest.mark.parametrize("field", ["id", "name", "meta", "meta.size", "none", "ok"])
def test_anything_is_sorted(field: str) -> None:
    """Values of any mixture of types have an order, both ways."""
    ascending = ids(sort=field)
    assert sorted(ascending) == [1, 2, 3]
    assert sorted(ids(sort=field, sort_order="desc")) == [1, 2, 3]


def test_in_takes_an_array_and_after_is_ours() -> None:
    """What cannot be read names its field."""
    for said, field in (
        ({"filter": [{"field": "id", "operator": "in", "value": 1}]}, "filter.value"),
        ({"after": "x"}, "after"),
    ):
        with pytest.raises(Refusal) as refused:
            ids(**said)
        assert refused.value.field == field


def test_an_empty_listing_has_no_pages() -> None:
    """Nothing is a page of nothing, with every key."""
    answer = page([], PageForm())
    assert answer == {
        "total": 0, "perPage": 500, "pagesCount": 0, "entities": [], "after": None,
    }  # fmt: skip
