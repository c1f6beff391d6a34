"""Fills a home with 600 runs and 3,000 artifacts through the public API.

Run as a program: `python page_store.py FOLDER [RUNS]`. The folder gets `home` (the
embedded instance) and `data` (the files of the runs); nothing else is written, wherever
the program is started and whatever the environment sets.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

#: The size of the store that the tests of the page look at.
RUNS = 600
#: Every so many trainings fail.
FAIL_EVERY = 14
_WAIT_S = 600


class NotANumberError(Exception):
    """The loss of a training is not a number."""


def fill_store(folder: Path, runs: int = RUNS) -> Path:
    """Record the runs in a process of its own; return the home that holds them."""
    program = [sys.executable, __file__, str(folder), str(runs)]
    subprocess.run(program, check=True, timeout=_WAIT_S)
    return folder / "home"


def _keep_home(folder: Path) -> None:
    """Record into the folder's own home, by no setting of the caller's."""
    for name in [name for name in os.environ if name.startswith("LINEAGE")]:
        del os.environ[name]
    os.environ["LINEAGE_HOME"] = str(folder / "home")
    os.environ["LINEAGE_TARGET"] = "local"


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def _export(root: Path, number: int) -> None:
    """Export a table of one of three shops, with its parts."""
    import lineage

    shop = ("berlin", "oslo", "porto")[number % 3]
    rows = "".join(f"{number},{row},{row * number}\n" for row in range(20))
    with lineage.task(name="Export shop") as task:
        task.uses_project(12 + number % 3)
        with lineage.step("export", shop=shop, since=f"2026-{number % 12 + 1:02}-01"):
            for part in range(11):
                name = f"{shop}/parts/{number:04}/{part}.csv"
                task.produces_file(_write(root / name, f"{name}\n{rows}"))
            task.produces_file(_write(root / shop / "shop.csv", "run,row,n\n" + rows))


def _train(root: Path, number: int) -> None:
    """Train on the tables; every so often it fails."""
    import lineage

    rate = (0.1, 0.03, 0.01, 0.003)[number % 4]
    run = root / "runs" / f"{number:04}"
    fit = {"lr": rate, "epochs": 10 + number % 5, "seed": number}
    with lineage.task(name="Train unet") as task, lineage.step("fit", **fit):
        for shop in ("berlin", "oslo", "porto"):
            table = root / shop / "shop.csv"
            if table.exists():
                task.uses_file(table)
        if number % FAIL_EVERY == FAIL_EVERY - 1:
            raise NotANumberError(f"the loss of run {number} is not a number")
        lines = [json.dumps({"epoch": at, "loss": 1 / at}) for at in (1, 2, 3)]
        log = f"{json.dumps({'run': number})}\n" + "\n".join(lines)
        task.produces_file(_write(run / "log.jsonl", log))
        task.produces_file(_write(run / "notes.txt", f"run {number}\n"))
        model = _write(root / "models" / "best.pt", f"weights {number}" * 9)
        task.produces_file(model, model_weight=True)


def _evaluate(root: Path, number: int) -> None:
    """Evaluate the model on one of the tables."""
    import lineage

    run = root / "evaluations" / f"{number:04}"
    with (
        lineage.task(name="Evaluate unet") as task,
        lineage.step("evaluate", threshold=number % 9 / 10),
    ):
        task.uses_file(root / "models" / "best.pt", model_weight=True)
        task.uses_file(root / ("berlin", "oslo", "porto")[number % 3] / "shop.csv")
        task.produces_file(_write(run / "scores.json", json.dumps({"auc": number})))
        task.produces_file(_write(run / "report.md", f"# Report {number}\n"))
        task.produces_file(_write(run / "errors.csv", f"row\n{number}\n"))


def main(folder: Path, runs: int) -> None:
    """Record the runs, in the order in which such apps run."""
    _keep_home(folder)
    import lineage

    root = folder / "data"
    for number in range(runs):
        app = (_export, _train, _evaluate)[number % 3]
        # A failing training ends here, as an app's own process would.
        with contextlib.suppress(NotANumberError):
            app(root, number // 3)
    report = lineage.flush(_WAIT_S)
    assert report, report


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else RUNS)
