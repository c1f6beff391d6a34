#!/bin/sh
# openlineage-sql 1.54.0: a `WITH` item hides every table whose last name is its own in
# the whole statement, where SQL means the table: `with orders as (select … from
# raw.orders)` has no input, with schema or database before the name or not, and an
# `INSERT` into a table so named has no output. No error is given. A function in `FROM`
# is a table: two jobs that read two files by `read_parquet` share one input.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openlineage-sql==1.54.0 duckdb==2.0.1
cat > "$folder/main.py" <<'PROGRAM'
import duckdb
from openlineage_sql import parse

database = duckdb.connect()
database.execute("create schema raw")
database.execute("create table raw.orders as select 1 as id")
database.execute("create table orders (id int)")
database.execute("create table report (id int)")
database.execute("copy raw.orders to 'a.parquet'")
for statement in (
    "with o as (select * from raw.orders) insert into report select * from o",
    "with orders as (select * from raw.orders) insert into report select * from orders",
    "with orders as (select 2) insert into orders select * from orders",
    "insert into report select * from read_parquet('a.parquet')",
    "insert into report select * from range(3)",
):
    inserted = database.execute(statement).fetchall()[0][0]
    found = parse([statement], dialect="duckdb")
    read = [table.qualified_name for table in found.in_tables]
    written = [table.qualified_name for table in found.out_tables]
    print(f"{statement}: {inserted} inserted; in {read}, out {written}, {found.errors}")
PROGRAM
cd "$folder"
answer=$(venv/bin/python main.py)
echo "$answer"
expected="with o as (select * from raw.orders) insert into report select * from o: 1 inserted; in ['raw.orders'], out ['report'], []
with orders as (select * from raw.orders) insert into report select * from orders: 1 inserted; in [], out ['report'], []
with orders as (select 2) insert into orders select * from orders: 1 inserted; in [], out [], []
insert into report select * from read_parquet('a.parquet'): 1 inserted; in ['read_parquet'], out ['report'], []
insert into report select * from range(3): 3 inserted; in ['range'], out ['report'], []"
test "$answer" = "$expected"
