"""A store says of itself whether it is sound, and is made sound again."""

from __future__ import annotations

import json

import pytest
from store_engines import Facts, digest

from lineage.instance.graph import GraphQueries
from lineage.instance.graph.nodes import read_card
from lineage.instance.store import Store
from lineage.instance.store.invariants import CARDS, CHECKS, NO_CYCLE, violations
from lineage.instance.store.rebuild import rebuild_all

#: A change of the rows for each rule, by which it is broken.
BREAKS = {
    "every version belongs to an artifact": "UPDATE nodes SET entity_id = 99",
    "every edge names a version of its artifact": "UPDATE edges SET node_id = 99",
    "every link leads to a version": ("UPDATE links SET node_id = node_id + 90"),
    "the current version is one of the artifact's": (
        "UPDATE entities SET latest_id = 99"
    ),
    "nothing was produced after the current version": (
        "UPDATE entities SET latest_at = 1"
    ),
    "nothing was used before it was made": (
        "UPDATE nodes SET is_made = 1, created_at = 9e9"
    ),
    "no version was made from a later one": (
        "UPDATE nodes SET created_at = 9e9 WHERE is_made = 0"
    ),
    "versions are numbered from one": "UPDATE nodes SET ordinal = ordinal + 1",
    CARDS: """UPDATE nodes SET card = '{"title": "cut o'""",
    NO_CYCLE: (
        "INSERT INTO links (team_id, activity, direction, node_id, since, until)"
        " SELECT team_id, -id, direction, other, 1, 1 FROM (SELECT a.team_id, a.id,"
        " 0 AS direction, b.id AS other FROM nodes a JOIN nodes b ON a.id <> b.id"
        " UNION SELECT team_id, id, 1, id FROM nodes) x WHERE 1 = 1"
        " ON CONFLICT DO NOTHING"
    ),
}


@pytest.fixture
def used(store: Store) -> Store:
    """A store in which a file was used, changed in place and used again."""
    facts = Facts()
    batch = [facts.uses("file", "/a", stat=digest("a")), facts.makes("file", "/a")]
    store.ingest(1, [*batch, facts.uses("file", "/a")])
    return store


def test_every_rule_has_a_test() -> None:
    """Each rule is broken below."""
    assert BREAKS.keys() == {*CHECKS, CARDS, NO_CYCLE}


@pytest.mark.parametrize("rule", BREAKS)
def test_what_breaks_a_rule_is_found_and_repaired(used: Store, rule: str) -> None:
    """A sound store has no violation; a broken one names the rule and an example."""
    assert violations(used.db) == []
    with used.db.write() as tx:
        tx.run(BREAKS[rule])
    found = {one.rule: one for one in violations(used.db)}
    assert found[rule].team_id == 1
    assert found[rule].examples
    rebuild_all(used.db)
    assert violations(used.db) == []


def test_a_broken_card_is_made_again_of_its_edge(store: Store) -> None:
    """Questions leave it out until then."""
    card = {"title": "Data"}
    meta = {"customRelationSettings": card, "customNodeSettings": {"title": "Run"}}
    store.ingest(1, [Facts().uses("file", "/a", meta=meta)])
    with store.db.write() as tx:
        for table in ("nodes", "tasks"):
            assert read_card(tx.one(f"SELECT card FROM {table}")[0])
            tx.run(f"UPDATE {table} SET card = '[]'")
            assert read_card(tx.one(f"SELECT card FROM {table}")[0]) == {}
    assert GraphQueries(store).search([1], text="/a").hits[0].node.title is None
    found = {one.rule: one for one in violations(store.db)}
    assert found[CARDS].count == 2
    rebuild_all(store.db)
    with store.db.read() as tx:
        cards = [tx.one(f"SELECT card FROM {table}")[0] for table in ("nodes", "tasks")]
    assert [json.loads(text) for text in cards] == [card, {"title": "Run"}]
