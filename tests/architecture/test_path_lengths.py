"""How many own files one action passes through; the bounds only ever go down."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from source_tree import PACKAGE

import lineage
from lineage import cards
from lineage.cli import main
from lineage.runtime import runtime


@dataclass
class Trace:
    """The own files that calls of one thread passed through."""

    files: list[str] = field(default_factory=list)

    @property
    def opened(self) -> set[str]:
        """Each file once."""
        return set(self.files)

    @property
    def changes(self) -> int:
        """How often the file changed from one call to the next."""
        return sum(a != b for a, b in zip(self.files, self.files[1:], strict=False))


@contextmanager
def traced() -> Iterator[Trace]:
    """Note the file of each function of our own that this thread calls."""
    trace, root = Trace(), f"{PACKAGE}/"
    me = threading.get_ident()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and threading.get_ident() == me:
            name = frame.f_code.co_filename
            # Generated functions have no file; their maker was called before.
            if name.startswith(root) and frame.f_code.co_name != "<module>":
                trace.files.append(name.removeprefix(root))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield trace
    finally:
        sys.setprofile(before)


def _short(trace: Trace, files: int, changes: int | None = None) -> None:
    found = sorted(trace.opened)
    assert len(found) <= files, f"{len(found)} files: {', '.join(found)}"
    if changes is not None:
        assert trace.changes <= changes, f"{trace.changes} changes of file"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A plain function with an input and an output, beside its input."""
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("1")

    def convert(path: str) -> str:
        Path("out.csv").write_text("2")
        return "out.csv"

    return convert


def test_decorating_a_function_passes_few_files(example: Callable[..., Any]) -> None:
    """To follow one decoration a reader opens 9 files at most."""
    lineage.uses_file("path")(lambda path: path)
    with traced() as trace:
        lineage.uses_file("path", card=cards.folder)(example)
    _short(trace, 9)


def test_a_recorded_call_passes_few_files(example: Callable[..., Any]) -> None:
    """To follow one recorded call with a path and a card: 10 files at most."""
    wrapped = lineage.uses_file("path", card=cards.folder)(example)
    with lineage.task(name="warm"):
        wrapped("other.csv")
        with traced() as trace:
            wrapped("in.csv")
    _short(trace, 10)


def test_a_question_passes_few_files(
    example: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """`lineage impact` on the embedded instance: 36 files, 200 changes of file."""
    lineage.uses_file("path")(lineage.produces_file()(example))("in.csv")
    assert lineage.flush(20)
    assert main(["impact", "in.csv"]) == 0
    with traced() as trace:
        assert main(["impact", "in.csv"]) == 0
    assert "out.csv" in capsys.readouterr().out
    _short(trace, 36, 200)


def test_a_call_of_the_client_passes_few_files(example: Callable[..., Any]) -> None:
    """`api.task.get_info_by_id` on the embedded instance: 14 files at most."""
    lineage.uses_file("path")(example)("in.csv")
    assert lineage.flush(20)
    api = runtime()._make_api()
    assert api.task.get_info_by_id(1)
    with traced() as trace:
        assert api.task.get_info_by_id(1)
    _short(trace, 14)
