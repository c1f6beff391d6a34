"""The code of the design's second section, through the real runtime."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
    train, merge, statuses = done.stdout.splitlines()
    assert train == (
        "['model_weight:base.pt', 'project:7', 'project:8'] "
        "['file:out/report.html', 'model_weight:out/2.pt']"
    )
    assert merge == "['dataset:5', 'project:42'] ['file:out/all.zip', 'project:99']"
    assert statuses == "['finished', 'finished']"
