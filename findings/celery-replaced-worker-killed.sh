#!/bin/sh
# celery 5.7.0 with billiard 4.3.2 on Linux, a broker without an event loop (filesystem):
# with `--max-tasks-per-child` a warm shutdown kills a task at work in any process but the
# first ones. A thread of the main process starts the processes that replace others; the
# kernel sends their signal for the death of the parent (SIGKILL) when that thread ends,
# and the pool ends it before it waits for the processes. The task has neither result nor
# error, and the worker ends with 0. Without the option the same task is waited for.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet celery==5.7.0 billiard==4.3.2 kombu==5.7.0
cat > "$folder/jobs.py" <<'PROGRAM'
import time
from pathlib import Path

from celery import Celery

place = Path(__file__).parent
app = Celery("jobs", broker="filesystem://", backend=f"file://{place}/results")
app.conf.broker_transport_options = {
    "data_folder_in": f"{place}/queue",
    "data_folder_out": f"{place}/queue",
    "control_folder": f"{place}/control",
}
app.conf.broker_connection_retry_on_startup = True


@app.task
def work(number):
    (place / f"begun-{number}").touch()
    if number:
        time.sleep(8)
    (place / f"ended-{number}").touch()
PROGRAM
cat > "$folder/main.py" <<'PROGRAM'
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import jobs

PLACE = jobs.place


def wait_for(name):
    for _ in range(600):
        if (PLACE / name).exists():
            return
        time.sleep(0.1)
    raise SystemExit(f"{name} does not come")


def warm_shutdown(*options):
    """Stop a worker while a task is at work in its second process; did it end?"""
    for name in ("queue", "control", "results"):
        shutil.rmtree(PLACE / name, ignore_errors=True)
        (PLACE / name).mkdir()
    for path in PLACE.glob("*-[01]"):
        path.unlink()
    words = ["celery", "-A", "jobs", "worker", "-l", "error", "-c", "1", *options]
    worker = subprocess.Popen([sys.executable, "-m", *words], cwd=PLACE)
    jobs.work.delay(0)
    wait_for("ended-0")
    jobs.work.delay(1)
    wait_for("begun-1")
    worker.send_signal(signal.SIGTERM)
    code = worker.wait(60)
    time.sleep(1)
    return code, (PLACE / "ended-1").exists()


plain = warm_shutdown()
replaced = warm_shutdown("--max-tasks-per-child=1")
print("without the option: exit code and whether the task ended:", plain)
print("with it: exit code and whether the task ended:", replaced)
assert plain == (0, True), plain
assert replaced == (0, False), replaced
PROGRAM
cd "$folder"
"$folder/venv/bin/python" main.py > "$folder/printed" 2> "$folder/errors" || { cat "$folder/errors"; exit 1; }
grep "^with" "$folder/printed"
# Seen:
# without the option: exit code and whether the task ended: (0, True)
# with it: exit code and whether the task ended: (0, False)
