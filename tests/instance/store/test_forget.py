"""Forgetting works on each engine, and leaves the graph whole."""

from __future__ import annotations

from lineage.instance.store import Store
from lineage.instance.store.forget import forget_text, forget_user, scrub

SECRET = 'Zq7X"wS3cr3t'


def test_each_engine_forgets_a_text(store: Store) -> None:
    """No column holds it any more, and artifacts that differed still do."""
    facts = [
        {"f": "edge", "uid": f"u{n}", "task": "run", "at": 1.75e9 + n, "dir": "output",
         "kind": "file", "id": f"/data/{name}", "step": {"key": "s", "name": SECRET}}
        for n, name in enumerate((f"{SECRET}.csv", "***.csv", f"a {SECRET} b.csv"))
    ]  # fmt: skip
    facts.append(
        {"f": "log", "uid": "l", "task": "run", "at": 1.75e9, "message": SECRET}
    )
    assert store.ingest(1, facts, user=SECRET).stored == 4
    found = forget_text(store.db, SECRET)
    assert {"entities.ident", "steps.name", "logs.message"} <= found.keys()
    assert forget_text(store.db, SECRET) == {}
    with store.db.read() as tx:
        names = {row[0] for row in tx.all("SELECT ident FROM entities")}
        terms = [row[0] for row in tx.all("SELECT term FROM terms")]
    assert len(names) == 3
    assert not [term for term in terms if SECRET.lower()[:6] in term]
    assert scrub(store.db) is (store.db.dialect.name == "sqlite")


def test_each_engine_forgets_a_user(store: Store) -> None:
    """The name goes from runs and edges."""
    fact = {"f": "edge", "uid": "u", "task": "run", "at": 1.75e9, "dir": "output",
            "kind": "file", "id": "/a.csv"}  # fmt: skip
    store.ingest(1, [fact], user="maria")
    assert forget_user(store.db, "maria", is_dry_run=True)
    assert forget_user(store.db, "maria")
    assert forget_user(store.db, "maria") == {}
