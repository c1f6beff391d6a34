"""What finds an artifact by a text inside its name or path on PostgreSQL.

An inverted index (GIN, part of every PostgreSQL) of the threes of letters of each
artifact. The extension `pg_trgm` would do it alike, but it is not on every server, may
need a right that the store's user does not have, and cannot keep teams apart.

An entry stands for a team, a block of 65,536 ids and three letters: so a question
reads what its own team has, the newest block first, and new artifacts are written to
one end of the index.
"""

from __future__ import annotations

from typing import Final

from ..database import Transaction

STATEMENTS: tuple[str, ...] = ()

#: Collations that know the lower case of every letter, the fastest first. That of
#: the database may know ASCII only.
_COLLATIONS: Final = ("pg_c_utf8", "C.utf8", "C.UTF-8", "en_US.utf8", "und-x-icu")
_KNOWN: Final = (
    "SELECT c.collname FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_database d"
    " ON d.datname = current_database() AND c.collencoding IN (-1, d.encoding)"
)
_THREE: Final = """
CREATE FUNCTION lineage_three(team bigint, id bigint, three text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ((id >> 16) << 32)
        | (hashtext((team || ':' || three) COLLATE "C")::bigint & 4294967295)
$$
"""
# A loop is four times as fast as a query here. Its cost stops the planner never to
# do it again for what the index can answer.
_THREES: Final = """
CREATE FUNCTION lineage_threes(team bigint, id bigint, ident text, name text)
RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
DECLARE
    said text := CASE WHEN strpos(ident COLLATE "C", name COLLATE "C") > 0
        THEN ident ELSE ident || chr(10) || name END;
    lowered text := lower(said COLLATE "{collation}");
    own text := team || ':';
    block bigint := (id >> 16) << 32;
    found bigint[] := '{{}}';
BEGIN
    FOR n IN 1 .. length(lowered) - 2 LOOP
        found[n] := block | (hashtext((own || substr(lowered, n, 3)) COLLATE "C")
            ::bigint & 4294967295);
    END LOOP;
    RETURN found;
END $$
"""
_INDEX: Final = (
    """CREATE INDEX entities_threes ON entities
        USING gin (lineage_threes(team_id, id, ident, name))""",
    # Nothing is planned by what its values are.
    "ALTER INDEX entities_threes ALTER COLUMN 1 SET STATISTICS 0",
)


def fill(tx: Transaction) -> None:
    """Make the index, of what is there too; SQLite has its own."""
    if tx.dialect.name != "postgresql":
        return
    known = {row[0] for row in tx.all(_KNOWN)}
    collation = next((name for name in _COLLATIONS if name in known), "default")
    for statement in (_THREE, _THREES.format(collation=collation), *_INDEX):
        tx.run(statement)
