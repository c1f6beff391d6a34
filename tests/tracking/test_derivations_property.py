"""What a recorder leaves out changes no answer: a reference records everything."""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from store_engines import START

import lineage
from lineage.instance.store import Store, open_store
from lineage.instance.store.database import TeamReader
from lineage.instance.store.derived_links import upstream
from lineage.testing import capture

_TEAMS = itertools.count(1)
Artifact = tuple[str, Any]
#: What a program does, in order: its name, and what it takes.
Program = list[tuple[Any, ...]]
Fact = dict[str, Any]

_ARTIFACTS: list[Artifact] = [
    *(("project", id) for id in (1, 2, 3)),
    *(("dataset", id) for id in (1, 2)),
    *(("file", f"s3://bucket/{id}") for id in (1, 2, 3)),
]
_artifacts = st.sampled_from(_ARTIFACTS)
_ids = st.sampled_from([one for one in _ARTIFACTS if one[0] != "file"])


def _ops(inner: st.SearchStrategy[Program]) -> st.SearchStrategy[Program]:
    some = st.lists(_ids, min_size=1, max_size=2)
    return st.lists(
        st.one_of(
            st.tuples(st.just("uses"), _artifacts),
            st.tuples(st.just("produces"), _artifacts),
            st.tuples(st.just("step"), inner),
            st.tuples(st.just("call"), some, some, inner),
            st.tuples(st.just("loop"), inner),
        ),
        max_size=5,
    )


_programs = st.recursive(
    st.lists(
        st.one_of(
            st.tuples(st.just("uses"), _artifacts),
            st.tuples(st.just("produces"), _artifacts),
        ),
        max_size=3,
    ),
    _ops,
    max_leaves=8,
)


#: Few functions that are called again and again, as in a server or a loop.
_one = st.sampled_from(_ARTIFACTS[:3]).map(lambda one: [one])


def _conversion(used_and_made: tuple[list[Artifact], list[Artifact]]) -> Program:
    (used,), (made,) = used_and_made
    return [("uses", used), ("produces", made)]


_same_calls = st.lists(
    st.one_of(
        st.tuples(st.just("call"), _one, _one, st.just([])),
        st.tuples(st.just("call"), _one, st.just([]), st.just([])),
        st.tuples(st.just("call"), _one, _one, _programs),
        st.tuples(st.just("step"), st.tuples(_one, _one).map(_conversion)),
        st.tuples(st.just("uses"), st.sampled_from(_ARTIFACTS[:3])),
        st.tuples(st.just("produces"), st.sampled_from(_ARTIFACTS[:3])),
    ).flatmap(lambda op: st.integers(1, 3).map(lambda times: ("loop", [op], times))),
    max_size=8,
)


@functools.cache
def _decorated(used: tuple[str, ...], made: tuple[str, ...]) -> Callable[..., Any]:
    """Return a function that takes the ids of its inputs, then those of its outputs."""
    names = [f"a{number}" for number in range(len(used) + len(made))]
    scope: dict[str, Any] = {}
    exec(f"def work({', '.join(names)}, *, inside): inside()", scope)
    work: Callable[..., Any] = scope["work"]
    words = [("uses", kind) for kind in used]
    words += [("produces", kind) for kind in made]
    for name, (word, kind) in zip(names, words, strict=True):
        work = getattr(lineage, f"{word}_{kind}")(name)(work)
    return work


def _repeated(program: Program, times: int = 2) -> Program:
    return program * times


def _run(program: Program) -> None:
    """Run a program with the real declarations."""
    for op, *rest in program:
        if op == "step":
            with lineage.step("step"):
                _run(rest[0])
        elif op == "loop":
            _run(_repeated(*rest))
        elif op == "call":
            used, made, inside = rest
            ids = [id for _, id in used + made]
            kinds = [tuple(kind for kind, _ in some) for some in (used, made)]
            _decorated(*kinds)(*ids, inside=lambda inside=inside: _run(inside))
        else:
            kind, id = rest[0]
            getattr(lineage.current_task(), f"{op}_{kind}")(id)


@pytest.fixture(scope="module")
def opened_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that all examples share, each as a team of its own."""
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'x.db'}")
    yield opened
    opened.close()


class _Reference:
    """Records each declaration of a program, whatever was recorded before."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._steps: list[Fact] = []
        self._has_inputs: list[bool] = []
        self._keys = itertools.count(1)

    def run(self, program: Program) -> None:
        for op, *rest in program:
            if op == "loop":
                self.run(_repeated(*rest))
            elif op in ("step", "call"):
                step = {"key": str(next(self._keys)), "name": op, "at": self._now()}
                if self._steps:
                    step["parent"] = self._steps[-1]["key"]
                self._steps.append(step)
                self._has_inputs.append(False)
                used, made = rest[:2] if op == "call" else ([], [])
                # The innermost decorator is written last and evaluated last.
                for artifact in reversed(used):
                    self._edge("uses", artifact)
                self.run(rest[-1])
                for artifact in reversed(made):
                    self._edge("produces", artifact)
                end = {"f": "step_end", "task": "t", "at": self._now(), "outcome": "ok"}
                self.facts.append({**end, "step": self._steps.pop()})
                self._has_inputs.pop()
            else:
                self._edge(op, rest[0])

    def _now(self) -> float:
        return START + len(self.facts) / 64

    def _edge(self, word: str, artifact: Artifact) -> None:
        is_input = word == "uses"
        if is_input:
            self._has_inputs = [True] * len(self._steps)
        fact: Fact = {"f": "edge", "task": "t", "at": self._now()}
        fact |= {"kind": artifact[0], "id": artifact[1]}
        fact["dir"] = "input" if is_input else "output"
        if self._steps:
            fact["step"] = self._steps[-1]
        known = zip(self._steps, self._has_inputs, strict=True)
        having = [step["key"] for step, has_inputs in known if has_inputs]
        if having and not is_input:
            fact["scope"] = having[-1]
        self.facts.append(fact)


def _answers(store: Store, facts: list[Fact]) -> tuple[Any, Any]:
    """Return what each artifact comes from: as it is now, and ever."""
    team = next(_TEAMS)
    known = [{**fact, "uid": f"u-{number:x}"} for number, fact in enumerate(facts)]
    assert not store.ingest(team, known).refused
    with store.db.read() as tx:
        rows = tx.all(
            "SELECT n.id, e.kind, e.ident, e.latest_id FROM nodes n JOIN entities e"
            " ON e.team_id = n.team_id AND e.id = n.entity_id WHERE n.team_id = ?",
            (team,),
        )
        links = upstream(TeamReader(tx, team), [row[0] for row in rows])
    names = {row[0]: (row[1], row[2]) for row in rows}
    sources = defaultdict(set)
    for link in links:
        sources[link.target].add(link.source)

    def closure(node: int) -> set[int]:
        found, pending = {node}, [node]
        while pending:
            new = sources[pending.pop()] - found
            found |= new
            pending += new
        return found

    now = {names[node]: {names[n] for n in closure(node)} for *_, node in rows}
    ever = {(names[source], names[n]) for n in sources for source in sources[n]}
    # How often something was changed in place is no part of the answers.
    return now, {pair for pair in ever if pair[0] != pair[1]}


#: Steps that make one file again: of other inputs, inside each other, in the body.
_makes = ("produces", ("file", "s3://bucket/1"))
_uses_1, _use_2 = ("uses", ("project", 1)), ("uses", ("project", 2))
_uses_2 = ("step", [_use_2])
_uses_3 = ("step", [("uses", ("project", 3))])
_again_1 = [_uses_1, _makes]
_again, _made = ("step", _again_1), ("step", [_makes])


def _call(used: int, made: int, inside: Program) -> tuple[Any, ...]:
    return ("call", [("project", used)], [("project", made)], inside)


_call_2_makes_1 = _call(2, 1, [_makes])
_uses_it = ("uses", ("file", "s3://bucket/1"))
_makes_itself = _call(1, 1, [_uses_it, _makes])
#: Makes 1 of 2, where 1 was used by the step around it: 3 was made of both states.
_changes_1 = ("loop", [_call(1, 1, [_use_2])])
_makes_3 = ("step", [("produces", ("project", 3))])


_SETTINGS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@_SETTINGS
@given(program=_programs)
@example(program=[_uses_2, ("step", [_makes, _uses_1, _makes]), _again])
@example(program=[_uses_2, ("step", [_makes, ("step", [_makes]), _again])])
@example(program=[_uses_1, _uses_2, _makes, ("loop", [("step", [_makes])])])
@example(program=[("loop", [_makes, _again, ("step", [_uses_1, _makes, _use_2])])])
@example(program=[("loop", [("step", [_uses_1, _makes, ("step", [_uses_2]), _makes])])])
@example(
    program=[_uses_1, ("step", [_call_2_makes_1, _makes, ("step", [_makes])])],
)
@example(
    program=[("step", [_use_2, _makes]), ("step", [_uses_1, _uses_it, _makes]), _again]
)
@example(program=[("loop", [("step", [_makes, _use_2]), ("step", [_made, *_again_1])])])
@example(program=[("loop", [_call(1, 2, [_makes_itself, _makes_itself, _makes])])])
def test_what_is_left_out_changes_no_answer(
    opened_store: Store, program: Program
) -> None:
    """Loops, steps, calls; artifacts that are used, made, and used as they are then."""
    _check(opened_store, program)


@_SETTINGS
@given(program=_same_calls)
@example(program=[_call(1, 1, [("loop", [_uses_1, _changes_1, _makes_3])])])
@example(
    program=[
        ("loop", [_call(1, 1, [])]),
        _call(1, 2, [_call(3, 2, [_call(1, 3, []), _uses_3, _call(1, 1, [])])]),
    ]
)
def test_what_repeated_calls_leave_out_changes_no_answer(
    opened_store: Store, program: Program
) -> None:
    """Calls of few functions with few ids, with something else between them."""
    _check(opened_store, program)


def _check(store: Store, program: Program) -> None:
    reference = _Reference()
    reference.run(program)
    with capture() as recorded:
        with lineage.task("random program"):
            _run(program)
        facts = recorded.facts
    expected = _answers(store, reference.facts)
    assert _answers(store, facts) == expected, repr(program)
