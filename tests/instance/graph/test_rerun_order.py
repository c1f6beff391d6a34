"""In which order tasks are run again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from store_engines import START, Facts, digest

from lineage.instance.graph import GraphQueries
from lineage.instance.graph.impact import _in_order
from lineage.instance.store import Store
from lineage.model.comparisons import StaleAnswer

TASKS = range(1, 9)


@given(
    times=st.dictionaries(st.sampled_from(TASKS), st.floats(0, 9, allow_nan=False)),
    pairs=st.sets(st.tuples(st.sampled_from(TASKS), st.sampled_from(TASKS))),
)
def test_a_task_follows_what_it_needs(
    times: dict[int, float], pairs: set[tuple[int, int]]
) -> None:
    """Each task comes once, after what it needs; of those that may come, the earliest.

    The reference picks, again and again, the earliest task that waits for none.
    """
    needed = {task: {b for a, b in pairs if a == task and b != a} for task in times}
    rest = set(times)
    expected = []
    while rest:
        ready = [task for task in rest if not needed[task] & rest] or list(rest)
        expected.append(min(ready, key=lambda task: (times[task], task)))
        rest.discard(expected[-1])
    assert _in_order(times, needed) == expected


def record_chain(store: Store) -> None:
    """Four tasks, each of which uses what the one before made; then newer raw data."""
    names = ["raw.csv", "table.csv", "model.pt", "scores.json", "site.html"]
    facts = []
    for at, name in enumerate(["Clean", "Train", "Score", "Publish"]):
        task, moment = Facts(name), START + at * 100.0
        used, made = digest("abcde"[at]), digest("abcde"[at + 1])
        facts += [
            task.fact("task", name=name, at=moment, command=f"python {name}.py"),
            task.uses("file", f"/w/{names[at]}", stat=used, at=moment + 1),
            task.makes("file", f"/w/{name}.log", stat=digest(str(at)), at=moment + 2),
            task.makes("file", f"/w/{names[at + 1]}", stat=made, at=moment + 3),
            task.fact("task_end", status="finished", at=moment + 4),
        ]
    newer = {"stat": digest("f"), "at": START + 900.0}
    store.ingest(1, [*facts, Facts("new").makes("file", "/w/raw.csv", **newer)])


def outputs(answer: StaleAnswer) -> list[tuple[str, str]]:
    """Return the task and the name of each output."""
    return [(item.task.name, item.node.name) for item in answer.items]


def test_stale_outputs_stand_by_the_tasks_to_run_again(store: Store) -> None:
    """Makers come before users, each with its command and all its outputs."""
    record_chain(store)
    graph = GraphQueries(store)
    assert [task for task, _ in outputs(graph.stale([1]))] == ["Clean", "Clean"]
    whole = graph.stale([1], indirect=True)
    assert [(r.task.name, r.command) for r in whole.reruns] == [
        (name, f"python {name}.py") for name in ("Clean", "Train", "Score", "Publish")
    ]
    tasks = [task for task, _ in outputs(whole)]
    assert list(dict.fromkeys(tasks)) == [rerun.task.name for rerun in whole.reruns]
    assert len(tasks) == 8


def test_pages_of_stale_outputs_number_tasks_on(store: Store) -> None:
    """Pages, however they cut a task's outputs, add up to the whole answer."""
    record_chain(store)
    graph = GraphQueries(store)
    whole = graph.stale([1], indirect=True)
    places = {rerun.task.key: at for at, rerun in enumerate(whole.reruns)}
    for size in (1, 3, 5):
        after: str | None = None
        items = []
        while True:
            page = graph.stale([1], indirect=True, limit=size, after=after)
            items += outputs(page)
            for place, rerun in enumerate(page.reruns, page.reruns_before):
                assert place == places[rerun.task.key]
            assert {i.task.key for i in page.items} == {r.task.key for r in page.reruns}
            after = page.next
            if after is None:
                break
        assert items == outputs(whole)
