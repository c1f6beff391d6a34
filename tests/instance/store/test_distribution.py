"""A store on a Citus cluster, as far as one server can show it.

No cluster runs here: the catalogs that Citus has are stood in for by tables of their
names, and its function by one that only notes what it was asked.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from emptied_stores import new_schema

from lineage.errors import StoreError
from lineage.instance.store import Store, open_store
from lineage.instance.store.distribution import distribute, distributed_tables
from lineage.instance.store.partitioning import partition

_CATALOGS = """
CREATE TABLE pg_dist_local_group (groupid int);
CREATE TABLE pg_dist_partition (logicalrelid regclass, beside text);
CREATE FUNCTION create_distributed_table(one regclass, col text, colocate_with text)
RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('citus.multi_shard_modify_mode') <> 'sequential' THEN
        RAISE EXCEPTION 'changes of all shards at once';
    END IF;
    INSERT INTO pg_dist_partition VALUES (one, colocate_with);
END $$;
"""


@pytest.fixture
def url(postgres_server: str) -> str:
    """A schema of its own."""
    return new_schema(postgres_server)


def join_cluster(url: str, group: int) -> None:
    """Make the server look like a coordinator (group 0), or like a worker."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_CATALOGS)
        connection.execute("INSERT INTO pg_dist_local_group VALUES (%s)", (group,))


def beside(store: Store) -> dict[str, str]:
    """Return the distributed tables, and with which each was put together."""
    with store.db.read() as tx:
        sql = "SELECT CAST(logicalrelid AS text), beside FROM pg_dist_partition"
        return dict(tx.all(sql))


def test_each_table_of_teams_is_distributed_once(url: str) -> None:
    """All go together by team; repeated, only what is new is distributed."""
    join_cluster(url, 0)
    store = open_store(url)
    done = distribute(store.db)
    assert done[0] == "tasks"
    assert {"edges", "links", "nodes", "entities"} <= set(done)
    assert not {"teams", "tokens", "lineage_migrations"} & set(done)
    found = beside(store)
    assert found.pop("tasks") == "none"
    assert set(found.values()) == {"tasks"}
    assert distribute(store.db) == []
    with store.db.write() as tx:
        tx.run("CREATE TABLE more (team_id BIGINT NOT NULL)")
    assert distribute(store.db) == ["more"]
    with store.db.read() as tx:
        assert distributed_tables(tx) == {"more", *done}
    store.close()


def test_a_distributed_store_is_not_partitioned(url: str) -> None:
    """It would bring the rows back from the workers."""
    join_cluster(url, 0)
    store = open_store(url)
    distribute(store.db)
    with pytest.raises(StoreError, match="distributed over the workers") as error:
        partition(store.db, 4)
    assert "or never" in str(error.value)
    store.close()


def test_a_worker_is_refused_as_the_store(url: str) -> None:
    """Before anything is made there, and when the store is there already."""
    join_cluster(url, 2)
    with pytest.raises(StoreError, match=r"worker of a Citus cluster \(group 2\)"):
        open_store(url)
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT to_regclass('tasks')").fetchone()
    assert found == (None,)


def test_without_a_cluster_the_error_names_what_to_do(url: str, tmp_path: Path) -> None:
    """A plain server, and SQLite."""
    for place, text in (
        (url, "CREATE EXTENSION citus"),
        (f"sqlite:///{tmp_path / 'instance.db'}", "only a PostgreSQL store"),
    ):
        store = open_store(place)
        with pytest.raises(StoreError, match=text):
            distribute(store.db)
        store.close()
