#!/bin/sh
# openlineage-dbt 1.54.0 with dbt-core 1.9.11: a model that reads another through an
# ephemeral one has that as its input, a table which does not exist. By default no event
# says what it is made of, so that the chain is cut in two; with
# `--consume-structured-logs` it is said to be made. Exits with 0 while that is so.
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
shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb, schema: dev}}}
YAML
echo "select 1 as id" > models/orders.sql
echo "{{ config(materialized='ephemeral') }} select * from {{ ref('orders') }}" \
    > models/paid.sql
echo "select * from {{ ref('paid') }}" > models/report.sql
cat > show.py <<'PROGRAM'
import json, sys
import duckdb

made = duckdb.connect("shop.duckdb").sql(
    "select table_schema || '.' || table_name from information_schema.tables"
)
print("tables", sorted(name for (name,) in made.fetchall()))
for event in map(json.loads, open("events.jsonl")):
    if event["eventType"] == "COMPLETE" and event.get("outputs"):
        read, written = ([d["name"] for d in event[side]] for side in ("inputs", "outputs"))
        print("made", *written, "from", *read or ["nothing"])
PROGRAM
export DBT_PROFILES_DIR=. DBT_SEND_ANONYMOUS_USAGE_STATS=false
export OPENLINEAGE__TRANSPORT__TYPE=file OPENLINEAGE__TRANSPORT__APPEND=true
export OPENLINEAGE__TRANSPORT__LOG_FILE_PATH=events.jsonl PATH="$folder/venv/bin:$PATH"
answer=$(
    for option in "" --consume-structured-logs; do
        rm -f events.jsonl
        dbt-ol run $option > log 2>&1 || cat log
        python show.py
    done
)
echo "$answer"
expected="tables ['dev.orders', 'dev.report']
made shop.dev.orders from nothing
made shop.dev.report from shop.dev.paid
tables ['dev.orders', 'dev.report']
made shop.dev.orders from nothing
made shop.dev.paid from shop.dev.orders
made shop.dev.report from shop.dev.paid"
test "$answer" = "$expected"
