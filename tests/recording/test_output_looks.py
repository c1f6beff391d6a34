"""Outputs declared before they are written: looked at when that is over."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage.testing import Recorded, capture


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    """Record into memory."""
    with capture() as facts:
        yield facts


def states(recorded: Recorded) -> dict[str, dict[str, Any]]:
    """Put edges and the evidence that followed them together, by uid."""
    found: dict[str, dict[str, Any]] = {}
    for number, fact in enumerate(recorded.facts):
        if fact["f"] == "edge" and fact["dir"] == "output":
            found[fact.get("uid", str(number))] = dict(fact)
        elif fact["f"] == "evidence":
            found.setdefault(fact["edge"], {}).update(fact)
    return found


def sizes(recorded: Recorded) -> list[int | None]:
    """List the sizes that were recorded, one for each production."""
    return [fact.get("stat", {}).get("size") for fact in states(recorded).values()]


def test_what_is_written_after_its_declaration_has_its_new_size(
    folder: Path, recorded: Recorded
) -> None:
    """The form of the README: the file existed before, and gets other content."""
    Path("res.csv").write_text("older content")
    with lineage.task(name="t") as task:
        task.produces_file(Path("res.csv")).write_text("new")
    assert sizes(recorded) == [3]
    (fact,) = states(recorded).values()
    assert fact["stat"]["mtime_ns"] == (folder / "res.csv").stat().st_mtime_ns
    assert "unwritten" not in fact


def test_what_is_declared_after_it_was_written_is_looked_at_once(
    folder: Path, recorded: Recorded
) -> None:
    """A file that the step has written already is recorded with its edge."""
    with lineage.task(name="t") as task:
        Path("a").write_text("content")
        task.produces_file("a")
    assert [fact["f"] for fact in recorded.facts if "stat" in fact] == ["edge"]
    assert sizes(recorded) == [7]


@pytest.mark.parametrize("is_first", [True, False], ids=["declared first", "then"])
def test_a_file_written_in_a_loop_is_produced_in_each_round(
    folder: Path, recorded: Recorded, is_first: bool
) -> None:
    """Each state is a production of its own, wherever the declaration stands."""
    with lineage.task(name="t") as task:
        for size in (1, 2, 3):
            if is_first:
                task.produces_file(Path("ckpt")).write_text("x" * size)
            else:
                Path("ckpt").write_text("x" * size)
                task.produces_file("ckpt")
    assert sizes(recorded) == [1, 2, 3]


def test_a_declaration_that_is_repeated_is_recorded_once(
    folder: Path, recorded: Recorded
) -> None:
    """Nothing was written between the two: it is one production."""
    with lineage.task(name="t") as task:
        Path("a").write_text("content")
        task.produces_file("a")
        task.produces_file("a")
        for _ in range(2):
            task.produces_file("absent")
            task.produces_file("s3://bucket/key")
    assert [f["id"] for f in recorded.edges] == ["a", "absent", "s3://bucket/key"]


def test_a_step_looks_at_its_own_outputs_when_it_ends(
    folder: Path, recorded: Recorded
) -> None:
    """What a later step writes to the file is no output of the earlier one."""
    with lineage.task(name="t") as task:
        with lineage.step("one"):
            task.produces_file(Path("a")).write_text("1")
        Path("a").write_text("22")
    assert sizes(recorded) == [1]


def test_a_flush_looks_at_outputs_of_a_task_without_an_end(
    folder: Path, recorded: Recorded
) -> None:
    """What was written until then is recorded; what is written later follows."""
    task = lineage.current_task()
    task.produces_file(Path("a")).write_text("1")
    recorder = lineage.runtime.runtime().recorder
    recorder.look_at_outputs()
    assert sizes(recorded) == [1]
    Path("a").write_text("22")
    recorder.look_at_outputs()
    assert sizes(recorded) == [2]
    recorder.look_at_outputs()
    assert len([f for f in recorded.facts if f["f"] == "evidence"]) == 2


def test_an_output_that_was_found_is_marked(folder: Path, recorded: Recorded) -> None:
    """A file that was last written before the step began was not made by it."""
    Path("a").write_text("found")
    time.sleep(0.05)

    @lineage.produces_file()
    def cached() -> str:
        return "a"

    with lineage.task(name="t") as task:
        cached()
        with lineage.step("s"):
            task.produces_file("a")
        with lineage.produces_file("a"):
            pass
    assert {fact.get("unwritten") for fact in states(recorded).values()} == {True}


def test_a_relative_output_stays_where_it_was_declared(
    folder: Path, recorded: Recorded
) -> None:
    """The app may go elsewhere before the step ends."""
    (folder / "elsewhere").mkdir()
    with lineage.task(name="t") as task:
        task.produces_file(Path("a")).write_text("1")
        os.chdir("elsewhere")
        Path("a").write_text("another")
    assert sizes(recorded) == [1]


def test_a_folder_is_looked_at_when_its_step_ends(
    folder: Path, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Evidence that names the folder asks the background to list it then."""
    # An app that has fsspec gets its stores asked as well.
    monkeypatch.delitem(sys.modules, "fsspec", raising=False)
    with lineage.task(name="t") as task:
        task.produces_folder("d")
        task.produces_file("s3://bucket/key")
    listed, stored = (edge["uid"] for edge in recorded.edges)
    late = [fact for fact in recorded.facts if fact["f"] == "evidence"]
    (found,) = [fact for fact in late if fact["edge"] == listed]
    assert found["local_path"] == str(folder / "d")
    assert stored not in [fact["edge"] for fact in late]


@pytest.mark.posix
def test_a_forked_child_leaves_the_outputs_to_its_parent(
    folder: Path, recorded: Recorded
) -> None:
    """Whoever declared an output looks at it, and nobody else."""
    with lineage.task(name="t") as task:
        task.produces_file(Path("a")).write_text("1")
        recorder = lineage.runtime.runtime().recorder
        pid = os.fork()
        if pid == 0:
            os._exit(1 if recorder.looks else 0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert sizes(recorded) == [1]


def test_a_task_without_an_end_keeps_a_bounded_number(
    folder: Path, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest outputs are looked at when too many are open."""
    monkeypatch.setattr("lineage.recording.output_looks._MAX_OPEN", 2)
    task = lineage.current_task()
    for number in range(4):
        task.produces_file(Path(str(number))).write_text("x")
    assert sizes(recorded) == [1, 1, None, None]
