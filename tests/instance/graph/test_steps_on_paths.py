"""Paths and edges follow the steps of a task: an output came from its own inputs."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_engines import START, Facts

from lineage.errors import NotFoundError
from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store

TEAM = [1]
_EXAMPLES = itertools.count(1)

#: Of each step: which of the artifacts that exist so far it uses.
Steps = list[set[int]]


@st.composite
def _steps(draw: st.DrawFn) -> Steps:
    count = draw(st.integers(1, 6))
    return [
        draw(st.sets(st.integers(0, number + 1), min_size=1, max_size=3))
        for number in range(count)
    ]


def _distances(made_from: dict[int, set[int]], source: int) -> dict[int, int]:
    """Walk the steps from an artifact, breadth first: the plain reference."""
    found, pending = {source: 0}, deque([source])
    while pending:
        here = pending.popleft()
        for output, inputs in made_from.items():
            if here in inputs and output not in found:
                found[output] = found[here] + 1
                pending.append(output)
    return found


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=_steps())
def test_a_way_through_one_task_follows_its_steps(store: Store, steps: Steps) -> None:
    """Artifacts 0 and 1 are there before; each step makes the next from some of all."""
    example = next(_EXAMPLES)
    run, graph = Facts(f"run-{example}"), GraphQueries(store)
    facts = [run.fact("task", name="Run")]
    made_from = {number + 2: inputs for number, inputs in enumerate(steps)}
    for output, inputs in made_from.items():
        key = f"s{output}"
        step = {"key": key, "name": key, "at": START}
        facts += [run.uses("file", f"/w/{example}/{n}", step=step) for n in inputs]
        facts += [run.makes("file", f"/w/{example}/{output}", step=key, scope=key)]
    store.ingest(1, facts)

    last = max(made_from)
    for source in {0, 1} & set().union(*steps):
        ends = {"source": f"/w/{example}/{source}", "target": f"/w/{example}/{last}"}
        distance = _distances(made_from, source).get(last)
        if distance is None:
            with pytest.raises(NotFoundError, match="no path"):
                graph.path(TEAM, **ends)
            continue
        nodes = graph.path(TEAM, **ends).nodes
        assert len([node for node in nodes if node.type == "data"]) == distance + 1

    answer = graph.upstream(TEAM, of=f"/w/{example}/{last}")
    number = {n.key: int(n.name) for n in answer.nodes if n.type == "data"}
    used = {number[a.source] for a in answer.arrows if a.role == "input"}
    found: dict[int, set[int]] = defaultdict(set)
    for arrow in answer.arrows:
        if arrow.role == "output":
            sources = arrow.made_from
            all_of_them = used if sources is None else {number[s] for s in sources}
            found[number[arrow.target]] = all_of_them
    assert found == {output: made_from[output] for output in found}
    assert last in found
