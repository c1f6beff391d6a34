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
    problems = check_module(module).problems
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
    assert len(check_module(other).problems) == 10
    sys.modules.pop("other_app")


def test_no_such_module() -> None:
    """A module that does not exist is said so."""
    with pytest.raises(ImportError):
        check_module("no_such_module_here")


_TAKEN = """
import functools
from dataclasses import dataclass
from lineage import produces_file, uses_file

@dataclass
class Box:
    path: str

class Command:
    def __init__(self, callback):
        self.hidden = [callback]

@Command
@uses_file("box.first")
@produces_file("box.second")
def command(box: Box): ...

@functools.lru_cache
@uses_file("box.third")
def cached(box: Box): ...

del cached

class Command:
    @Command
    @uses_file("box.path")
    def run(self, box: Box): ...
"""


def test_what_another_decorator_took_is_checked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every function that was declared at the import counts, whatever holds it."""
    (tmp_path / "taken_app.py").write_text(_TAKEN)
    monkeypatch.syspath_prepend(tmp_path)
    checked = check_module("taken_app")
    sys.modules.pop("taken_app")
    assert checked.functions == ["Command.run", "cached", "command"]
    found = [p.message.split("has no ")[1] for p in checked.problems]
    assert sorted(found) == [".first", ".second", ".third"]


def test_declarations_of_other_modules_are_not_this_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a module imports is checked by its own name."""
    (tmp_path / "other_part.py").write_text(_TAKEN)
    (tmp_path / "whole_app.py").write_text("import other_part\n")
    monkeypatch.syspath_prepend(tmp_path)
    checked = check_module("whole_app")
    for name in ("other_part", "whole_app"):
        sys.modules.pop(name)
    assert (checked.functions, checked.problems) == ([], [])


@pytest.mark.parametrize("error", ["SystemExit(0)", "KeyError('k')", "ValueError(1)"])
def test_a_module_that_does_its_work_when_imported(
    error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is named, and where such lines belong; an exit is no success."""
    (tmp_path / "working_app.py").write_text(f"def f():\n    raise {error}\nf()\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r"working_app, line 2, raised .* belongs"):
        check_module("working_app")
