"""The parent's side of `load`: runs one job in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from .subjects import BY_KEY
from .workers import ROOT, WorkerError

_JOURNAL: Final = BY_KEY["journal"]


def run_job(scratch: Path, address: str, *, root: Path = ROOT, **job: Any) -> Any:
    """Run a job of `load` whose facts go to this address; give what it printed.

    Args:
        scratch: Where the process keeps its journal.
        address: The instance.
        root: The folder of the build that it loads.
        job: The job's name and arguments.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", json.dumps(job)],
        capture_output=True,
        check=False,
        text=True,
        timeout=600,
        cwd=root,
        env=_JOURNAL.environ(scratch, address),
    )
    if done.returncode != 0:
        raise WorkerError(done.stderr[-2000:])
    return json.loads(done.stdout or "null")
