"""Copies a SQLite store while others read and write it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from ...errors import StoreError
from ...permissions import create_private
from .database import Database
from .sqlite import SqliteDialect


def back_up(db: Database, file: Path) -> int:
    """Write a copy of the store as it is at one moment.

    Args:
        db: The store.
        file: Where the copy goes; nothing may be there.

    Returns:
        The copy's size in bytes.

    Raises:
        StoreError: The store is no SQLite, or the copy cannot be written.
    """
    if not isinstance(db.dialect, SqliteDialect):
        raise StoreError(
            f"{db.url}: only a SQLite store is copied; for PostgreSQL use pg_dump",
            subject=db.url,
        )
    if file.exists():
        raise StoreError(f"{file} is there already; name a new file", subject=file)
    try:
        with closing(db.dialect.connect()) as connection:
            _create(file)
            connection.execute("VACUUM INTO ?", (str(file),))
    except sqlite3.Error as error:
        file.unlink(missing_ok=True)
        raise db.dialect.translate(error) from error
    return file.stat().st_size


def _create(file: Path) -> None:
    try:
        create_private(file)
    except OSError as error:
        raise StoreError(
            f"unable to open {file}: {error.strerror}; name a file in a folder that is"
            " there and can be written",
            subject=file,
        ) from error
