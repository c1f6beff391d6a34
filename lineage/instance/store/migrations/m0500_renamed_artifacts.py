"""Keeps the index of parts of names right where an artifact's identity changes.

The index keeps no texts: SQLite takes an entry out only by the very text that was
put in. The first trigger followed the name alone, so that after a change of identity
the next change of the name was refused as a damaged file.
"""

from __future__ import annotations

from ..database import Transaction
from ..search_index import text_of
from .m0002_substrings import FILL

STATEMENTS: tuple[str, ...] = ()

_HAS_INDEX = "SELECT 1 FROM sqlite_master WHERE name = 'substrings'"
_CHANGED = (
    "CREATE TRIGGER entities_changed AFTER UPDATE OF ident, name ON entities"  # noqa: S608  made of constants
    " WHEN old.name <> new.name OR old.ident <> new.ident BEGIN"
    " INSERT INTO substrings (substrings, rowid, text)"
    f" VALUES ('delete', old.id, {text_of('old')});"
    f" INSERT INTO substrings (rowid, text) VALUES (new.id, {text_of('new')}); END"
)
_RENEW = (
    "DROP TRIGGER IF EXISTS entities_named",
    "INSERT INTO substrings (substrings) VALUES ('delete-all')",
    FILL,
    _CHANGED,
)


def fill(tx: Transaction) -> None:
    """Replace the trigger, and make the index again; PostgreSQL has its own."""
    if tx.dialect.name != "sqlite" or tx.one(_HAS_INDEX) is None:
        return
    for statement in _RENEW:
        tx.run(statement)
