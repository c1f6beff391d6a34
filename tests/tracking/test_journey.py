"""The code of the design's second section, through the real runtime."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from lineage.recording.host_info import machine_name

PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
import lineage
from lineage import cards, produces_file, uses_file, uses_project
from lineage import ProjectInfo, WorkflowSettings

def best(checkpoints):
    return max(checkpoints)

@uses_project("project.id", version=lineage.snapshot("before training"))
@uses_file("settings[weights]", model_weight=True)
@produces_file(lambda result: best(result["checkpoints"]), model_weight=True,
               card=cards.folder)
@produces_file("result[report]", card=cards.report)
def train(project: ProjectInfo, settings: dict) -> dict:
    return {"checkpoints": ["out/1.pt", "out/2.pt"], "report": "out/report.html"}

@lineage.app(name="Train classifier", card=cards.session)
def main() -> None:
    train(ProjectInfo(*[7, "Lemons"] + [None] * 23), {"weights": "base.pt"})
    train(ProjectInfo(*[8, "Kiwis"] + [None] * 23), {"weights": None})

main()

with lineage.task(name="Nightly merge") as task:
    merged = task.produces_project(99)
    with lineage.step("convert"):
        with uses_project(42), produces_file("out/all.zip"):
            pass
    with ThreadPoolExecutor(1) as pool:
        work = lineage.bind(lambda: lineage.current_task().uses_dataset(5))
        pool.submit(work).result()

with lineage.disabled():
    task.uses_project(1000)

report = lineage.flush(20)
assert report, report
api = lineage.runtime.runtime()._make_api()
tasks = {t.node.name: t for t in api.graph.tasks().tasks}
def names(nodes): return sorted(f"{n.kind}:{n.id}" for n in nodes)
print(names(tasks["Train classifier"].inputs), names(tasks["Train classifier"].outputs))
print(names(tasks["Nightly merge"].inputs), names(tasks["Nightly merge"].outputs))
print([t.node.status for t in tasks.values()])
"""


def test_the_designs_example_reaches_the_graph(tmp_path: Path) -> None:
    """Each line of it is an edge of the embedded instance, and nothing else is."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    # A local path is known by its machine, and absolute as it was at the call.
    here = f"file://{json.loads(machine_name())}{tmp_path}/"
    train, merge, statuses = done.stdout.replace(here, "").splitlines()
    assert train == (
        "['model_weight:base.pt', 'project:7', 'project:8'] "
        # Each project gave a report and a model, under the same names.
        "['file:out/report.html', 'file:out/report.html', "
        "'model_weight:out/2.pt', 'model_weight:out/2.pt']"
    )
    assert merge == "['dataset:5', 'project:42'] ['file:out/all.zip', 'project:99']"
    assert statuses == "['finished', 'finished']"


def test_one_line_delivers_before_it_ends(tmp_path: Path) -> None:
    """A script that ends at once delivers on its way out, without waiting in vain."""
    line = "import lineage; lineage.current_task().uses_project(1)"
    environ = {k: v for k, v in os.environ.items() if k != "LINEAGE_HOME"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", line],
        cwd=tmp_path,
        # A delivery that is impossible at exit would take longer than the test waits.
        env={**environ, "LINEAGE_FLUSH_TIMEOUT_S": "120"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    home = tmp_path / ".lineage"
    assert not list((home / "journal").glob("*.seg"))
    with closing(sqlite3.connect(home / "instance.db")) as store:
        assert store.execute("SELECT COUNT(*) FROM edges").fetchone() == (1,)
