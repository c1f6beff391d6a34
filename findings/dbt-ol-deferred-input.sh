#!/bin/sh
# openlineage-dbt 1.54.0 with dbt-core 1.9.11: with `--defer` a model reads the tables of
# another environment (here the schema `prod`), and its events name the tables that it
# would have read in its own (`dev`), though they do not exist. The same with
# `--consume-structured-logs`. Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dbt-core==1.9.11 dbt-duckdb==1.9.6 duckdb==2.0.1 \
    openlineage-dbt==1.54.0
mkdir -p "$folder/shop/models"
cd "$folder/shop"
cat > dbt_project.yml <<'YAML'
name: shop
profile: shop
models: {+materialized: table}
YAML
cat > profiles.yml <<'YAML'
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb, schema: dev}
    prod: {type: duckdb, path: shop.duckdb, schema: prod}
YAML
echo "select 1 as id" > models/orders.sql
echo "select * from {{ ref('orders') }}" > models/report.sql
cat > show.py <<'PROGRAM'
import json
from pathlib import Path

import duckdb

made = duckdb.connect("shop.duckdb").sql(
    "select table_schema || '.' || table_name from information_schema.tables"
)
print("tables", sorted(name for (name,) in made.fetchall()))
print("ran", Path("target/compiled/shop/models/report.sql").read_text().strip())
for event in map(json.loads, open("events.jsonl")):
    if event["eventType"] == "COMPLETE" and event.get("outputs"):
        read, written = ([d["name"] for d in event[side]] for side in ("inputs", "outputs"))
        print("made", *written, "from", *read)
PROGRAM
export DBT_PROFILES_DIR=. DBT_SEND_ANONYMOUS_USAGE_STATS=false
export OPENLINEAGE__TRANSPORT__TYPE=file OPENLINEAGE__TRANSPORT__APPEND=true
export OPENLINEAGE__TRANSPORT__LOG_FILE_PATH=events.jsonl PATH="$folder/venv/bin:$PATH"
dbt run --target prod > log 2>&1 || cat log
cp -r target state
answer=$(
    for option in "" --consume-structured-logs; do
        rm -f events.jsonl
        dbt-ol run $option --select report --defer --state state > log 2>&1 || cat log
        python show.py
    done
)
echo "$answer"
once="tables ['dev.report', 'prod.orders', 'prod.report']
ran select * from \"shop\".\"prod\".\"orders\"
made shop.dev.report from shop.dev.orders"
test "$answer" = "$once
$once"
