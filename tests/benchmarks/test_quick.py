"""The benchmarks run, and print every row they promise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ROWS = {
    "call": (
        "bare call",
        "lineage, off by environment",
        "lineage, off at run time",
        "functools.wraps",
        "wrapt, bare",
        "lineage, on in memory",
        "lineage, on with journal",
        "lineage, on with journal (power)",
        "OpenTelemetry, batch processor",
        "mlflow.trace",
        "OpenLineage, file transport",
        "SDK add_input_project, loopback",
        "SDK add_input_project, 20 ms",
    ),
    "latency": (
        "paced, batch endpoint",
        "paced, one-edge endpoint",
        "flat out, batch endpoint",
    ),
    "delivery": (
        "SDK, one call after the other",
        "lineage, one-edge endpoint",
        "lineage, batch endpoint",
        "lineage, one edge with a look-up",
        "lineage, an app of 40 edges with look-ups",
    ),
    "serve": (
        "bare: one row a request",
        "one edge a request",
        "one edge a request, its card's title new",
        "one edge a request, two workers",
        "bare: rows in batches, append only (1,000 each)",
        "edges in batches (1,000 each)",
        "edges in batches, as when hurried (4,000 each)",
        "facts of decorated calls in batches (1,000 each)",
        "edges in batches, half of them new states (1,000 each)",
    ),
    "swarm": ("alone", "beside 20 half-sent bodies"),
    "masking": (
        "texts of apps",
        "texts that look like secrets",
        "secrets, each in its shape",
    ),
    "memory": ("0", "80,000"),
    "postgres": (
        "bare multi-row inserts in PostgreSQL",
        "the store on PostgreSQL",
        "the store on SQLite",
        "the empty store on PostgreSQL",
        "the empty store on SQLite",
        "PostgreSQL",
    ),
    "compare": (
        "import lineage and one decoration, of import wrapt",
        "recorded call, new id, of bare wrapt",
        "recorded call, id recorded before, of bare wrapt",
        "five declarations, new ids, of one",
        "repeat=True, of a new id",
        "method, off at run time, of the bare method",
        "p99.9, paced, flusher at work, 16 threads, of the base",
        "lineage show, whole process, of python -c pass",
        "lineage tasks, whole process, of python -c pass",
        "lineage serve: one edge a request, of a bare row",
        "one-edge endpoint on loopback, of the SDK",
        "memory of an app after 1,000,000 edges, of the base",
        "calls that share one model, until they are stored, of the base",
        "lineage serve: facts of decorated calls, of the base",
    ),
    "footprint": ("lineage", "the four required packages", "together"),
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the one command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=580,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ROWS)
def test_each_benchmark_prints_its_rows(name: str) -> None:
    """A benchmark prints all its rows, and none of lineage's own failed."""
    base = ["--base", "HEAD"] if name == "compare" else []
    done = run(name, "--smoke", *base)
    assert done.returncode == 0, done.stderr
    titles = [line.split("|")[1].strip() for line in _rows(done.stdout)]
    assert [row for row in ROWS[name] if row not in titles] == []
    assert "failed" not in done.stdout


def test_an_unknown_name_is_refused_with_those_that_are_known() -> None:
    """A benchmark that does not exist is named, together with those that do."""
    done = run("speed")
    assert done.returncode == 2
    assert "no benchmark speed; there are call, compare, latency" in done.stderr


def _rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ")]
