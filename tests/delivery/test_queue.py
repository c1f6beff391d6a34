"""The delivery queue: what is sent when, and what waits for what."""

from __future__ import annotations

import random
from typing import Any

import pytest
from journal_tools import edge

from lineage.delivery.queue import DeliveryQueue, QueuedFact
from lineage.journal import segments


def item(number: int, direction: str, task: str = "run") -> QueuedFact:
    """Make a fact that is ready."""
    text = edge(number, task=task, dir=direction).encode()
    return QueuedFact(str(number), text, segments.create_in_memory(4096), 0)


def key(fact: dict[str, Any]) -> Any:
    """Order facts as the platform's exporter does."""
    return (fact["task"], fact["dir"], fact["id"])


def numbers(items: list[QueuedFact]) -> list[int]:
    """Return the ids of facts."""
    return [entry.fact["id"] for entry in items]


def test_outputs_wait_for_the_inputs_recorded_before_them() -> None:
    """Many are on their way at once, but no output overtakes an input."""
    queue = DeliveryQueue()
    for number, direction in enumerate(["input", "input", "output", "input"], 1):
        queue.add(item(number, direction))
    first = queue.next_batch(10, key)
    assert numbers(first) == [1, 2, 4]
    queue.done(first[0])
    assert queue.next_batch(10, key) == []
    queue.done(first[1])
    assert numbers(queue.next_batch(10, key)) == [3]
    assert len(queue) == 2


def test_outputs_of_other_tasks_do_not_wait() -> None:
    """The order is kept within a task only."""
    queue = DeliveryQueue()
    queue.add(item(1, "input", "a"))
    queue.add(item(2, "output", "b"))
    assert numbers(queue.next_batch(10, key)) == [1, 2]


def test_an_input_that_fails_by_itself_holds_no_output() -> None:
    """One fact never holds up others."""
    queue = DeliveryQueue()
    queue.add(item(1, "input"))
    queue.add(item(2, "output"))
    [failed] = queue.next_batch(10, key)
    queue.put_back(failed, 100.0, holds_others=False)
    assert numbers(queue.next_batch(10, key)) == [2]
    queue.promote_due(101.0)
    assert numbers(queue.next_batch(10, key)) == [1]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_every_fact_is_sent_once_and_in_order(seed: int) -> None:
    """Any mix of answers, failures and new facts ends with all of them sent."""
    chance = random.Random(seed)
    queue = DeliveryQueue()
    waiting, on_the_way, sent, now = list(range(1, 60)), [], [], 0.0
    directions = {n: chance.choice(["input", "output"]) for n in waiting}
    while waiting or len(queue):
        for _ in range(chance.randrange(3)):
            if waiting:
                number = waiting.pop(0)
                queue.add(item(number, directions[number]))
        on_the_way += queue.next_batch(chance.randrange(1, 4), key)
        if on_the_way:
            entry = on_the_way.pop(chance.randrange(len(on_the_way)))
            if chance.random() < 0.3:
                queue.put_back(entry, now + chance.random())
            else:
                sent.append(entry.fact["id"])
                queue.done(entry)
        now += 0.1
        queue.promote_due(now)
    assert sorted(sent) == list(range(1, 60))
    for place, number in enumerate(sent):
        if directions[number] == "output":
            before = {n for n in range(1, number) if directions[n] == "input"}
            assert before <= set(sent[:place])


def test_a_fact_that_is_sent_alone_gets_a_call_of_its_own() -> None:
    """It is not put into one batch with others."""
    queue = DeliveryQueue()
    for number in (1, 2, 3):
        queue.add(item(number, "input"))
    queue.ready[1].is_alone = True
    batches = [numbers(queue.next_batch(10, None)) for _ in range(3)]
    assert batches == [[1], [2], [3]]


def test_pauses_that_the_receiver_wants_are_kept() -> None:
    """All others end when a caller waits."""
    queue = DeliveryQueue()
    queue.add(item(1, "input"))
    queue.add(item(2, "input"))
    ours, delayed = queue.next_batch(10, None)
    delayed.not_before = 30.0
    queue.put_back(ours, 20.0)
    queue.put_back(delayed, 30.0)
    queue.make_all_due(only_own_pauses=True)
    queue.promote_due(1.0)
    assert numbers(queue.next_batch(10, None)) == [1]
    queue.make_all_due()
    queue.promote_due(1.0)
    assert numbers(queue.next_batch(10, None)) == [2]
