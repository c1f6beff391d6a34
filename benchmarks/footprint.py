"""Table (d): what importing and installing cost."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from .harness import Goal, Options, Spread, Table, significant, spread_of_durations
from .subjects import is_there
from .workers import ROOT

TITLE: Final = "import time and installed size"

_DISTRIBUTION: Final = "workflow-lineage"

_TIMED: Final = """
import json, sys, time
before, start = len(sys.modules), time.perf_counter_ns()
{statement}
print(json.dumps([time.perf_counter_ns() - start, len(sys.modules) - before]))
"""


@dataclass(frozen=True, slots=True)
class Import:
    """One row: what is imported, and what must be installed for it."""

    title: str
    statement: str
    module: str
    requirement: str = ""


_OURS: Final = Import("lineage", "import lineage", "lineage")
_REQUIRED: Final = Import(
    "the four required packages",
    "import wrapt, requests, packaging, pydantic\n"
    "# Packages that load their parts at first use, with the part that is used.\n"
    "from packaging import version\nfrom pydantic import BaseModel",
    "pydantic",
)
_IMPORTS: Final = (
    Import("requests alone", "import requests", "requests"),
    Import("pydantic alone", "from pydantic import BaseModel", "pydantic"),
    _REQUIRED,
    _OURS,
    Import(
        "OpenTelemetry SDK",
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from opentelemetry.sdk.trace.export import BatchSpanProcessor",
        "opentelemetry.sdk",
        "opentelemetry-sdk",
    ),
    Import(
        "OpenLineage client",
        "from openlineage.client import OpenLineageClient",
        "openlineage",
        "openlineage-python",
    ),
    Import("MLflow", "import mlflow", "mlflow", "mlflow"),
    Import("the SDK", "import supervisely", "supervisely", "supervisely"),
)


def run(options: Options) -> list[Table]:
    """Time imports in fresh interpreters, then weigh the core install."""
    return [_import_table(options), _size_table(options)]


def _import_table(options: Options) -> Table:
    rounds = options.pick_rounds(full=15, quick=3)
    present = [row for row in _IMPORTS if is_there(row.module)]
    figures: dict[Import, list[tuple[int, int]]] = {row: [] for row in present}
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as compiled:
        for row in present:
            _time_import(row, compiled)  # compiles, and warms the system's cache
        for _ in range(rounds):
            for row in present:
                figures[row].append(_time_import(row, compiled))
    table = Table("Import", ("", "time", "quartiles", "modules"))
    table.rows = [_import_row(row, figures.get(row, [])) for row in _IMPORTS]
    median_ms = Spread.of([time for time, _ in figures[_OURS]]).median / 1e6
    table.goals = [Goal("import lineage", median_ms, 200, " ms")]
    table.notes = [
        f"medians of {rounds} fresh interpreters each, interleaved",
        "the interpreter's own start is not counted; byte code is compiled beforehand",
    ]
    return table


def _time_import(row: Import, compiled: str) -> tuple[int, int]:
    code = _TIMED.format(statement=row.statement)
    own = {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    output = _run([sys.executable, "-c", code], own)
    nanoseconds, modules = json.loads(output.splitlines()[-1])
    return nanoseconds, modules


def _import_row(row: Import, figures: list[tuple[int, int]]) -> list[str]:
    if not figures:
        return [row.title, f"skipped: pip install {row.requirement}", "", ""]
    spread = Spread.of([time for time, _ in figures])
    milliseconds = f"{significant(spread.median / 1e6)} ms"
    return [row.title, milliseconds, spread_of_durations(spread), str(figures[0][1])]


def _size_table(options: Options) -> Table:
    table = Table("Installed size of the core", ("", "MB", "files"))
    if options.is_quick or options.is_smoke:
        sizes = _sizes_here()
        table.notes = ["what is installed here; the full run installs it afresh"]
    else:
        sizes = _sizes_afresh()
        table.notes = ["a fresh environment without pip, byte code included"]
    for name, (size, files) in sorted(sizes.items(), key=lambda x: -x[1][0]):
        table.rows.append([name, significant(size / 1e6), str(files)])
    total = sum(size for size, _ in sizes.values())
    files = sum(count for _, count in sizes.values())
    table.rows.append(["together", significant(total / 1e6), str(files)])
    table.goals = [Goal("core install", total / 1e6, 25, " MB")]
    return table


def _sizes_here() -> dict[str, tuple[int, int]]:
    """Weigh the core's distributions as they are installed here."""
    names = _closure(_DISTRIBUTION) - {_DISTRIBUTION}
    sizes = {name: _weigh(importlib.metadata.distribution(name)) for name in names}
    # Installed in place, its own distribution lists no files.
    files = [path for path in (ROOT / "lineage").rglob("*") if path.is_file()]
    own = sum(path.stat().st_size for path in files), len(files)
    return {**sizes, _DISTRIBUTION: own}


def _closure(name: str) -> set[str]:
    """Return the distribution and all that it requires, without extras."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        requirements = map(Requirement, importlib.metadata.requires(current) or [])
        waiting += [
            requirement.name.lower()
            for requirement in requirements
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        ]
    return found


def _sizes_afresh() -> dict[str, tuple[int, int]]:
    """Install the core into an empty folder, and weigh what is in it."""
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input"]
        _run([*pip, "--compile", "--target", folder, str(ROOT)])
        found = importlib.metadata.distributions(path=[folder])
        return {one.metadata["Name"]: _weigh(one) for one in found}


def _weigh(distribution: importlib.metadata.Distribution) -> tuple[int, int]:
    located = (Path(str(file.locate())) for file in distribution.files or [])
    paths = {path for path in located if path.is_file()}
    return sum(path.stat().st_size for path in paths), len(paths)


def _run(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout
