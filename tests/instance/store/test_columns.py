"""Rows that are given column by column are those that are given one by one."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import pytest

from lineage.instance.store import Store
from lineage.instance.store.columns import Columns
from lineage.instance.store.search_index import artifact_terms, entity_terms

NAMES = ("team_id", "task_id", "id", "logged_at", "level", "message", "fields")


def _rows(store: Store) -> list[tuple[Any, ...]]:
    with store.db.read() as tx:
        return tx.all(f"SELECT {', '.join(NAMES)} FROM logs ORDER BY task_id, id")


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 49, 130, 400])
@pytest.mark.parametrize("fields", [None, "x"])
def test_columns_are_stored_as_rows_are(
    store: Store, count: int, fields: str | None
) -> None:
    """Whatever their number, and whether a column is empty or not."""
    texts = [f"line {number}" for number in range(count)]
    last = [None] * max(0, count - 1) + [fields] * min(1, count)
    rows = [
        (1, 7, number, 0.5, "info", text, more)
        for number, (text, more) in enumerate(zip(texts, last, strict=True))
    ]
    numbers, times = list(range(count)), [0.5] * count
    columns = (repeat(1), repeat(7), numbers, times, repeat("info"), texts, last)
    with store.db.write() as tx:
        tx.insert_many("logs", NAMES, Columns(count, columns))
    assert _rows(store) == rows
    given = Columns(count, columns)
    assert len(given) == count
    assert all(row in given for row in rows)
    assert ("none",) not in given


def test_terms_of_many_artifacts_are_those_of_each() -> None:
    """Texts, numbers and names: together, in the order of the index."""
    artifacts = [
        (1, "m.pt", "/data/run 1/m.pt"),
        (2, "project 12", "12"),
        (3, "my table", "my table"),
        (4, "m.pt", "s3://bucket/m.pt"),
    ]
    each = [term for artifact in artifacts for term in entity_terms(1, *artifact)]
    together = list(artifact_terms(1, artifacts))
    assert sorted(together) == sorted(each)
    assert [term[1] for term in together] == sorted(term[1] for term in each)
