"""Switched off by the environment, lineage costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, lineage
from lineage import cards
def work(project): return project
for decorate in (lineage.uses_project("nope.nope"), lineage.produces_file(),
                 lineage.updates_project("x"), lineage.app, lineage.app(name="x"),
                 lineage.task("t"), lineage.step("s"), lineage.disabled(),
                 lineage.bind):
    assert decorate(work) is work, decorate
with lineage.app(name="a") as task, lineage.uses_project(1), lineage.step("s"):
    with lineage.produces_file("x"), lineage.disabled():
        assert task.uses_project(5) == 5
assert lineage.current_task().produces_file("x", card=cards.folder) == "x"
lineage.enable(); lineage.disable(); lineage.configure(home="elsewhere")
assert lineage.is_enabled() is False
assert lineage.flush() and lineage.flush(1).delivered == 0
import os; assert os.listdir(".") == [], os.listdir(".")
"""


@pytest.mark.parametrize("word", ["false", "0", "no", "OFF"])
def test_off_by_environment_hands_back_the_function(
    word: str, tmp_path: object
) -> None:
    """Decorators give the very same object, and nothing is written anywhere."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"LINEAGE_ENABLED": word, "PATH": ""},
        cwd=str(tmp_path),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("word", ["true", "", "perhaps"])
def test_anything_else_is_on(word: str, tmp_path: object) -> None:
    """Unset, true, and what cannot be read leave lineage on."""
    program = "import lineage; print(lineage.is_enabled())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"LINEAGE_ENABLED": word, "PATH": ""},
        cwd=str(tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.stdout == "True\n"
