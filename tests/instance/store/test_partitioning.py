"""A partitioned store answers as a plain one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from emptied_stores import new_schema
from store_engines import Facts, digest

from lineage.errors import StoreError
from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store, open_store
from lineage.instance.store.partitioning import TABLES, partition

TEAMS = range(1, 8)


def record(store: Store, part: str) -> None:
    """Record, for every team, files, containers and steps that build on each other."""
    for team in TEAMS:
        run = Facts(f"{part}-{team}")
        facts = [run.fact("task", name=f"Task {part} of {team}")]
        facts += [run.uses("file", f"/{n}/in.bin", stat=digest("a")) for n in range(9)]
        facts += [
            run.makes(
                "project", team, derived_from=[{"kind": "file", "id": "/1/in.bin"}]
            )
        ]
        facts += [run.makes("file", f"/out/{part}-{n}.pt", step="s") for n in range(70)]
        assert store.ingest(team, facts).refused == []


def answers(store: Store) -> list[Any]:
    """Ask what came of a file, where a project came from, and for texts."""
    graph, answers = GraphQueries(store), []
    for teams in ([3], list(TEAMS)):
        answers += [
            graph.downstream(teams, of="file:/1/in.bin"),
            graph.upstream(teams, of="project:3"),
            graph.search(teams, text="in.b", limit=100),
            graph.search(teams, text="fter-1", limit=100),
            graph.list_tasks(teams),
            graph.health(teams),
        ]
    return answers


def test_partitioned_with_what_it_has_it_answers_the_same(postgres_server: str) -> None:
    """Rows from before and after the partition, its closures and searches are alike."""
    plain, parted = (open_store(new_schema(postgres_server)) for _ in "ab")
    for store in (plain, parted):
        record(store, "before")
    assert partition(parted.db, 4) == list(TABLES)
    for store in (plain, parted):
        record(store, "after")
    assert answers(parted) == answers(plain)
    assert partition(parted.db, 4) == []
    with parted.db.read() as tx:
        counts = [
            tx.all(f"SELECT COUNT(*) FROM edges_part{part}")[0][0] for part in range(4)
        ]
    assert sum(counts) == len(TEAMS) * 160
    assert sum(count > 0 for count in counts) > 1
    for store in (plain, parted):
        store.close()


def test_indexes_and_keys_are_those_of_before(postgres_server: str) -> None:
    """No index is lost, none is added, and each has its name."""
    names = []
    for is_parted in (False, True):
        store = open_store(new_schema(postgres_server))
        if is_parted:
            partition(store.db, 2)
        with store.db.read() as tx:
            rows = tx.all(
                "SELECT tablename, indexname FROM pg_indexes WHERE schemaname ="
                " current_schema() AND NOT tablename LIKE '%\\_part_'"
            )
        names.append(sorted(rows))
        store.close()
    assert names[0] == names[1]


def test_sqlite_is_not_partitioned(tmp_path: Path) -> None:
    """What cannot be done is said before anything is changed."""
    store = open_store(f"sqlite:///{tmp_path}/instance.db")
    with pytest.raises(StoreError, match="PostgreSQL"):
        partition(store.db, 4)
    store.close()
