#!/bin/sh
# pyiceberg 0.12.0: what a table was at a time, once snapshots were expired. A snapshot
# with a tag stays, the later ones go, and their entries in the log with them. Those before
# the gap stay, where the format has them removed as well: so for a time at which the table
# was at an expired snapshot, `snapshot_as_of_timestamp` answers the tagged one, which was
# long replaced by then, and `history()` has nothing between that one and the last.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'pyiceberg[sql-sqlite]==0.12.0' \
    sqlalchemy==2.1.9 pyarrow==26.0.1
cat > "$folder/main.py" <<'PROGRAM'
import sys
import time
from datetime import datetime, timedelta

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog

home = sys.argv[1]
catalog = SqlCatalog("local", uri=f"sqlite:///{home}/catalog.db", warehouse=f"file://{home}")
catalog.create_namespace("shop")
row = pyarrow.table({"price": [1]})
table = catalog.create_table("shop.orders", row.schema)
noted = []
for number in range(4):
    table.append(row)
    if number == 0:
        first = table.current_snapshot().snapshot_id
        table.manage_snapshots().create_tag(first, "first").commit()
    time.sleep(0.1)
    noted.append(int(time.time() * 1000))
    time.sleep(0.1)


def show(words):
    table = catalog.load_table("shop.orders")
    counts = []
    for moment in noted:
        snapshot = table.snapshot_as_of_timestamp(moment)
        read = snapshot and table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()
        counts.append(read.num_rows if snapshot else None)
    print(f"{words}: rows as of the four times {counts}, history {len(table.history())}")


show("four times one row")
table = catalog.load_table("shop.orders")
table.maintenance.expire_snapshots().older_than(datetime.now() + timedelta(1)).commit()
show("all expired but the tagged one and the last")
PROGRAM
answer=$("$folder/venv/bin/python" "$folder/main.py" "$folder" 2> "$folder/errors") ||
    cat "$folder/errors"
echo "$answer"
expected="four times one row: rows as of the four times [1, 2, 3, 4], history 4
all expired but the tagged one and the last: rows as of the four times [1, 1, 1, 4], history 2"
test "$answer" = "$expected"
