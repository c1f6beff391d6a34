"""One spelling of statements for both engines."""

from __future__ import annotations

import pytest

from lineage.instance.store.sql_params import for_postgres, for_sqlite

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
