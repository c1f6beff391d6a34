#!/bin/sh
# openlineage-sql 1.54.0, sqllineage 1.5.9, sqlglot 30.30.0: which columns one is made of.
# openlineage-sql names what an `INSERT` writes by its `SELECT` and not by its own list of
# columns: `insert into report (b, a) select a, b` is said to make `a` of `a`. The other
# two match `UNION … BY NAME` by position: with `select b, a` as the second query, each
# column is said to come from the wrong one of its table. No error is given.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openlineage-sql==1.54.0 sqllineage==1.5.9 \
    sqlfluff==4.5.0 sqlglot==30.30.0 duckdb==2.0.1
cat > "$folder/main.py" <<'PROGRAM'
import duckdb
from openlineage_sql import parse
from sqlglot.lineage import lineage
from sqllineage.runner import LineageRunner

VALUES = {1: "t.a", 2: "t.b", 3: "u.a", 4: "u.b"}


def happened(statement):
    database = duckdb.connect()
    database.execute("create table t as select 1 as a, 2 as b")
    database.execute("create table u as select 3 as a, 4 as b")
    database.execute("create table report (a int, b int)")
    database.execute(statement)
    for column in "ab":
        for (value,) in database.sql(f"select {column} from report").fetchall():
            yield column, VALUES[value]


def openlineage(statement):
    found = parse([statement], dialect="duckdb")
    assert not found.errors
    for made in found.column_lineage:
        for source in made.lineage:
            yield made.descendant.name, f"{source.origin.name}.{source.name}"


def sqllineage(statement):
    for path in LineageRunner(statement, dialect="duckdb").get_column_lineage():
        yield path[-1].raw_name, str(path[0]).removeprefix("<default>.")


def sqlglot(statement):
    query = statement[statement.index("select") :]
    schema = {table: {"a": "int", "b": "int"} for table in "tu"}
    for column in "ab":
        for node in lineage(column, query, schema=schema, dialect="duckdb").walk():
            if not node.downstream:
                yield column, node.name


LIST = "insert into report (b, a) select a, b from u"
UNION = "insert into report select a, b from t union all by name select b, a from u"
READERS = {LIST: (openlineage, sqllineage), UNION: (openlineage, sqllineage, sqlglot)}
for statement, readers in READERS.items():
    print(statement)
    for reader in (happened, *readers):
        made = ", ".join(f"{column} of {source}" for column, source in sorted(reader(statement)))
        print(f"  {reader.__name__}: {made}")
PROGRAM
answer=$("$folder/venv/bin/python" "$folder/main.py")
echo "$answer"
expected="insert into report (b, a) select a, b from u
  happened: a of u.b, b of u.a
  openlineage: a of u.a, b of u.b
  sqllineage: a of u.b, b of u.a
insert into report select a, b from t union all by name select b, a from u
  happened: a of t.a, a of u.a, b of t.b, b of u.b
  openlineage: a of t.a, a of u.a, b of t.b, b of u.b
  sqllineage: a of t.a, a of u.b, b of t.b, b of u.a
  sqlglot: a of t.a, a of u.b, b of t.b, b of u.a"
test "$answer" = "$expected"
