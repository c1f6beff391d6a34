"""The check: every declared path of a module, without running it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from lineage.tracking.lint import check_module

SOURCE = """
from __future__ import annotations
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional, TypedDict
import lineage
from lineage import uses_project, uses_file, produces_file, ProjectInfo

@dataclass
class Box:
    id: int
    inner: Optional[Box] = None
    @property
    def made(self): ...

class Options(TypedDict):
    weights: str

class Free:
    def __init__(self): self.id = 1

class Worker:
    @uses_project("box.idd")
    def work(self, box: Box): ...
    @staticmethod
    @uses_project("box.nope")
    def still(box: Box): ...
    class Inner:
        @uses_project("number.x")
        def work(self, number: int): ...

@uses_project("project.id")
@uses_project("project.idd")
def infos(project: ProjectInfo): ...

@uses_file("options[weights]")
@uses_file("options[wheights]")
def entries(options: Options): ...

@uses_project("boxes[].id")
@uses_project("boxes[].nope")
def lists(boxes: list[Box]): ...

@produces_file("result.id")
@produces_file("result.nope")
@produces_file("box.inner.inner.nope", when="box.gone")
def results(box: Box | None) -> Box: ...

@uses_project("free.id")
@uses_project("box.made.anything")
@uses_project("unknown.a[b][]")
@uses_project("missing.a")
@uses_project("either.id")
@uses_project("12")
@uses_project("number[0]")
def fine(
    free: Free, box: Box, unknown: Any, missing, either: Box | Free, number: str
): ...

@uses_project("number[0]")
def wrong(number: int): ...

@uses_project("nope")
def lost(a): raise RuntimeError("never called")

@uses_project()
@uses_project("b")
def lost_too(a): ...

@uses_project("artifact.id")
def unresolvable(artifact: "NotHere"): ...
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "checked_app.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield "checked_app"
    sys.modules.pop("checked_app", None)


def test_every_lost_path_is_found(module: str) -> None:
    """One run shows them all: names that do not exist, and paths that lead nowhere."""
    problems = check_module(module)
    found = [(p.function, p.message.split(" of ")[0]) for p in problems]
    assert found == [
        ("Worker.work", "uses_project('box.idd')"),
        ("Worker.still", "uses_project('box.nope')"),
        ("Worker.Inner.work", "uses_project('number.x')"),
        ("infos", "uses_project('project.idd')"),
        ("entries", "uses_file('options[wheights]')"),
        ("lists", "uses_project('boxes[].nope')"),
        ("results", "produces_file('box.gone')"),
        ("results", "produces_file('box.inner.inner.nope')"),
        ("results", "produces_file('result.nope')"),
        ("wrong", "uses_project('number[0]')"),
        ("lost", "uses_project('nope')"),
        ("lost_too", "uses_project('b')"),
        ("lost_too", "uses_project()"),
    ]
    assert problems[0].file.endswith("checked_app.py")
    assert problems[0].line > 1
    assert str(problems[0]).startswith(problems[0].file + ":")
    assert "box is Box, which has no .idd" in problems[0].message


def test_a_module_in_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is imported already is checked along its annotations."""
    source = SOURCE.partition('@uses_project("nope")')[0]
    (tmp_path / "other_app.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    other = importlib.import_module("other_app")
    assert len(check_module(other)) == 10
    sys.modules.pop("other_app")


def test_no_such_module() -> None:
    """A module that does not exist is said so."""
    with pytest.raises(ImportError):
        check_module("no_such_module_here")
