"""Tasks: the process's own, blocks that override it, and what carries it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import lineage
from lineage import cards
from lineage.errors import DeclarationError
from lineage.recording.context import CURRENT
from lineage.recording.task_token import TaskToken
from lineage.settings import Settings
from lineage.testing import Recorded, capture


def _tasks(recorded: Recorded) -> dict[str, str]:
    """Return the names of the recorded tasks, by run key."""
    return {f["task"]: f["name"] for f in recorded.facts if f["f"] == "task"}


def _where(recorded: Recorded) -> dict[Any, str]:
    """Return for each edge's id the name of its task."""
    names = _tasks(recorded)
    return {edge["id"]: names[edge["task"]] for edge in recorded.edges}


def _ends(recorded: Recorded) -> list[tuple[str, str]]:
    names = _tasks(recorded)
    return [
        (names[f["task"]], f["status"]) for f in recorded.facts if f["f"] == "task_end"
    ]


@pytest.fixture(autouse=True)
def _no_delivery(recorded: Recorded) -> None:
    """These tests look at what is recorded, not at where it goes."""


def test_a_block_is_a_task_of_its_own(recorded: Recorded) -> None:
    """What happens inside belongs to it; its end and its handle are recorded."""
    with lineage.task("Nightly merge") as task:
        assert task.name == "Nightly merge"
        assert lineage.current_task().key == task.key
        assert task.produces_project(7) == 7
    assert _where(recorded) == {7: "Nightly merge"}
    assert _ends(recorded) == [("Nightly merge", "finished")]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("own"), "error"),
        (KeyboardInterrupt(), "stopped"),
        (SystemExit(0), "finished"),
        (SystemExit(3), "error"),
    ],
)
def test_how_a_task_ends(error: BaseException, status: str, recorded: Recorded) -> None:
    """An exception ends it with an error, is recorded with it, and passes."""
    with pytest.raises(type(error)), lineage.task("t"):
        raise error
    assert _ends(recorded) == [("t", status)]
    end = recorded.facts[-1]
    assert ("traceback" in end) == (status in ("error", "stopped"))


def test_nested_tasks_keep_their_own(recorded: Recorded) -> None:
    """A task inside a task names it as its parent."""
    with lineage.task("outer") as outer:
        with lineage.task("inner") as inner:
            inner.uses_project(1)
            outer.uses_project(2)
        lineage.current_task().uses_project(3)
    assert _where(recorded) == {1: "inner", 2: "outer", 3: "outer"}
    fact = next(f for f in recorded.facts if f["f"] == "task" and f["name"] == "inner")
    assert fact["parent"] == outer.key


def test_concurrent_async_tasks_keep_their_own(recorded: Recorded) -> None:
    """Each asyncio task records to the task it opened."""

    async def one(number: int) -> None:
        async with lineage.task(f"t{number}"):
            await asyncio.sleep(0)
            lineage.current_task().uses_project(number)

    async def main() -> None:
        await asyncio.gather(*(one(n) for n in range(1, 5)))

    asyncio.run(main())
    assert _where(recorded) == {n: f"t{n}" for n in range(1, 5)}


def test_a_pool_works_in_the_task_that_submits(recorded: Recorded) -> None:
    """Work in a pool's thread belongs to the task that submitted it, bound or not."""

    def work(number: int) -> int:
        return lineage.current_task().uses_project(number)

    with lineage.task("mine"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(work, 1).result(5) == 1
        assert pool.submit(lineage.bind(work), 2).result(5) == 2
        with lineage.task("other"):
            assert pool.submit(work, 3).result(5) == 3
    with ThreadPoolExecutor(1) as pool:
        with lineage.task("first"):
            pool.submit(work, 4).result(5)
        assert pool.submit(CURRENT.get).result(5) is None
    assert _where(recorded) == {1: "mine", 2: "mine", 3: "other", 4: "first"}


def test_bound_coroutines_keep_their_task(recorded: Recorded) -> None:
    """A coroutine function that is bound runs in the task it was bound in."""

    async def work(number: int) -> None:
        await asyncio.sleep(0)
        lineage.current_task().uses_project(number)

    with lineage.task("mine"):
        bound = lineage.bind(work)
        asyncio.run(bound(5))
    assert _where(recorded) == {5: "mine"}
    assert bound.__name__ == "work"


def test_an_app_is_the_process(recorded: Recorded) -> None:
    """Threads that the app starts record to it, without binding."""

    @lineage.app(name="Server", card=cards.session)
    def main() -> str:
        thread = threading.Thread(
            target=lambda: lineage.current_task().produces_file("x")
        )
        thread.start()
        thread.join(5)
        return "done"

    assert main() == "done"
    assert _where(recorded) == {"x": "Server"}
    assert _ends(recorded) == [("Server", "finished")]


def test_what_is_recorded_around_an_app_is_not_its_own(recorded: Recorded) -> None:
    """Before the first app, between two and after the last the process has its own."""
    lineage.current_task().uses_project(1)

    @lineage.app(name="App")
    def main(number: int) -> None:
        lineage.current_task().uses_project(number)

    main(2)
    lineage.current_task().uses_project(4)
    main(3)
    lineage.current_task().uses_project(5)
    assert len(_tasks(recorded)) == 3
    before, first, between, second, after = [e["task"] for e in recorded.edges]
    assert before == between == after
    assert len({before, first, second}) == 3


def test_an_app_takes_the_platforms_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the platform a process is one task, whatever was recorded before its app."""
    with capture(settings=Settings(task_id=77)) as recorded:
        lineage.current_task().uses_project(1)
        with lineage.app(name="App"):
            lineage.current_task().uses_project(2)
        lineage.current_task().uses_project(3)
    assert {edge["task_id"] for edge in recorded.edges} == {77}
    assert len(_tasks(recorded)) == 1


def test_an_app_inside_an_app_is_a_task_in_it(recorded: Recorded) -> None:
    """An entrypoint that is called by another one does not replace it."""

    @lineage.app
    def inner() -> None: ...

    @lineage.app(name="Outer")
    def outer() -> None:
        inner()
        lineage.current_task().uses_project(1)

    outer()
    assert _where(recorded) == {1: "Outer"}
    assert len(_ends(recorded)) == 2


def test_an_async_app(recorded: Recorded) -> None:
    """A coroutine may be the entrypoint, with declarations beside it."""

    @lineage.uses_project("number")
    @lineage.app(name="Async")
    @lineage.produces_dataset("result")
    async def main(number: int) -> int:
        return number + 1

    assert asyncio.run(main(1)) == 2
    assert _where(recorded) == {1: "Async", 2: "Async"}


def test_a_generator_is_no_task() -> None:
    """It may never end, so it is refused when decorating."""

    def numbers() -> Iterator[int]:
        yield 1

    with pytest.raises(DeclarationError, match=r"with lineage\.task"):
        lineage.app(numbers)


def test_the_platforms_id_comes_from_the_environment_or_the_app() -> None:
    """The outermost task is the environment's; a nested one has its own."""
    with capture(settings=Settings(task_id=77)) as recorded:
        with lineage.task("outer") as outer, lineage.task("inner") as inner:
            assert (outer.id, inner.id) == (77, None)
        with lineage.task("numbered", id=5) as numbered:
            assert numbered.id == 5
        lineage.current_task().uses_project(1)
    assert recorded.edges[0]["task_id"] == 77


def test_a_card_rides_on_the_first_edge(recorded: Recorded) -> None:
    """The task's own card is recorded with the task and with its next edge."""
    with lineage.task("t", card={"title": "<h4>T</h4>"}) as task:
        task.uses_project(1)
        task.uses_project(2)
        task.show(lambda handle: lineage.WorkflowSettings(title=handle.name))
        task.produces_file("x", card=lambda path: {"customRelationSettings": {}})
    card = {"customNodeSettings": {"title": "<h4>T</h4>"}}
    later = {
        "customNodeSettings": {"title": "<h4>t</h4>"},
        "customRelationSettings": {},
    }
    assert [e.get("meta") for e in recorded.edges] == [card, None, later]
    recorded_cards = [f["node_meta"] for f in recorded.facts if "node_meta" in f]
    assert recorded_cards == [{"title": "<h4>T</h4>"}, {"title": "<h4>t</h4>"}]


def test_a_wrong_card_does_not_stop_the_task(
    recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    """A card that is none is logged, and the task goes on."""
    with lineage.task("t", card=lambda handle: 5) as task:  # type: ignore[arg-type, unused-ignore]
        task.uses_project(1)
    assert recorded.inputs == ["project:1"]
    assert "no card" in caplog.text


def test_while_switched_off_a_task_is_only_a_block(recorded: Recorded) -> None:
    """The handle still hands back what it is given."""
    lineage.disable()
    try:
        with lineage.task("t") as task:
            assert task.uses_project(5) == 5
            assert (task.key, task.id, task.name) == (None, None, None)
            task.show(cards.session)
            assert repr(task) == "<task not recorded>"
    finally:
        lineage.enable()
    assert recorded.facts == []


def test_tasks_left_in_another_order(recorded: Recorded) -> None:
    """A task block that is left out of order ends its own task."""
    one, two = lineage.task("one"), lineage.task("two")
    one.__enter__()
    two.__enter__()
    one.__exit__(None, None, None)
    two.__exit__(None, None, None)
    assert _ends(recorded) == [("one", "finished"), ("two", "finished")]
    CURRENT.set(None)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_children_are_never_handed_a_task_that_ended(
    order: tuple[int, int], recorded: Recorded
) -> None:
    """Whichever of two tasks ends first, the environment is as before afterwards."""
    open_ones = [lineage.task("A"), lineage.task("B")]
    tokens = []
    for one in open_ones:
        one.__enter__()
        tokens.append(os.environ["LINEAGE_CONTEXT"])
    first, last = order
    open_ones[first].__exit__(None, None, None)
    assert os.environ["LINEAGE_CONTEXT"] == tokens[last]
    open_ones[last].__exit__(None, None, None)
    assert "LINEAGE_CONTEXT" not in os.environ


@pytest.mark.parametrize(("theirs", "expected"), [(7, None), (3, 7)])
def test_a_process_with_an_id_of_its_own_keeps_it(
    theirs: int, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that the platform started inside another one is both: child and itself."""
    token = TaskToken("parent-1", theirs)
    monkeypatch.setenv("LINEAGE_CONTEXT", token.encode())
    with capture(settings=Settings(task_id=7)) as seen, lineage.task("Child"):
        pass
    (task,) = [f for f in seen.facts if f["f"] == "task"]
    assert task.get("task_id") == expected
    assert task["parent"] == "parent-1"
