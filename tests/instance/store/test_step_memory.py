"""What a process remembers of a task's steps, beside others that write as well."""

from __future__ import annotations

from typing import Any

import pytest
from store_engines import Facts

from lineage.instance.store import Store, open_store

STEPS = "SELECT number, step, parent, name, ended_at FROM steps ORDER BY number"


def _steps(store: Store) -> list[tuple[Any, ...]]:
    with store.db.read() as tx:
        return tx.all(STEPS)


@pytest.mark.parametrize("is_repeated", [False, True])
def test_a_step_of_another_process_is_found_again(
    store: Store, store_url: str, is_repeated: bool
) -> None:
    """Who made the task looks up what was numbered elsewhere since."""
    facts, other = Facts(), open_store(store_url)
    store.ingest(1, [facts.uses("file", "a", step={"key": "1", "name": "outer"})])
    inner = {"key": "2", "name": "inner", "parent": "1"}
    other.ingest(1, [facts.uses("file", "b", step=inner)])
    ends = {"f": "step_ends", "at": 9.0, "ends": [["1", 8.0], ["2", 7.0]]}
    last = [facts.uses("file", "c", step="2")]
    if is_repeated:
        last.append(facts.uses("file", "d", step={**inner, "parent": None}))
    store.ingest(1, [*last, {**last[0], **ends, "uid": "ends-1"}])
    other.close()
    parent = 0 if is_repeated else 1
    found = [(n, step.rpartition("/")[2], *rest) for n, step, *rest in _steps(store)]
    assert found == [(1, "1", 0, "outer", 8.0), (2, "2", parent, "inner", 7.0)]


def test_steps_of_tasks_that_turn_out_to_be_one_are_found_again(store: Store) -> None:
    """A merge numbers steps again; what was remembered of them is forgotten."""
    facts = Facts()
    step = {"key": "1", "name": "train"}
    store.ingest(1, [facts.uses("file", "a", step=step, task="x", task_id=5)])
    store.ingest(1, [facts.uses("file", "b", step=step, task="y")])
    store.ingest(1, [facts.uses("file", "c", step="1", task="y", task_id=5)])
    store.ingest(1, [facts.uses("file", "d", step="1", task="y")])
    store.ingest(1, [facts.uses("file", "e", step="1", task="x")])
    assert [step for _, step, *_ in _steps(store)] == ["x/1", "y/1"]


def test_a_step_that_another_process_moved_is_where_it_is_now(
    store: Store, store_url: str
) -> None:
    """What a step works on in place follows the tree that all facts describe."""
    facts, other = Facts(), open_store(store_url)
    inner = {"key": "3", "name": "inner", "parent": "2"}
    middle = {"key": "2", "name": "middle", "parent": "1"}
    outer = {"key": "1", "name": "outer"}
    store.ingest(1, [facts.uses("file", "/f", step=inner)])
    other.ingest(1, [facts.uses("file", "/cfg", step=middle)])
    other.close()
    store.ingest(1, [facts.makes("file", "/f", step=outer, scope="1")])
    with store.db.read() as tx:
        made = tx.all(
            "SELECT -activity FROM links WHERE activity < 0 AND direction = 1"
        )
        newest = tx.one("SELECT MAX(id) FROM nodes")
    assert made == [newest]
