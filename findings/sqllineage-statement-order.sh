#!/bin/sh
# sqllineage 1.5.9: several statements are one graph in which their order counts for
# nothing. A table that is copied first and filled afterwards hands on, in the tables'
# and in the columns' lineage, what was not in it yet: `archive` is said to come from
# `fresh` and from nothing else, though none of its rows does. A table that is dropped
# and made again between two reads is one table. Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sqllineage==1.5.9 sqlfluff==4.5.0 duckdb==2.0.1
cat > "$folder/main.py" <<'PROGRAM'
import duckdb
from sqllineage.runner import LineageRunner

script = """
insert into archive select id from orders;
insert into orders select id from fresh;
"""
database = duckdb.connect()
for table, id in (("archive", 0), ("orders", 1), ("fresh", 2)):
    database.execute(f"create table {table} as select {id} as id")
database.execute(script)
print("in archive:", database.sql("select id from archive").fetchall())
found = LineageRunner(script, dialect="duckdb")
print("sources", found.source_tables, "targets", found.target_tables)
print("between", found.intermediate_tables)
columns = found.get_column_lineage()
print("columns", [[str(column) for column in path] for path in columns])
reused = "; ".join(
    [
        "create table part as select id from orders",
        "insert into first_report select id from part",
        "drop table part",
        "create table part as select id from fresh",
        "insert into second_report select id from part",
    ]
)
paths = LineageRunner(reused, dialect="duckdb").get_column_lineage()
print("made again", sorted((str(path[0]), str(path[-1])) for path in paths))
PROGRAM
answer=$("$folder/venv/bin/python" "$folder/main.py")
echo "$answer"
expected="in archive: [(0,), (1,)]
sources [Table: <default>.fresh] targets [Table: <default>.archive]
between [Table: <default>.orders]
columns [['<default>.fresh.id', '<default>.orders.id', '<default>.archive.id']]
made again [('<default>.fresh.id', '<default>.first_report.id'), ('<default>.fresh.id', '<default>.second_report.id'), ('<default>.orders.id', '<default>.first_report.id'), ('<default>.orders.id', '<default>.second_report.id')]"
test "$answer" = "$expected"
