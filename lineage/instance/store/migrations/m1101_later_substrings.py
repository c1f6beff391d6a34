"""New artifacts come into the index of parts of names as `store/text_queue.py` says.

No trigger puts them there any more; one still follows a change of their names, of
those that are in the index.
"""

from __future__ import annotations

from ..database import Transaction
from ..search_index import text_of

STATEMENTS: tuple[str, ...] = ()

_HAS_INDEX = "SELECT 1 FROM sqlite_master WHERE name = 'substrings'"
_CHANGED = (
    "CREATE TRIGGER entities_changed AFTER UPDATE OF ident, name ON entities"  # noqa: S608  made of constants
    " WHEN (old.name <> new.name OR old.ident <> new.ident)"
    " AND NOT EXISTS (SELECT 1 FROM revisions r WHERE r.team_id = old.team_id"
    " AND r.unindexed_from <= old.id) BEGIN"
    " INSERT INTO substrings (substrings, rowid, text)"
    f" VALUES ('delete', old.id, {text_of('old')});"
    f" INSERT INTO substrings (rowid, text) VALUES (new.id, {text_of('new')}); END"
)
_RENEW = (
    "DROP TRIGGER IF EXISTS entities_added",
    "DROP TRIGGER IF EXISTS entities_changed",
    _CHANGED,
)


def fill(tx: Transaction) -> None:
    """Replace the triggers; PostgreSQL has an index of its own."""
    if tx.dialect.name != "sqlite" or tx.one(_HAS_INDEX) is None:
        return
    for statement in _RENEW:
        tx.run(statement)
