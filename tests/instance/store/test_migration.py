"""A store of before timelines is brought along: bindings, versions and links."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emptied_stores import new_schema
from store_engines import Facts, digest

from lineage.instance.store import Database, Store, migrate, open_store
from lineage.instance.store.database import TeamReader
from lineage.instance.store.derived_links import upstream
from lineage.instance.store.invariants import violations

T = 1_700_000_000.0
DIGEST = "sha256:" + "a" * 64
#: Task 1 made a model of data and a first state of a project; task 2 used that, changed
#: the project and made job 3, which names job 1 as its source.
ROWS: dict[str, list[dict[str, Any]]] = {
    "revisions": [{"team_id": 1, "revision": 4}],
    "sources": [{"team_id": 1, "source": "one", "id": 1},
                {"team_id": 1, "source": "two", "id": 2}],
    "tasks": [{"id": n, "team_id": 1, "number": n, "created_at": T, "next_step": 2}
              for n in (1, 2)],
    "runs": [{"team_id": 1, "run": run, "task_id": n}
             for n, run in ((1, "one"), (2, "two"))],
    "entities": [
        {"team_id": 1, "kind": kind, "ident": ident, "id": n, "name": ident,
         "versions": versions, "latest_id": latest, "latest_at": T}
        for n, kind, ident, versions, latest in (
            (1, "file", "/w/d.csv", 1, 1), (2, "file", "s3://b/m", 1, 2),
            (3, "project", "7", 2, 4), (4, "job", "1", 1, 5), (5, "job", "3", 1, 6))
    ],
    "nodes": [
        {"id": n, "team_id": 1, "entity_id": entity, "version": version,
         "ordinal": ordinal, "digest": digest, "created_at": T, "card": card,
         "size": 9 * n if n < 3 else None}
        for n, entity, version, ordinal, digest, card in (
            (1, 1, DIGEST, 1, DIGEST, '{"title": "Data"}'), (2, 2, "", 1, None, None),
            (3, 3, "t1", 1, None, None), (4, 3, "t2", 2, None, None),
            (5, 4, "", 1, None, None), (6, 5, "", 1, None, None))
    ],
    "edges": [
        {"team_id": 1, "id": (task << 32) + at + 1, "task_id": task, "step": 0,
         "activity": (task << 24) + number, "direction": direction, "node_id": node,
         "recorded_at": T + at}
        for at, task, number, direction, node in (
            (0, 1, 0, 0, 1), (1, 1, 0, 1, 2), (2, 1, 0, 1, 3), (3, 2, 0, 0, 3),
            (4, 2, 0, 1, 4), (5, 2, 0, 0, 5), (6, 2, 1, 1, 6))
    ],
    "links": [
        {"team_id": 1, "activity": activity, "direction": direction, "node_id": node,
         "since": T}
        for activity, direction, node in (
            (1 << 24, 0, 1), (1 << 24, 1, 2), (1 << 24, 1, 3), (2 << 24, 0, 3),
            (2 << 24, 1, 4), (2 << 24, 0, 5), ((2 << 24) + 1, 0, 5),
            ((2 << 24) + 1, 1, 6), (-4, 0, 3), (-4, 1, 4))
    ],
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.param)


@pytest.fixture
def old(
    kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Store]:
    """A store with rows of before, brought along as it is opened."""
    store_url = f"sqlite:///{tmp_path}/instance.db"
    if kind == "postgresql":
        store_url = new_schema(request.getfixturevalue("postgres_server"))
    known = migrate.known_migrations()
    before = tuple(one for one in known if one.number < 300)
    monkeypatch.setattr(migrate, "known_migrations", lambda: before)
    db = Database(store_url)
    migrate.migrate(db)
    with db.write() as tx:
        for table, rows in ROWS.items():
            values = [tuple(row.values()) for row in rows]
            tx.insert_many(table, tuple(rows[0]), values)
        for name in ("nodes", "entities", "sources", "tasks"):
            tx.next_numbers(name, 10)
    monkeypatch.setattr(migrate, "known_migrations", lambda: known)
    store = Store(db)
    yield store
    store.close()


def test_versions_and_links_are_those_of_the_rule(old: Store) -> None:
    """Work in place, named sources, digests, sizes and cards stay; nothing is mixed."""
    assert violations(old.db) == []
    with old.db.read() as tx:
        links = {link[:2] for link in upstream(TeamReader(tx, 1), range(1, 7))}
        kept = tx.all("SELECT id, digest, card FROM nodes WHERE card IS NOT NULL")
        made = tx.all("SELECT id FROM nodes WHERE is_made = 1 ORDER BY id")
        sizes = tx.all("SELECT id, size FROM nodes WHERE size IS NOT NULL ORDER BY id")
    assert links == {(1, 2), (1, 3), (3, 4), (5, 6)}
    assert kept == [(1, DIGEST, '{"title": "Data"}')]
    assert made == [(2,), (3,), (4,), (6,)]
    assert sizes == [(1, 9), (2, 18)]


def test_a_path_of_before_goes_on_under_its_full_name(old: Store) -> None:
    """The same file with its machine is the artifact that it was."""
    stat = {"size": 3, "mtime_ns": 9, "digest": DIGEST}
    fact = Facts("new").uses(
        "file", "d.csv", local_path="/w/d.csv", canonical="file://box/w/d.csv",
        machine="box", stat=stat,
    )  # fmt: skip
    old.ingest(1, [fact])
    with old.db.read() as tx:
        rows = tx.all("SELECT id, machine FROM entities WHERE ident LIKE '%d.csv'")
        used = tx.all("SELECT node_id FROM edges WHERE task_id > 2")
    assert rows == [(1, "box")]
    assert used == [(1,)]


def test_files_that_other_steps_had_used_are_no_longer_their_source(
    store: Store, store_url: str
) -> None:
    """A loop's scratch file: what earlier versions linked is read again."""
    facts, steps = Facts(), [{"key": key, "name": key} for key in "1234"]
    store.ingest(1, [
        facts.makes("file", "/f", step=steps[0], scope="1"),
        facts.uses("file", "/f", step=steps[1]),
        facts.makes("file", "/f", step=steps[2], scope="3"),
    ])  # fmt: skip
    with store.db.write() as tx:
        (older,), (newer,) = tx.all("SELECT id FROM nodes ORDER BY id")
        columns = ("team_id", "activity", "direction", "node_id", "since", "until")
        rows = [(1, -newer, at, node, T, T) for at, node in enumerate((older, newer))]
        tx.insert_many("links", columns, rows)
        tx.run("DELETE FROM lineage_migrations WHERE number = 1120")
    again = open_store(store_url)
    with again.db.read() as tx:
        assert upstream(TeamReader(tx, 1), [newer]) == []
    again.close()


def test_states_of_a_file_with_companions_are_read_again(
    store: Store, store_url: str
) -> None:
    """Earlier versions took two of them for one where its own state was the same."""
    stat = {"size": 8192, "mtime_ns": 1}
    known = [{"kind": "companions", "value": f"sha256:{'a' * 64}"}]
    first, second = Facts("first"), Facts("second")
    store.ingest(1, [
        first.uses("file", "/x.db", stat=digest("d") | stat),
        second.uses("file", "/x.db", stat=stat, evidence=known, at=T + 9),
    ])  # fmt: skip
    bound = "SELECT DISTINCT node_id FROM edges"
    with store.db.write() as tx:
        (older,), (newer,) = tx.all("SELECT id FROM nodes ORDER BY id")
        tx.run("UPDATE edges SET node_id = ?", (older,))
        tx.run("UPDATE links SET node_id = ? WHERE node_id = ?", (older, newer))
        tx.run("UPDATE version_tokens SET node_id = ?", (older,))
        tx.run("UPDATE entities SET versions = 1, latest_id = ?", (older,))
        tx.run("DELETE FROM nodes WHERE id = ?", (newer,))
        tx.run("DELETE FROM lineage_migrations WHERE number = 1150")
    again = open_store(store_url)
    with again.db.read() as tx:
        assert len(tx.all(bound)) == 2
        assert len(tx.all("SELECT id FROM nodes")) == 2
    again.close()


def test_versions_that_are_registered_are_joined(store: Store, store_url: str) -> None:
    """Earlier versions knew each by the id or by the number alone."""
    first, second = Facts("first"), Facts("second")
    store.ingest(1, [
        first.uses("project", 7, version_id=90),
        second.uses("project", 7, version_num=4, at=T + 9),
    ])  # fmt: skip
    bound = "SELECT DISTINCT node_id FROM edges"
    with store.db.write() as tx:
        assert len(tx.all(bound)) == 2
        columns = ("team_id", "kind", "id", "parent_id", "body")
        version = (1, "project_version", 90, 7, '{"version": 4}')
        tx.insert_many("platform_things", columns, [version])
        tx.run("DELETE FROM lineage_migrations WHERE number = 1160")
    again = open_store(store_url)
    with again.db.read() as tx:
        assert len(tx.all(bound)) == 1
    again.close()


def test_what_was_found_in_a_folder_that_was_made_again_is_parted(
    store: Store, store_url: str
) -> None:
    """Earlier versions took the finds after two trainings for one."""
    one, two = Facts("one"), Facts("two")
    uses = [
        facts.uses("file", "/run/m", at=T + at) for facts, at in ((one, 2), (two, 4))
    ]
    store.ingest(1, uses)
    store.ingest(1, [facts.makes("folder", "/run", at=T + at)
                     for facts, at in ((one, 1), (two, 3))])  # fmt: skip
    parted = "SELECT DISTINCT node_id FROM edges WHERE direction = 0"
    with store.db.write() as tx:
        (older,), (newer,) = tx.all(f"{parted} ORDER BY node_id")
        tx.run("UPDATE edges SET node_id = ? WHERE node_id = ?", (older, newer))
        tx.run("UPDATE links SET node_id = ? WHERE node_id = ?", (older, newer))
        tx.run("UPDATE entities SET versions = 1, unknown_id = ?, latest_id = ?"
               " WHERE unknown_id = ?", (older, older, newer))  # fmt: skip
        tx.run("DELETE FROM nodes WHERE id = ?", (newer,))
        tx.run("DELETE FROM lineage_migrations WHERE number = 1180")
    again = open_store(store_url)
    with again.db.read() as tx:
        assert len(tx.all(parted)) == 2
    again.close()


def test_folders_are_found_by_the_bytes_of_their_files(
    store: Store, store_url: str
) -> None:
    """Also those whose manifests an earlier version has stored."""
    listed = [(name, 20, digest(name)["digest"], 1) for name in "ab"]
    listed += [("c", 20, None, 1), ("d", 4, digest("d")["digest"], 1)]
    manifest = {"digest": f"h1:{'a' * 43}=", "files": 4, "bytes": 64, "entries": listed}
    store.ingest(1, [Facts().makes("folder", "/run", manifest=manifest)])
    with store.db.write() as tx:
        tx.run("DROP TABLE manifest_files")
        tx.run("DELETE FROM lineage_migrations WHERE number = 1190")
    again = open_store(store_url)
    with again.db.read() as tx:
        rows = tx.all("SELECT file FROM manifest_files ORDER BY file")
    assert [row[0] for row in rows] == [digest(name)["digest"] for name in "ab"]
    again.close()
