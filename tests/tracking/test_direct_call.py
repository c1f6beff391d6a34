"""Generated functions record what the general way records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_tools import journal_at

import lineage
from lineage.recording.context import CURRENT
from lineage.recording.recorder import Recorder
from lineage.testing import capture
from lineage.tracking import tracked

KINDS = ["project", "dataset", "job"]
names = st.sampled_from(["a", "b"])


@st.composite
def functions(draw: st.DrawFn) -> list[tuple[str, str, str, bool]]:
    """Draw the declarations of one function of two ids, each of which is recorded."""
    uses = draw(st.lists(st.sampled_from(KINDS), unique=True, min_size=1))
    makes = draw(st.lists(st.sampled_from(KINDS), unique=True))
    declared = [("uses", kind, draw(names), draw(st.booleans())) for kind in uses]
    sources = st.sampled_from(["a", "b", "result"])
    return declared + [("produces", kind, draw(sources), False) for kind in makes]


#: A call: which function, its two ids, and the calls inside it.
calls = st.recursive(
    st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(1, 4), st.just(())),
    lambda inner: st.tuples(
        st.integers(0, 2), st.integers(1, 4), st.integers(1, 4), st.lists(inner)
    ),
    max_leaves=6,
)


def _decorated(declared: list[tuple[str, str, str, bool]]) -> Callable[..., Any]:
    def work(a: int, b: int, inside: Callable[[], object]) -> int:
        inside()
        return a + b

    made: Callable[..., Any] = work
    for verb, kind, source, repeat in declared:
        made = getattr(lineage, f"{verb}_{kind}")(source, repeat=repeat)(made)
    return made


def _facts(declared: list[Any], called: list[Any]) -> list[str]:
    """Return what calls record, with keys in order of mention.

    What says once more what is known (`again`) may differ: that no answer does is
    shown by `test_derivations_property.py`.
    """
    made = [_decorated(one) for one in declared]

    def run(some: Any) -> None:
        for number, a, b, inside in some:
            made[number](a, b, lambda inside=inside: run(inside))

    with capture() as recorded:
        lineage.uses_project(9)(lambda: None)()  # which records the task
        run(called)
        texts = list(recorded._texts)
        texts += recorded._recorder.take_step_ends()
    facts = [json.loads(text) for text in texts]
    steps: dict[str, Any] = {}
    kept = [_plain(fact, steps) for fact in facts]
    edges = [fact for fact in kept if fact["f"] == "edge" and not fact.get("again")]
    ends = [one[0] for fact in kept if fact["f"] == "step_ends" for one in fact["ends"]]
    text = "\n".join(map(json.dumps, edges))
    keys = list(dict.fromkeys(re.findall(r'"(\w+-\d+)"', text)))
    for key in keys:  # Those of the steps around it follow.
        around = steps[key].get("parent")
        if around is not None and around not in keys:
            keys.append(around)
    found = [text, *(json.dumps(steps[key]) for key in keys)]
    found.append(json.dumps([key for key in ends if key in keys]))
    text = "\n".join(found)
    for number, key in enumerate(keys):
        text = text.replace(f'"{key}"', f'"{number}"')
    return text.splitlines()


def _plain(fact: dict[str, Any], steps: dict[str, Any]) -> dict[str, Any]:
    """Leave out times and the task; name a step by its key, also where it is whole."""
    left_out = ("at", "task", "uid", "repeat")
    plain = {name: value for name, value in fact.items() if name not in left_out}
    for name in ("step", "parent"):
        if isinstance(plain.get(name), dict):
            whole = _plain(plain[name], steps)
            plain[name] = whole.pop("key")
            steps[plain[name]] = whole
    return plain


@settings(max_examples=100, deadline=None)
@given(st.lists(functions(), min_size=3, max_size=3), st.lists(calls, max_size=5))
def test_generated_functions_record_what_the_general_way_does(
    declared: list[Any], called: list[Any]
) -> None:
    """New ids, known ones and some of both, beside and inside each other."""
    direct = _facts(declared, called)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracked, "direct_wrapper", lambda *_: None)
        general = _facts(declared, called)
    assert direct == general


def test_what_is_not_kept_is_recorded_again(tmp_path: Path) -> None:
    """Several facts of one write are forgotten together where there is no room."""

    @lineage.uses_dataset("a")
    @lineage.uses_project("a")
    @lineage.produces_job("a")
    @lineage.produces_project("result")
    def work(a: int) -> int:
        return a + 100

    journal = journal_at(tmp_path)
    kept: list[str] = []
    is_full = False

    def write_many(texts: Any) -> bool:
        if not is_full:
            kept.extend(texts)
        return not is_full and journal.write_many(texts)

    recorder = Recorder(lambda text: write_many([text]), write_many)
    with capture() as recorded:
        lineage.runtime.runtime().recorder = recorder
        work(1)
        is_full = True
        work(2)
        before = len(kept)
        is_full = False
        work(2)
        CURRENT.set(None)
    assert not recorded.edges
    edges = [text for text in kept[before:] if '"f":"edge"' in text]
    found = [
        re.findall(r'"dir":"(\w+)","kind":"(\w+)","id":(\d+)', e)[0] for e in edges
    ]
    assert found == [
        ("input", "dataset", "2"),
        ("input", "project", "2"),
        ("output", "job", "2"),
        ("output", "project", "102"),
    ]
