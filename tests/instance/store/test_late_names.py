"""Names that become known after the edges were recorded."""

from __future__ import annotations

from typing import Any

import pytest
from store_engines import Store

from lineage.instance.graph.queries import GraphQueries

TEAM = 1
AT = 1_700_000_000.0


def fact(form: str, uid: str, **more: Any) -> dict[str, Any]:
    return {"f": form, "uid": uid, "task": "t", "at": AT, **more}


def edge(id: int, kind: str = "project") -> dict[str, Any]:
    return fact("edge", f"seg-{id}", dir="input", kind=kind, id=id)


def found(store: Store, text: str) -> list[tuple[str, str]]:
    hits = GraphQueries(store).search([TEAM], text=text).hits
    return [(hit.node.kind, hit.node.name) for hit in hits]


def named(id: int, name: str, uid: str = "late-1") -> dict[str, Any]:
    return fact("evidence", uid, edge=f"seg-{id}", name=name)


@pytest.mark.parametrize("is_together", [True, False])
def test_a_late_name_is_shown_and_found(store: Store, is_together: bool) -> None:
    """Whether it comes with its edge or after it; the former name finds nothing."""
    facts = [fact("task", "seg-0", name="Train"), edge(12), named(12, "Road signs")]
    for part in [facts] if is_together else [[one] for one in facts]:
        assert store.ingest(TEAM, part).refused == []
    assert found(store, "road") == [("project", "Road signs")]


def test_the_last_name_stays(store: Store) -> None:
    """An object that was renamed is found by its new name alone."""
    store.ingest(TEAM, [edge(12), named(12, "Signs")])
    store.ingest(TEAM, [named(12, "Lights", "late-2")])
    assert found(store, "signs") == []
    assert found(store, "lights") == [("project", "Lights")]


def test_an_edge_without_a_name_keeps_the_late_one(store: Store) -> None:
    """Later edges by id do not undo a name."""
    store.ingest(TEAM, [edge(12), named(12, "Signs")])
    store.ingest(TEAM, [{**edge(12), "uid": "seg-99", "dir": "output"}])
    assert found(store, "signs") == [("project", "Signs")]


def test_a_name_of_an_edge_that_is_not_there_changes_nothing(store: Store) -> None:
    """It is taken in, and names no other artifact."""
    answer = store.ingest(TEAM, [edge(12), named(13, "Other")])
    assert (answer.stored, answer.refused) == (2, [])
    assert found(store, "other") == []
