"""One spelling of statements for both engines."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from lineage.instance.store.database import Database
from lineage.instance.store.sql_params import driving_list, for_postgres, for_sqlite

LIST = "unnest((SELECT CAST(%(ids)s AS bigint[]))) AS x(value)"


def lookup(table: str, name: str, condition: str) -> str:
    """Return a look-up as PostgreSQL is given it."""
    return (
        f"JOIN LATERAL (SELECT * FROM {table} {name} WHERE {condition} OFFSET 0) {name}"
    )


ONE = lookup("t", "t", "t.a = x.value")
RENAMED = lookup("t", "u", "(u.a = x.value)")
SECOND = lookup("v", "w", "w.c = u.c")
INNER = f"SELECT u.a FROM u CROSS {lookup('v', 'v', 'v.b = u.b')} WHERE u.c"
OUTER = lookup("t", "t", f"t.a IN ({INNER})")


@pytest.mark.parametrize(
    ("joins", "expected"),
    [
        ("JOIN t ON t.a = x.value WHERE t.b", f"CROSS {ONE} WHERE t.b"),
        (
            "JOIN t AS u ON (u.a = x.value) JOIN v w ON w.c = u.c GROUP BY u.a",
            f"CROSS {RENAMED} CROSS {SECOND} GROUP BY u.a",
        ),
        ("LEFT JOIN t ON t.a = x.value RETURNING 1", f"LEFT {ONE} ON TRUE RETURNING 1"),
        (
            "JOIN t\nON t.a IN (SELECT u.a FROM u JOIN v ON v.b = u.b WHERE u.c) LIMIT",
            f"CROSS {OUTER} LIMIT",
        ),
    ],
    ids=["one", "names", "left", "nested"],
)
def test_a_join_of_a_list_is_a_lookup_on_postgres(joins: str, expected: str) -> None:
    """Names, sides and inner queries of the statement stay what they are."""
    spelled = for_postgres(f"SELECT 1 FROM each_int(:ids) AS x {joins}")
    assert spelled == f"SELECT 1 FROM {LIST} {expected}"


def test_a_join_without_a_list_is_left_to_the_planner() -> None:
    """Only lists are looked up item by item."""
    sql = "SELECT 1 FROM t JOIN u ON u.a = t.a"
    assert for_postgres(sql) == for_sqlite(sql) == sql


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SELECT n.id FROM each_int(:ids) AS x JOIN nodes n ON n.id = x.value", "ids"),
        ("SELECT DISTINCT t.a, lower(t.b) FROM each_text(:names) AS x JOIN t", "names"),
        ("SELECT COUNT(*) FROM each_int(:ids) AS x", None),
        ("SELECT MAX(n.id) FROM each_int(:ids) AS x JOIN nodes n", None),
        ("SELECT (SELECT 1 FROM each_int(:ids) AS x), n.id FROM nodes n", None),
        ("SELECT n.id FROM n WHERE n.id IN (SELECT x.value FROM each_int(:i) AS x)",
         None),
        ("SELECT 1 FROM each_int(:ids) AS x UNION SELECT 2", None),
        ("SELECT 1 FROM each_int(?) AS x", None),
    ],
)  # fmt: skip
def test_a_query_without_items_is_known(sql: str, name: str | None) -> None:
    """Only where each row comes from an item of one list is nothing to be read."""
    assert driving_list(sql) == name


def test_a_list_without_items_has_no_rows(tmp_path: Path) -> None:
    """The store is not called for it; a count of nothing is still a row."""
    db = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with closing(db), db.read() as tx:
        assert tx.all("SELECT x.value FROM each_int(:ids) AS x", {"ids": []}) == []
        rows = tx.all("SELECT COUNT(*) FROM each_int(:ids) AS x", {"ids": set()})
        assert rows == [(0,)]
        assert tx.all("SELECT x.value FROM each_int(:i) AS x", {"i": {4}}) == [(4,)]
