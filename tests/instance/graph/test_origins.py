"""The origins of an output: what is upstream and was produced by no task."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_engines import START, Facts

from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store

TEAM = [1]
_EXAMPLES = itertools.count(1)

#: Of each task: whether it uses its file in a step; how it makes one: itself, in a step
#: with inputs, in one without, or by naming what it came from; and how many tasks
#: before it made what it uses, none for a file that nobody made.
Tasks = list[tuple[bool, str, int | None]]
_HOWS = ("task", "step", "empty step", "named")
_TASKS = st.lists(
    st.tuples(st.booleans(), st.sampled_from(_HOWS), st.none() | st.integers(1, 3)),
    min_size=1,
    max_size=5,
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tasks=_TASKS)
def test_origins_are_what_no_task_made(store: Store, tasks: Tasks) -> None:
    """However inputs and outputs of a task lie in its steps."""
    files = f"/w/{next(_EXAMPLES)}"
    for number, (uses_in_step, how, before) in enumerate(tasks):
        run, at = Facts(f"run {files} {number}"), START + 10.0 * number
        maker = -1 if before is None else number - before
        name = f"raw-{number}" if maker < 0 else f"made-{maker}"
        step = {"key": f"s{number}", "name": "work", "at": at}
        inside = {"step": step, "scope": step["key"]}
        made = {
            "task": {},
            "step": inside,
            "empty step": {"step": {**step, "key": f"e{number}"}},
            "named": {"derived_from": [{"kind": "file", "id": f"{files}/{name}"}]},
        }[how]
        used = inside if uses_in_step else {}
        facts = [
            run.fact("task", name="Run", at=at),
            run.uses("file", f"{files}/{name}", at=at, **used),
            run.makes("file", f"{files}/made-{number}", at=at + 1, **made),
        ]
        store.ingest(1, facts)
    graph = GraphQueries(store)
    for number in range(len(tasks)):
        answer = graph.provenance(TEAM, of=f"{files}/made-{number}")
        upstream = {n.name for n in answer.graph.nodes if n.type == "data"}
        raw = {name for name in upstream if name.startswith("raw-")}
        assert {node.name for node in answer.inputs} == raw
