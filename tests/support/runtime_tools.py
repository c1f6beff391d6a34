"""Scripts that record in processes of their own, and what they left."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from journal_tools import run_script, wait_for

import lineage

#: The reason as long as no attempt has ended.
NO_TIME = "there was no time left"
PRELUDE = """
import os, signal, sys, threading, multiprocessing
import lineage
def record(number):
    lineage.current_task().uses_project(number)
"""


def stored(home: Path) -> list[int]:
    """Return the ids that reached the embedded instance."""
    path = home / "instance.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as store:
        rows = store.execute(
            "SELECT ident FROM edges JOIN nodes ON nodes.id = edges.node_id "
            "JOIN entities ON entities.id = nodes.entity_id"
        ).fetchall()
    return sorted(int(row[0]) for row in rows)


def why_waiting() -> str:
    """Flush until an attempt has failed; return its reason."""
    wait_for(lambda: lineage.flush(0.1).reason not in (None, NO_TIME))
    report = lineage.flush(0)
    assert report.waiting
    return report.reason or ""


def run(body: str, home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run an app."""
    return run_script(PRELUDE + body, home=home, **environ)
