"""Writes the passports that `nox -s crates` checks: `python make_crates.py DIR`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import lineage
from lineage.export import read, write_passport
from lineage.runtime import runtime

_NAME = "a <b>& [x] שלום.bin"


def _fail() -> None:
    with lineage.task(name="Fails") as task:
        task.uses_file("result.csv")
        task.produces_file("result.csv")
        raise ValueError("no room <left>")


def main(out: Path) -> None:
    """Record an app with hostile names and a failed task, and write its passports."""
    shutil.rmtree(out, ignore_errors=True)
    os.environ["LINEAGE_HOME"] = str(out.parent / "home")
    shutil.rmtree(out.parent / "home", ignore_errors=True)
    Path("data.csv").write_text("x,y\n1,2\n")
    with lineage.task(name="Train & <co>") as task:
        task.uses_file("data.csv")
        Path(_NAME).write_bytes(b"weights" * 99)
        task.produces_file(_NAME, model_weight=True)
    with lineage.task(name="Predict") as task:
        task.uses_file(_NAME)
        task.uses_project(7)
        Path("result.csv").write_text("y\n2\n")
        task.produces_file("result.csv", derived_from=[_NAME])
    try:
        _fail()
    except ValueError:
        pass
    assert lineage.flush(20)
    api = runtime()._make_api()
    for name, up, down in (("result.csv", None, 0), ("data.csv", 0, None)):
        record = read(api.graph, name, up=up, down=down)
        for with_files in (False, True):
            write_passport(record, out / f"{name}-{with_files}", with_files=with_files)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
