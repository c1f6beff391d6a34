#!/bin/sh
# dill 0.4.1: a function of a script that is loaded in another process has lost the
# script's globals, so it cannot even call itself (cloudpickle 3.1.3 ships them).
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dill==0.4.1 cloudpickle==3.1.3
cat > "$folder/main.py" <<'PROGRAM'
import subprocess, sys

import cloudpickle, dill


def countdown(number):
    return countdown(number - 1) if number else "done"


for pickler in (dill, cloudpickle):
    name = pickler.__name__
    child = f"import sys, {name}\nprint({name}.load(sys.stdin.buffer)(2))"
    command = [sys.executable, "-c", child]
    done = subprocess.run(command, input=pickler.dumps(countdown), capture_output=True)
    text = (done.stdout or done.stderr).decode().strip().splitlines()[-1]
    print(name, pickler.__version__, "->", text)
PROGRAM
answer=$("$folder/venv/bin/python" "$folder/main.py")
echo "$answer"
echo "$answer" | grep -q "^dill 0.4.1 -> NameError: name 'countdown' is not defined"
echo "$answer" | grep -q "^cloudpickle 3.1.3 -> done"
