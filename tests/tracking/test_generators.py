"""Stepping: when generators record, and what is current while they are suspended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import lineage
from lineage.recording.context import CURRENT
from lineage.testing import Recorded
from lineage.tracking import generators


@lineage.uses_project("a")
@lineage.produces_dataset("a")
def numbers(a: int) -> Iterator[int]:
    lineage.current_task().produces_file("inside.bin")
    yield 1
    yield 2


@lineage.uses_project("a")
@lineage.produces_dataset("a")
async def async_numbers(a: int) -> AsyncIterator[int]:
    yield 1
    yield 2


def test_inputs_come_with_the_first_step(recorded: Recorded) -> None:
    """A generator that is only made has used nothing yet."""
    made = numbers(3)
    assert recorded.inputs == []
    next(made)
    assert recorded.inputs == ["project:3"]
    made.close()  # type: ignore[attr-defined]  # a generator


def test_outputs_come_when_exhausted(recorded: Recorded) -> None:
    """A generator that is closed before its end has produced nothing of its own."""
    made = numbers(3)
    next(made)
    made.close()  # type: ignore[attr-defined]  # a generator
    assert recorded.outputs == ["file:inside.bin"]
    assert list(numbers(4)) == [1, 2]
    assert recorded.outputs == ["file:inside.bin", "dataset:4"]


def test_nothing_of_ours_is_current_while_suspended(recorded: Recorded) -> None:
    """No context token is held across a `yield`."""
    for _ in numbers(3):
        assert CURRENT.get() is None
        lineage.current_task().uses_dataset(99)
    outside = next(e for e in recorded.edges if e["id"] == 99)
    assert "step" not in outside


def test_nothing_of_ours_is_current_in_async_ones(recorded: Recorded) -> None:
    """The same for async generators."""

    async def run() -> None:
        async for _ in async_numbers(3):
            assert CURRENT.get() is None

    asyncio.run(run())
    assert recorded.outputs == ["dataset:3"]


def test_send_throw_and_return_reach_the_body(recorded: Recorded) -> None:
    """The generator protocol is untouched."""

    @lineage.produces_project("result")
    def talk() -> Any:
        got = yield "ready"
        try:
            yield got
        except ValueError:
            yield "caught"
        return 77

    made = talk()
    assert next(made) == "ready"
    assert made.send("hello") == "hello"
    assert made.throw(ValueError()) == "caught"
    with pytest.raises(StopIteration) as stop:
        next(made)
    assert stop.value.value == 77
    assert recorded.outputs == ["project:77"]


def test_send_throw_and_close_reach_the_async_body(recorded: Recorded) -> None:
    """The async generator protocol is untouched."""
    closed = []

    @lineage.produces_project()
    async def talk() -> Any:
        try:
            got = yield 1
            try:
                yield got
            except ValueError:
                yield 3
            yield 4
        finally:
            closed.append(True)

    async def run() -> list[Any]:
        made = talk()
        received = [await made.asend(None), await made.asend(2)]
        received.append(await made.athrow(ValueError()))
        await made.aclose()
        return received

    assert asyncio.run(run()) == [1, 2, 3]
    assert closed == [True]
    assert recorded.outputs == []


def test_what_was_yielded_is_the_result(recorded: Recorded) -> None:
    """A generator that returns nothing has produced what it yielded."""

    @lineage.produces_file()
    def files() -> Iterator[str]:
        yield "a.bin"
        yield "b.bin"

    list(files())
    assert recorded.outputs == ["file:a.bin", "file:b.bin"]


def test_endless_generators_do_not_fill_the_memory(
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Beyond a number of items a generator's result is given up, with a word."""
    monkeypatch.setattr(generators, "MAX_ITEMS", 3)

    @lineage.produces_project()
    def many() -> Iterator[int]:
        yield from range(1, 10)

    assert len(list(many())) == 9
    assert recorded.outputs == []
    assert "more than 3 items" in caplog.text


def test_an_error_thrown_in_passes(recorded: Recorded) -> None:
    """An exception that the body does not take ends it, and is the consumer's own."""
    made = numbers(3)
    next(made)
    own = RuntimeError("own")
    with pytest.raises(RuntimeError) as caught:
        made.throw(own)  # type: ignore[attr-defined]  # a generator
    assert caught.value is own
    ends = [f for f in recorded.facts if f["f"] == "step_end"]
    assert [(e["outcome"], e["error"]) for e in ends] == [
        ("error", "RuntimeError: own")
    ]


def test_inside_disabled_generators_pass_through(recorded: Recorded) -> None:
    """Stepped inside `disabled()`, a generator is only itself."""

    async def run() -> list[int]:
        return [n async for n in async_numbers(1)]

    with lineage.disabled():
        assert list(numbers(1)) == [1, 2]
        assert asyncio.run(run()) == [1, 2]
    assert recorded.facts == []


def test_a_closed_async_generator_of_a_disabled_block(recorded: Recorded) -> None:
    """Closing one that records nothing records nothing."""

    async def run() -> None:
        made = async_numbers(1)
        await made.__anext__()
        await made.aclose()  # type: ignore[attr-defined]  # an async generator

    with lineage.disabled():
        asyncio.run(run())
    assert recorded.facts == []


def test_a_failing_async_body_in_silence(recorded: Recorded) -> None:
    """An exception of a body that records nothing passes too."""

    @lineage.uses_project(1)
    async def handle_internal_error() -> Any:
        yield 1
        raise RuntimeError("own")

    async def run() -> None:
        async for _ in handle_internal_error():
            pass

    with lineage.disabled(), pytest.raises(RuntimeError, match="own"):
        asyncio.run(run())
    assert recorded.facts == []
