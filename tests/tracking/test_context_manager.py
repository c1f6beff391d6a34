"""Blocks: declarations entered by `with`, sync and async, and named steps."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

import lineage
from lineage import produces_file, uses_dataset, uses_project
from lineage.errors import DeclarationError
from lineage.recording.context import CURRENT
from lineage.testing import Recorded


def _steps(recorded: Recorded) -> dict[str, str | None]:
    """Return the names of the recorded steps, each with its parent's name."""
    steps = [e["step"] for e in recorded.facts if isinstance(e.get("step"), dict)]
    names = {s["key"]: s["name"] for s in steps}
    return {s["name"]: names.get(s.get("parent")) for s in steps}


def test_a_block_records_inputs_first_and_outputs_at_its_end(
    recorded: Recorded,
) -> None:
    """Text is the value itself; the output derives from the input around it."""
    with uses_project("42"), produces_file("out/all.zip"):
        assert recorded.inputs == ["project:42"]
        assert recorded.outputs == []
    assert recorded.outputs == ["file:out/all.zip"]
    outer, inner = recorded.edges
    assert inner["scope"] == outer["step"]["key"]


def _sources(recorded: Recorded, edge: dict[str, Any]) -> set[str]:
    """Return the inputs of the step that an output says it derives from."""
    edges = recorded.edges
    inputs = [e for e in edges if e["dir"] == "input" and _step(e) == edge["scope"]]
    return {f"{one['kind']}:{one['id']}" for one in inputs}


def _step(edge: dict[str, Any]) -> str:
    step = edge["step"]
    return str(step["key"] if isinstance(step, dict) else step)


def test_blocks_in_one_line_are_one_to_their_output(recorded: Recorded) -> None:
    """The output derives from all inputs of the line, not from the last alone."""
    with uses_project(1), uses_dataset(2), produces_file("out.zip"):
        pass
    assert _sources(recorded, recorded.edges[-1]) == {"project:1", "dataset:2"}


def test_blocks_side_by_side_share_only_what_is_around(recorded: Recorded) -> None:
    """Two outputs have the outer input in common, and none of each other's."""
    with uses_project(1):
        with uses_dataset(2):
            lineage.current_task().produces_file("a.zip")
        with uses_dataset(3), produces_file("b.zip"):
            pass
    first, second = (e for e in recorded.edges if e["dir"] == "output")
    assert _sources(recorded, first) == {"project:1", "dataset:2"}
    assert _sources(recorded, second) == {"project:1", "dataset:3"}


def test_more_inputs_than_can_be_named_are_recorded_by_their_block(
    recorded: Recorded,
) -> None:
    """The outermost block stands for them."""
    task = lineage.current_task()
    with uses_project(1):
        for number in range(20):
            task.uses_dataset(100 + number)
        with uses_dataset(2), produces_file("a.zip"):
            pass
    output = recorded.edges[-1]
    assert "derived_from" not in output
    assert output["scope"] == recorded.edges[0]["step"]["key"]


def test_a_named_step_parts_blocks(recorded: Recorded) -> None:
    """What is around a step is not what its outputs derive from."""
    with uses_project(1), lineage.step("convert"):  # noqa: SIM117  as one writes it
        with uses_dataset(2), produces_file("a.zip"):
            pass
    inner = next(e for e in recorded.edges if e["kind"] == "dataset")
    assert recorded.edges[-1]["scope"] == inner["step"]["key"]


def test_an_async_block_does_the_same() -> None:
    """`async with` is `with`."""

    async def run() -> list[str]:
        with lineage.testing.capture() as recorded:
            async with uses_project(42), produces_file("x.zip"):
                await asyncio.sleep(0)
            return recorded.inputs + recorded.outputs

    assert asyncio.run(run()) == ["project:42", "file:x.zip"]


def test_a_failing_block_records_no_output(recorded: Recorded) -> None:
    """An exception passes, and outputs are not recorded, unless `on_error`."""
    with (
        pytest.raises(KeyError, match="own"),
        uses_project(1),
        produces_file("a"),
        produces_file("b", on_error=True),
    ):
        raise KeyError("own")
    assert (recorded.inputs, recorded.outputs) == (["project:1"], ["file:b"])


def test_options_of_blocks(recorded: Recorded) -> None:
    """`when`, `version`, `after`, `derived_from`, callables and work in place."""
    with uses_project(1, when=False), uses_project(2, version="4"):
        pass
    with uses_dataset(3, after=True):
        assert "dataset:3" not in recorded.inputs
    with produces_file(lambda: "late", derived_from=["3", lambda: lineage.project(2)]):
        pass
    with lineage.updates_project(9), lineage.produces_app():
        pass
    assert recorded.inputs == ["project:2", "dataset:3", "project:9"]
    key = recorded.edges[0]["task"]
    assert recorded.outputs == ["file:late", f"app:{key}", "project:9"]
    assert recorded.edges[2]["derived_from"] == [
        {"kind": "dataset", "id": 3},
        {"kind": "project", "id": 2},
    ]


@pytest.mark.parametrize("declare", [uses_project, lambda: uses_project(lambda x: x)])
def test_a_block_has_no_parameters(declare: Any, recorded: Recorded) -> None:
    """A source that needs a function's parameters is logged, and stops nothing."""
    with declare():
        entered = True
    assert entered
    assert recorded.edges == []


def test_in_strict_mode_it_raises(strict: Recorded) -> None:
    """For tests, a block that can never work raises."""
    with pytest.raises(DeclarationError, match="there is no function"), uses_project():
        pass


def test_one_object_may_be_entered_again_and_at_once(recorded: Recorded) -> None:
    """Nested, and by several threads."""
    block = lineage.step("again")
    barrier = threading.Barrier(2)

    def work(number: int) -> None:
        with block:
            barrier.wait(5)
            with block:
                lineage.current_task().uses_project(number)
            barrier.wait(5)

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sorted(recorded.inputs) == ["project:1", "project:2"]
    assert CURRENT.get() is None


def test_steps_name_what_follows(recorded: Recorded) -> None:
    """Steps nest; a step in which nothing is recorded is not recorded by itself."""
    with lineage.step("outer"):
        with lineage.step("silent"):
            pass
        with lineage.step("inner") as task:
            task.uses_project(1)
    assert _steps(recorded) == {"inner": "outer", "outer": None}


def test_a_step_records_what_it_was_given(recorded: Recorded) -> None:
    """Parameters of a block, also one that is called `name`, belong to its step."""
    with lineage.step("convert", format="png", size=3, name="x"):
        with lineage.step("inner"):
            lineage.current_task().uses_project(1)
        lineage.current_task().uses_project(2)
    parents = {
        step["name"]: step.get("params")
        for step in (fact.get("step") for fact in recorded.facts)
        if isinstance(step, dict)
    }
    given = {"format": "png", "size": 3, "name": "x"}
    assert parents == {"inner": None, "convert": given}


def test_parameters_belong_to_a_block() -> None:
    """A function's values differ from call to call: decorating is a mistake."""
    with pytest.raises(DeclarationError, match=r"lineage.step\('convert', size=…\)"):
        lineage.step("convert", size=3)(len)


def test_steps_around_functions_and_coroutines(recorded: Recorded) -> None:
    """`step` names a function's calls, also beside declarations."""

    @lineage.step("convert")
    @uses_project("a")
    def work(a: int) -> None: ...

    @lineage.step("load")
    def load() -> None:
        lineage.current_task().uses_dataset(2)

    async def run() -> None:
        async with lineage.step("wait"):
            lineage.current_task().uses_dataset(3)

    work(1)
    load()
    asyncio.run(run())
    assert _steps(recorded) == {"convert": None, "load": None, "wait": None}


def test_disabled_blocks(recorded: Recorded) -> None:
    """Inside `disabled()` nothing is recorded, sync or async, and after it all is."""

    async def run() -> None:
        async with lineage.disabled():
            lineage.current_task().uses_project(1)

    with lineage.disabled(), uses_project(2), lineage.task("none") as task:
        task.produces_file("x")
    asyncio.run(run())
    with lineage.disabled(), lineage.disabled():
        pass
    with uses_project(3):
        pass
    assert recorded.inputs == ["project:3"]
    assert len(recorded.facts) == 3  # the task, the edge, the step's end


def test_a_block_while_switched_off(recorded: Recorded) -> None:
    """What was entered while off is left without a word while on, and the reverse."""
    block = uses_project(1)
    lineage.disable()
    with block:
        lineage.enable()
        with block:
            lineage.disable()
    lineage.enable()
    assert recorded.inputs == ["project:1"]
    assert CURRENT.get() is None


def test_a_block_inside_a_suspended_generator(recorded: Recorded) -> None:
    """A block that is left in another order than entered ends its own step."""
    one, two = uses_project(1), uses_project(2)
    one.__enter__()
    two.__enter__()
    one.__exit__(None, None, None)
    two.__exit__(None, None, None)
    [ends] = [f["ends"] for f in recorded.facts if f["f"] == "step_ends"]
    assert len(dict(ends)) == 2


def test_a_declaration_shows_itself() -> None:
    """`repr` is what was written."""
    assert repr(uses_project("a.id")) == "uses_project('a.id')"
    assert repr(uses_project()) == "uses_project()"
