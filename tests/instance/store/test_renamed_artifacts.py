"""Artifacts whose identity and name change in turn are found by what they are now."""

from __future__ import annotations

import random

import pytest

from lineage.instance.store import Store


@pytest.mark.parametrize("seed", range(5))
def test_identity_and_name_may_change_in_any_turn(store: Store, seed: int) -> None:
    """No change is taken for a damaged file, and no old part is found any more."""
    chance = random.Random(seed)
    fact = {"f": "edge", "uid": "u", "task": "run", "at": 1.75e9, "dir": "output",
            "kind": "file", "id": "/data/abcdef/a.csv"}  # fmt: skip
    assert store.ingest(1, [fact], user=None).stored == 1
    for number in range(12):
        column = chance.choice(["ident", "name"])
        with store.db.write() as tx:
            tx.run(f"UPDATE entities SET {column} = ?", (f"/x/{column}{number}.csv",))
    with store.db.write() as tx:
        tx.run("UPDATE entities SET ident = '/x/last.csv'")
        tx.run("UPDATE entities SET name = 'nice'")
    if store.db.dialect.name == "sqlite":
        match = "SELECT COUNT(*) FROM substrings WHERE substrings MATCH ?"
        with store.db.read() as tx:
            found = [tx.one(match, (three,)) for three in ("las", "nic", "abc", "nam")]
        assert found == [(1,), (1,), (0,), (0,)]
