#!/bin/sh
# datasets 5.2.0: `load_dataset` of a local CSV, JSON or text file goes by its path and
# modification time alone. A file of another size and content that has the time of the
# one before it (restored by `cp -p`, `rsync -t`, `tar`, or from archives whose members
# all have one time) is answered with the rows of the old one, in another process too.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet datasets==5.2.0
cat > "$folder/main.py" <<'PROGRAM'
import sys

import datasets

datasets.disable_progress_bars()
kind, name = sys.argv[1:]
rows = datasets.load_dataset(kind, data_files=name, split="train")
print(kind, "size", len(open(name).read()), "->", rows[:])
PROGRAM
export HF_HOME="$folder/home" HF_HUB_OFFLINE=1
cd "$folder"
show() {
    "$folder/venv/bin/python" main.py "$@" 2> "$folder/errors" || cat "$folder/errors"
}
answer=$(
    printf 'x\n1\n' > a.csv; touch -d 2026-01-01 a.csv; show csv a.csv
    printf 'x\n22\n333\n' > a.csv; touch -d 2026-01-01 a.csv; show csv a.csv
    touch -d 2026-01-02 a.csv; show csv a.csv
    printf '{"x":1}\n' > a.json; touch -d 2026-01-01 a.json; show json a.json
    printf '{"x":22}\n{"x":333}\n' > a.json; touch -d 2026-01-01 a.json; show json a.json
)
echo "$answer"
expected="csv size 4 -> {'x': [1]}
csv size 9 -> {'x': [1]}
csv size 9 -> {'x': [22, 333]}
json size 8 -> {'x': [1]}
json size 19 -> {'x': [1]}"
test "$answer" = "$expected"
