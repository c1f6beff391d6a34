#!/bin/sh
# deltalake 1.6.6: a table as of a time goes by the file times of its log, though
# `history()` shows the times inside the commits, and it never refuses: before the first
# commit it answers version 0. So a table that was copied (new file times) answers, for a
# time at which its own history says it had 3 versions, the first one, without a word.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet deltalake==1.6.6 pyarrow==26.0.1
cat > "$folder/main.py" <<'PROGRAM'
import shutil, sys, time
from datetime import datetime, timedelta, timezone

import pyarrow
from deltalake import DeltaTable, write_deltalake

original, copy = f"{sys.argv[1]}/orders", f"{sys.argv[1]}/copy"
for amount in range(3):
    write_deltalake(original, pyarrow.table({"amount": [amount]}), mode="append")
time.sleep(1)
noted = datetime.now(timezone.utc)
time.sleep(1)
shutil.copytree(original, copy, copy_function=shutil.copyfile)
for name, path in (("original", original), ("copy", copy)):
    for words, moment in (("noted", noted), ("a year before", noted - timedelta(365))):
        table = DeltaTable(path)
        committed = [c["timestamp"] / 1000 for c in table.history()]
        before = sum(at <= moment.timestamp() for at in committed)
        table.load_as_version(moment)
        print(f"{name}, {words}: {before} commits in its history until then,", end=" ")
        print(f"answered: version {table.version()}")
PROGRAM
answer=$("$folder/venv/bin/python" "$folder/main.py" "$folder")
echo "$answer"
expected="original, noted: 3 commits in its history until then, answered: version 2
original, a year before: 0 commits in its history until then, answered: version 0
copy, noted: 3 commits in its history until then, answered: version 0
copy, a year before: 0 commits in its history until then, answered: version 0"
test "$answer" = "$expected"
