#!/bin/sh
# deltalake 1.6.6: the history of a table that is opened at an older version begins with
# the newest commit all the same, numbered as if it were the version that is open, and
# goes on below zero. Opened at version 1 of 0 to 3, what `history(1)` calls version 1
# is the commit of version 3: its time, operation and custom metadata. The rows are
# those of version 1. Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet deltalake==1.6.6 pyarrow==26.0.1
cat > "$folder/main.py" <<'PROGRAM'
import json, sys
from pathlib import Path

import pyarrow
from deltalake import CommitProperties, DeltaTable, write_deltalake

path = f"{sys.argv[1]}/orders"
for number in range(4):
    write_deltalake(
        path,
        pyarrow.table({"amount": [number]}),
        mode="append",
        commit_properties=CommitProperties({"job": f"job {number}"}),
    )
for version in (3, 1):
    table = DeltaTable(path, version=version)
    log = Path(path, "_delta_log", f"{version:020}.json").read_text().splitlines()
    commit = next(c["commitInfo"] for c in map(json.loads, log) if "commitInfo" in c)
    listed = ", ".join(f"{c['version']} = {c['job']}" for c in table.history())
    print(f"version {table.version()}, rows {table.to_pyarrow_table().num_rows},", end=" ")
    print(f"committed by {commit['job']}; history: {listed}")
PROGRAM
answer=$("$folder/venv/bin/python" "$folder/main.py" "$folder")
echo "$answer"
expected="version 3, rows 4, committed by job 3; history: 3 = job 3, 2 = job 2, 1 = job 1, 0 = job 0
version 1, rows 2, committed by job 1; history: 1 = job 3, 0 = job 2, -1 = job 1, -2 = job 0"
test "$answer" = "$expected"
