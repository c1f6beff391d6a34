"""Controls: the process's switch, configuration and delivery."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import testing
from lineage.runtime import runtime


class Trainer:
    """An app's class, whose methods are declared in each of the ways."""

    @lineage.uses_project("project_id")
    def train(self, project_id: int) -> tuple[Any, int]:
        return self, project_id

    @lineage.uses_project("project_id")
    @classmethod
    def of(cls, project_id: int) -> tuple[Any, int]:
        return cls, project_id

    @lineage.uses_project("project_id")
    @staticmethod
    def count(project_id: int) -> tuple[None, int]:
        return None, project_id

    @lineage.uses_project("project_id")
    async def run(self, project_id: int) -> tuple[Any, int]:
        return self, project_id

    @lineage.disabled()
    def rest(self, project_id: int) -> tuple[Any, int]:
        return self, project_id


@pytest.fixture
def off() -> Iterator[None]:
    """Recording is switched off at run time."""
    lineage.disable()
    yield
    lineage.enable()


@pytest.mark.usefixtures("off")
def test_methods_bind_as_ever_while_off() -> None:
    """By an instance, a class, and as class or static method."""
    trainer = Trainer()
    assert trainer.train(1) == Trainer.train(trainer, 1) == (trainer, 1)
    assert trainer.of(2) == Trainer.of(2) == (Trainer, 2)
    assert trainer.count(3) == Trainer.count(3) == (None, 3)
    assert asyncio.run(trainer.run(4)) == (trainer, 4)
    assert trainer.rest(5) == (trainer, 5)
    bound = trainer.train
    assert bound == trainer.train
    assert bound.__self__ is trainer
    assert (bound.__name__, bound.__doc__) == ("train", None)
    assert list(inspect.signature(bound).parameters) == ["project_id"]
    assert inspect.ismethod(bound)
    assert inspect.iscoroutinefunction(trainer.run)


def test_a_method_that_was_bound_while_off_records_once_on() -> None:
    """A callback that was registered early takes part when recording begins."""
    trainer = Trainer()
    with testing.capture() as recorded:
        lineage.disable()
        bound, awaited = trainer.train, trainer.run
        assert bound(1) == (trainer, 1)
        assert not recorded.edges
        lineage.enable()
        assert bound(2) == (trainer, 2)
        assert asyncio.run(awaited(3)) == (trainer, 3)
    assert [edge["id"] for edge in recorded.edges] == [2, 3]


@pytest.mark.usefixtures("off")
def test_a_method_pickles_while_off() -> None:
    """By its owner and its name, as any method; copies keep their owner."""
    trainer = Trainer()
    loaded = pickle.loads(pickle.dumps(trainer.train))
    assert type(loaded.__self__) is Trainer
    assert copy.deepcopy(trainer.train).__self__ is not trainer


def test_what_carries_a_step_carries_it_while_off() -> None:
    """What was taken into a task stays there, also what is bound and sent on."""
    with lineage.task(name="outer"):
        sent = pickle.dumps(Trainer().train)
    lineage.disable()
    again = pickle.dumps(pickle.loads(sent))
    lineage.enable()
    assert b"load_bound" in again


def test_on_and_off() -> None:
    """`disable` and `enable` hold for the whole process."""
    assert lineage.is_enabled()
    lineage.disable()
    assert not lineage.is_enabled()
    lineage.enable()
    assert lineage.is_enabled()


def test_configure_sets_where_facts_go(tmp_path: Path) -> None:
    """A home of one's own takes the journal; flush delivers and reports."""
    home = tmp_path / "elsewhere"
    lineage.configure(home=home)
    assert runtime().settings.home == home
    lineage.current_task().uses_project(1)
    report = lineage.flush(20)
    assert report, str(report)
    assert report.delivered >= 2
    assert (home / "instance.db").exists()
