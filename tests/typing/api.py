"""Every public call, as type checkers see it: checked by mypy, never run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import lineage
from lineage import (
    DeliveryReport,
    ProjectInfo,
    TaskHandle,
    WorkflowSettings,
    cards,
    produces_app,
    produces_dataset,
    produces_file,
    produces_folder,
    produces_job,
    produces_project,
    produces_task,
    updates_project,
    uses,
    uses_dataset,
    uses_file,
    uses_folder,
    uses_job,
    uses_project,
    uses_task,
)
from lineage.testing import capture


@uses_project("project.id", version=lineage.snapshot("before"), when="settings[on]")
@uses_dataset("settings[sets][]", after=True)
@uses_file("settings[weights]", model_weight=True)
@uses_folder(Path("/in"))
@uses_job(lambda settings: settings["job"])
@uses_task(5)
@uses(lineage.project(1, version_num=2))
@produces_project(version=3, on_error=True)
@produces_dataset("result", repeat=True)
@produces_file("result", card=cards.report, derived_from=["settings[weights]"])
@produces_folder("result", card=lambda path: WorkflowSettings(title=path))
@produces_job("result")
@produces_task("result")
@produces_app()
@updates_project("project")
def train(project: ProjectInfo, settings: dict[str, int], *, lr: float = 0.1) -> str:
    return f"{project.id} {settings} {lr}"


keeps_its_signature: Callable[[ProjectInfo, dict[str, int]], str] = train


@lineage.app(name="App", card=cards.session)
@uses_project("number")
async def main(number: int) -> str:
    return str(number)


keeps_its_coroutine: Callable[[int], Awaitable[str]] = main


@lineage.app
def plain() -> None: ...


@lineage.step("numbers")
@produces_file()
def numbers(n: int) -> Iterator[str]:
    yield str(n)


@lineage.disabled()
@produces_file()
async def more_numbers(n: int) -> AsyncIterator[str]:
    yield str(n)


class Trainer:
    @uses_project("self.number")
    def method(self, a: int) -> int:
        return a

    @classmethod
    @uses_project("a")
    def make(cls, a: int) -> Trainer:
        return cls()

    @uses_project("a")
    @staticmethod
    def still(a: int) -> str:
        return str(a)


method_result: int = Trainer().method(1)
make_result: Trainer = Trainer.make(1)
still_result: str = Trainer.still(1)


def blocks(info: ProjectInfo) -> None:
    with lineage.task("t", id=5) as task:
        same: ProjectInfo = task.produces_project(info, card=cards.project)
        path: Path = task.uses_file(Path("x"), model_weight=True)
        number: int = task.updates_project(7)
        task.show(cards.session.titled("x"))
        print(same, path, number, task.key, task.id, task.name)
    with uses_project(42), produces_file("x"), lineage.step("s", size=3) as inner:
        handle: TaskHandle = inner
        print(handle)
    with lineage.disabled():
        current: TaskHandle = lineage.current_task()
        print(current)


async def async_blocks() -> None:
    async with uses_project(42), lineage.task("t") as task, lineage.step("s"):
        task.uses_dataset(1)
    async with lineage.disabled():
        await asyncio.sleep(0)


def bound(a: int, *, b: str) -> float:
    return a + len(b)


keeps_parameters: float = lineage.bind(bound)(1, b="x")
report: DeliveryReport = lineage.flush(1.5)
is_all: bool = bool(report)
lineage.configure(home="x")
lineage.enable()
lineage.disable()
is_on: bool = lineage.is_enabled()

with capture() as recorded:
    inputs: list[str] = recorded.inputs
