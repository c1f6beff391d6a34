"""Declarations in the wrong place say so when the module is imported."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle
from typing import Any, ClassVar

import pytest

import lineage
from lineage import produces_file, uses_file, uses_project
from lineage.errors import DeclarationError
from lineage.testing import Recorded
from lineage.tracking.tracked import TAKEN_BY


@uses_file("part")
def read(part: str) -> str:
    """Return what it was given."""
    return part


class Reader:
    """A class with every kind of decorated method."""

    subclasses: ClassVar[list[str]] = []

    @uses_file("name")
    def __init_subclass__(cls, name: str = "sub") -> None:
        Reader.subclasses.append(name)

    @uses_project("item")
    def __class_getitem__(cls, item: int) -> int:
        return item

    @uses_file("path")
    def method(self, path: str) -> str:
        """Return what it was given."""
        return path

    @uses_file("path")
    @staticmethod
    def static(path: str) -> str:
        """Return what it was given."""
        return path


@pytest.mark.parametrize(
    "taken",
    [
        property(lambda self: 1),
        functools.cached_property(lambda self: 1),
        functools.partialmethod(Reader.method, "x"),
        pytest.fixture(lambda: 1),
    ],
    ids=lambda taken: type(taken).__name__,
)
def test_above_what_takes_a_function(taken: Any) -> None:
    """The message names what the declaration must be written below."""
    with pytest.raises(DeclarationError, match="write it below @"):
        uses_file("x")(taken)


@pytest.mark.posix
def test_above_a_celery_task() -> None:
    """Celery calls the function that it was given, not what stands above."""
    celery = pytest.importorskip("celery")
    app = celery.Celery("jobs", broker="memory://")

    def work(x: str) -> str:
        return x

    for task in (app.task(work), app.task(bind=True, name="bound")(work)):
        with pytest.raises(DeclarationError, match=r"below @app\.task"):
            uses_file("x")(task)
        with pytest.raises(DeclarationError, match=r"below @app\.task"):
            lineage.app(task)


def test_above_what_a_framework_has_marked() -> None:
    """FastAPI and Typer hand back the plain function, which our hooks mark."""

    def endpoint(part: str) -> str:
        return part

    setattr(endpoint, TAKEN_BY, "the route, as @app.get")
    with pytest.raises(DeclarationError, match=r"below the route, as @app\.get"):
        uses_file("part")(endpoint)


def test_without_parentheses(recorded: Recorded) -> None:
    """`@uses_file` does what `@uses_file()` does; a function may be a source still."""

    @produces_file
    def bare(path: str) -> str:
        return path

    @produces_file
    @functools.wraps(bare)
    def second(path: str) -> str:
        return path + "2"

    def source(path: str) -> str:
        return path + "!"

    @uses_file(source)
    def sourced(path: str) -> str:
        return path

    assert [bare("a"), second("b"), sourced("c")] == ["a", "b2", "c"]
    assert recorded.outputs == ["file:a", "file:b2"]
    assert recorded.inputs == ["file:c!"]


def test_methods_that_python_makes_class_methods(recorded: Recorded) -> None:
    """`__init_subclass__` and `__class_getitem__` work as undecorated ones do."""

    class Sub(Reader, name="first"): ...

    assert Reader.subclasses[-1] == "first"
    assert Sub[7] == 7
    assert recorded.inputs == ["file:first", "project:7"]


@dataclasses.dataclass
class Holder:
    """Something that holds a decorated function."""

    call: Any


@pytest.mark.parametrize(
    "function", [read, Reader().method, Reader.static, lineage.bind(read)]
)
def test_copies_work_as_those_of_a_plain_function(
    function: Any, recorded: Recorded
) -> None:
    """Shallow and deep copies, dataclasses and pickle keep the declarations."""
    made = [
        copy.copy(function),
        copy.deepcopy(function),
        copy.deepcopy(Holder(function)).call,
        dataclasses.asdict(Holder(function))["call"],
        pickle.loads(pickle.dumps(function)),
    ]
    for number, copied in enumerate(made):
        assert copied(f"p{number}") == f"p{number}"
    assert recorded.inputs == [f"file:p{number}" for number in range(len(made))]


def test_a_deep_copied_method_belongs_to_the_copy() -> None:
    """As a plain bound method's copy does."""
    reader = Reader()
    held = copy.deepcopy({"reader": reader, "call": reader.method})
    assert held["call"].__self__ is held["reader"] is not reader


def test_a_million_wrong_values_cost_little(recorded: Recorded) -> None:
    """Once nothing of a list can be recorded, the rest of it is not looked at."""

    @uses_project("values")
    def use(values: list[str]) -> int:
        return len(values)

    assert use(["wrong"] * 1_000_000) == 1_000_000
    assert recorded.inputs == []
    assert sum(recorded.not_recorded.values()) < 100
