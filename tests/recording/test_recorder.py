"""The recorder: each fact once, in a form that every instance accepts."""

# Longer than 400 lines: each kind of fact that the recorder writes has its test.

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

import lineage
from lineage.errors import SourceError
from lineage.model.facts import EdgeFact, Fact, TaskFact
from lineage.recording import edges, fact_json
from lineage.recording import recorder as module
from lineage.recording.context import CURRENT, MAX_NAMED, ActiveTask, StepContext
from lineage.recording.json_text import step_name
from lineage.recording.recorder import Recorder
from lineage.redaction import Masker
from lineage.settings import Settings
from lineage.testing import Recorded, capture

FACT: TypeAdapter[Any] = TypeAdapter(Fact)


def _recorder(**settings: Any) -> tuple[Recorder, list[str]]:
    texts: list[str] = []

    def write(text: str) -> bool:
        texts.append(text)
        return True

    return Recorder(write, settings=Settings(**settings)), texts


def _facts(texts: list[str]) -> list[Any]:
    return [FACT.validate_python({**json.loads(t), "uid": "u"}) for t in texts]


def _edge(
    recorder: Recorder,
    scope: StepContext,
    artifact: int | str,
    *,
    is_input: bool = True,
) -> list[str]:
    texts: list[str] = []
    form = f'"dir":"{"input" if is_input else "output"}","kind":"project"'
    recorder.append_edge(texts, scope, form, artifact, is_input)
    recorder.write(texts)
    return texts


@lineage.task("fails")
@lineage.step("s")
@lineage.uses_project(9)
def _fail() -> None:
    raise ValueError("x")


def test_every_fact_is_of_the_one_form(tmp_path: Path) -> None:
    """What is written by hand is what the model of facts accepts."""
    path = tmp_path / "x.bin"
    path.write_bytes(b"1")
    card = lineage.WorkflowSettings(title="t")
    with capture(settings=Settings(task_id=7)) as recorded:
        with lineage.task('näme "x"', card=lineage.cards.session) as task:
            lineage.current_task().uses_job(4)
            with lineage.step("outer"), lineage.step("inner ü"):
                task.uses_project(1, version=lineage.snapshot("a"), card=card)
                task.uses_file(path, model_weight=True)
                task.produces_file("y", derived_from=[1], repeat=True)
                task.updates_project(3)
                task.produces_app()
        with pytest.raises(ValueError, match="x"):
            _fail()
    facts = [FACT.validate_python({**f, "uid": "u"}) for f in recorded.facts]
    assert {type(f).__name__ for f in facts} == {
        "TaskFact",
        "TaskEndFact",
        "EdgeFact",
        "StepEndFact",
        "StepEndsFact",
    }
    known = {n for f in facts for n in type(f).model_fields} | {"module"}
    assert {k for f in recorded.facts for k in f} <= known


def test_a_signal_handler_may_record_while_its_thread_opens_the_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Recording inside of recording neither hangs nor opens a second task."""
    recorder, texts = _recorder()

    def interrupted(*args: Any, **options: Any) -> ActiveTask:
        monkeypatch.setattr(module, "ActiveTask", ActiveTask)
        signal.raise_signal(signal.SIGALRM)
        return ActiveTask(*args, **options)

    def handle(*_: object) -> None:
        _edge(recorder, recorder.process_root(), 1)
        recorder.count_failure("handler", ValueError("x"))

    monkeypatch.setattr(module, "ActiveTask", interrupted)
    former = signal.signal(signal.SIGALRM, handle)
    try:
        _edge(recorder, recorder.process_root(), 2)
    finally:
        signal.signal(signal.SIGALRM, former)
    facts = _facts(texts)
    assert [f.id for f in facts if isinstance(f, EdgeFact)] == [1, 2]
    assert len({f.task for f in facts}) == 1


def test_the_task_is_recorded_before_its_first_fact() -> None:
    """Host, user, python, command and pid are recorded once, with the task."""
    recorder, texts = _recorder(app_name="my app", user_login="me", task_id=5)
    root = recorder.process_root()
    _edge(recorder, root, 1)
    _edge(recorder, root, 2)
    first, *rest = _facts(texts)
    assert isinstance(first, TaskFact)
    assert (first.name, first.user, first.task_id) == ("my app", "me", 5)
    assert (first.pid, first.python) == (
        os.getpid(),
        ".".join(map(str, sys.version_info[:3])),
    )
    assert first.command
    assert first.host
    assert [type(f) for f in rest] == [EdgeFact, EdgeFact]


@pytest.mark.parametrize(("error", "is_error"), [(None, None), (KeyError("s3cr3t"), 1)])
def test_the_end_of_a_step(error: BaseException | None, is_error: int | None) -> None:
    """A step without a fact of its own is recorded with its end, errors masked."""
    texts: list[str] = []
    recorder = Recorder(lambda text: not texts.append(text), masker=Masker(["s3cr3t"]))
    root = recorder.process_root()
    untold, mentioned = (
        StepContext(root.task, root, '"u"'),
        StepContext(root.task, root, '"s"'),
    )
    mentioned.is_referenced = True
    for step in (untold, mentioned):
        recorder.end_step(step, error)
    recorder.write_pending_step_ends()
    (fact,) = (json.loads(text) for text in texts)
    assert fact["step"]["name"] == "s"
    assert fact["outcome"] == ("error" if is_error else "ok")
    assert fact.get("error") == ("KeyError: '****'" if is_error else None)


def test_the_same_fact_is_recorded_once_by_all_threads() -> None:
    """However many threads record it at once, one of them writes it."""
    recorder, texts = _recorder()
    root = recorder.process_root()
    start = threading.Barrier(8)

    def record() -> None:
        start.wait(5)
        for number in range(1, 200):
            _edge(recorder, root, number)

    threads = [threading.Thread(target=record) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    ids = [f["id"] for f in map(json.loads, texts) if f["f"] == "edge"]
    assert sorted(ids) == list(range(1, 200))


def test_an_output_derives_from_the_nearest_step_with_inputs() -> None:
    """`scope` names that step; without one, all inputs of the task are meant."""
    recorder, _ = _recorder()
    root = recorder.process_root()
    outer = StepContext(root.task, root, '"outer"')
    inner = StepContext(root.task, outer, '"inner"')
    alone = _edge(recorder, inner, 1, is_input=False)
    _edge(recorder, outer, 2)
    within = _edge(recorder, inner, 3, is_input=False)
    _edge(recorder, inner, 4)
    own = _edge(recorder, inner, 5, is_input=False)
    at_root = _edge(recorder, root, 6, is_input=False)
    scopes = [json.loads(t[-1]).get("scope") for t in (alone, within, own, at_root)]
    keys = [json.loads(step.key) for step in (outer, inner)]
    assert scopes == [None, *keys, None]


def test_inputs_recorded_before_are_recorded_for_the_step_of_an_output() -> None:
    """A step that repeats inputs of the task has them as well, once it makes something.

    The platform has them: they say so.
    """
    recorder, texts = _recorder()
    root = recorder.process_root()
    for number in (10, 11):
        step = StepContext(root.task, root, '"convert"')
        _edge(recorder, step, 1)
        _edge(recorder, step, number)
        for output in (100, 200):
            _edge(recorder, step, number + output, is_input=False)
    edges = [f for f in map(json.loads, texts) if f["f"] == "edge"]
    inputs = [e for e in edges if e["dir"] == "input"]
    assert [(e["id"], e.get("again", False)) for e in inputs] == [
        (1, False), (10, False), (11, False), (1, True),
    ]  # fmt: skip
    keys = [_key(edge) for edge in inputs]
    assert keys[0] == keys[1] != keys[2] == keys[3]
    outputs = [e for e in edges if e["dir"] == "output"]
    assert [e["scope"] for e in outputs] == [keys[0]] * 2 + [keys[2]] * 2
    assert not any("derived_from" in e for e in outputs)


def _key(edge: dict[str, Any]) -> str:
    step = edge["step"]
    return str(step["key"] if isinstance(step, dict) else step)


def _again(texts: list[str]) -> list[tuple[int, bool]]:
    """Return the ids of outputs, and whether each says that it was recorded before."""
    outputs = [f for f in map(json.loads, texts) if f.get("dir") == "output"]
    return [(f["id"], f.get("again", False)) for f in outputs]


@pytest.mark.parametrize("is_body", [False, True], ids=["steps", "body"])
def test_an_output_is_recorded_again_with_new_inputs(is_body: bool) -> None:
    """Each of many data sets is converted into one project: it comes from all."""
    recorder, texts = _recorder()
    root = recorder.process_root()
    for number in (10, 11, 11):
        step = root if is_body else StepContext(root.task, root, '"convert"')
        _edge(recorder, step, number)
        for _ in range(2):
            _edge(recorder, step, 1, is_input=False)
    assert _again(texts) == [(1, False), (1, True)]


def test_an_output_inside_a_step_is_recorded_again_with_new_inputs_of_that() -> None:
    """A loop in one step, which calls a step that has no inputs itself."""
    recorder, texts = _recorder()
    root = recorder.process_root()
    outer = StepContext(root.task, root, '"outer"')
    for number in range(2 * MAX_NAMED + 10):
        _edge(recorder, outer, number + 100)
        for _ in range(2):
            inner = StepContext(root.task, outer, '"inner"')
            _edge(recorder, inner, 1, is_input=False)
    assert len(_again(texts)) == 2 * MAX_NAMED + 10


def test_an_input_is_recorded_again_once_its_task_has_produced_it() -> None:
    """A loop that trains and predicts: each prediction has the model of its round."""
    recorder, texts = _recorder()
    root = recorder.process_root()

    def edge(id: str, kind: str, *, is_input: bool) -> None:
        prefix = f'"dir":"{"input" if is_input else "output"}","kind":"{kind}"'
        found: list[str] = []
        step = StepContext(root.task, root, '"s"')
        recorder.append_edge(found, step, prefix, id, is_input)
        texts.extend(found)

    for number in range(2):
        edge(f"s3://b/cfg{number}", "file", is_input=True)
        edge("s3://b/run/", "folder", is_input=False)
        for _ in range(2):
            edge("s3://b/run/sub/model.pt", "file", is_input=True)
            edge("s3://b/other.pt", "file", is_input=True)
    used = [f["id"] for f in map(json.loads, texts) if f.get("dir") == "input"]
    assert used.count("s3://b/run/sub/model.pt") == 2
    assert used.count("s3://b/other.pt") == 1


def test_steps_are_recorded_inside_their_first_fact() -> None:
    """The whole step once, then its key; a step around it when it ends."""
    recorder, texts = _recorder()
    root = recorder.process_root()
    outer = StepContext(root.task, root, '"outer"')
    inner = StepContext(root.task, outer, '"inner"')
    silent = StepContext(root.task, outer, '"silent"')
    inner.at = 7_000_000_000
    _edge(recorder, inner, 1)
    _edge(recorder, inner, 2)
    for step in (inner, silent, outer):
        recorder.end_step(step, ValueError("x") if step is inner else None)
    recorder.write_pending_step_ends()
    steps = [f["step"] for f in map(json.loads, texts) if "step" in f]
    key, parent = json.loads(inner.key), json.loads(outer.key)
    assert steps[0] == {"key": key, "name": "inner", "parent": parent, "at": 7.0}
    assert steps[1:3] == [key, key]
    assert steps[3]["name"] == "outer"
    assert len(steps) == 4
    outcomes = [f["outcome"] for f in map(json.loads, texts) if "outcome" in f]
    assert outcomes == ["error", "ok"]


def test_step_ends_ride_along_when_they_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They wait for company, but not without end."""
    monkeypatch.setattr(edges, "MAX_PENDING_ENDS", 64)
    recorder, texts = _recorder()
    root = recorder.process_root()
    for number in range(1, 201):
        step = StepContext(root.task, root, '"s"')
        _edge(recorder, step, number)
        recorder.end_step(step)

    def ends() -> list[str]:
        facts = [json.loads(text) for text in texts]
        return [key for fact in facts for key, _ in fact.get("ends", ())]

    assert 100 < len(ends()) < 200
    recorder.finalize(0)
    assert len(set(ends())) == len(ends()) == 200


def test_many_ends_of_a_task_are_one_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends without an error are recorded together, up to what a fact holds."""
    monkeypatch.setattr(fact_json, "MAX_ENDS", 3)
    recorder, texts = _recorder()
    runs = [recorder.open_task(name).root for name in ("a", "b")]
    for number in range(1, 9):
        step = StepContext(runs[number % 2].task, runs[number % 2], '"s"')
        _edge(recorder, step, number)
        recorder.end_step(step, ValueError("x") if number == 8 else None)
    recorder.write_pending_step_ends()
    facts = _facts(texts)
    written = [(f.f, f.task, len(getattr(f, "ends", "?"))) for f in facts[-4:]]
    a, b = (root.task.key for root in runs)
    assert written == [
        ("step_end", a, 1),
        ("step_ends", b, 3),
        ("step_ends", b, 1),
        ("step_ends", a, 3),
    ]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that runs for months forgets the oldest identities."""
    monkeypatch.setattr(edges, "MAX_SEEN", 10)
    recorder, _ = _recorder()
    root = recorder.process_root()
    for number in range(1, 100):
        _edge(recorder, root, number)
    assert all(len(seen) <= 11 for seen in root.task.seen.values())


def test_trouble_is_counted_logged_once_and_raised_if_strict(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """`refuse` is the one place for what cannot be recorded."""
    recorder, _ = _recorder()
    for _ in range(3):
        recorder.count_failure("here", SourceError("wrong"))
    assert recorder.not_recorded == {"here": 3}
    assert caplog.messages == ["here: not recorded: wrong"]
    strict, _ = _recorder(is_strict=True)
    with pytest.raises(SourceError):
        strict.count_failure("here", SourceError("wrong"))


def test_closing_ends_the_process_task_once() -> None:
    """A task that was recorded is ended; one that was not is left out."""
    recorder, texts = _recorder()
    recorder.close()
    assert texts == []
    _edge(recorder, recorder.process_root(), 1)
    recorder.close()
    recorder.close()
    assert [json.loads(t).get("status") for t in texts if '"task_end"' in t] == [
        "finished"
    ]


def test_a_fork_does_not_end_its_parents_task() -> None:
    """Only the process that opened the task ends it."""
    recorder, texts = _recorder()
    _edge(recorder, recorder.process_root(), 1)
    recorder.process_root().task.pid += 1
    recorder.close()
    assert not any('"task_end"' in t for t in texts)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forks_child_names_its_steps_again() -> None:
    """Parent and child go on with one task, and never with one step's key."""
    recorder, _ = _recorder()
    root = recorder.process_root()
    read, write = os.pipe()
    recorder._lock.acquire()  # as another thread of the parent might
    if os.fork() == 0:
        recorder.count_failure("in the child", ValueError())
        key = StepContext(root.task, root, '"s"').ensure_key()
        os.write(write, key.encode())
        os._exit(0)
    os.wait()
    child = os.read(read, 100).decode()
    assert (
        child.split("-")[0]
        != StepContext(root.task, root, '"s"').ensure_key().split("-")[0]
    )


def test_how_the_program_ended_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that ends the program ends its task with an error."""
    recorder, texts = _recorder()
    _edge(recorder, recorder.process_root(), 1)
    monkeypatch.setattr(sys, "last_value", ValueError("own"), raising=False)
    recorder.close()
    end = json.loads(texts[-1])
    assert (end["status"], end["error"]) == ("error", "ValueError: own")


def test_muted_contexts_have_no_scope(recorded: Recorded) -> None:
    """Inside `disabled()` there is nowhere to record."""
    recorder, _ = _recorder()
    assert recorder.scope() is recorder.process_root()
    with lineage.disabled():
        assert recorder.scope() is None
    assert CURRENT.get() is None


@pytest.fixture
def recorded() -> Any:
    with capture() as facts:
        yield facts


def test_what_the_journal_refused_can_be_recorded_again() -> None:
    """Neither an edge nor its task or step counts as recorded unless it is kept."""
    is_full, kept = [True], []

    def write_many(texts: Sequence[str]) -> bool:
        if not is_full[0]:
            kept.extend(json.loads(text) for text in texts)
        return not is_full[0]

    recorder = Recorder(lambda text: write_many([text]), write_many)
    task = recorder.process_task()
    step = StepContext(task, task.root, step_name("convert"))
    before = CURRENT.get()
    CURRENT.set(step)
    try:
        for is_full[0] in (True, True, False, False):
            for number in (7, 8):
                texts: list[str] = []
                prefix = '"dir":"input","kind":"project"'
                if recorder.append_edge(texts, step, prefix, number, True):
                    recorder.write(texts)
    finally:
        CURRENT.set(before)
    assert [fact["f"] for fact in kept] == ["task", "edge", "edge"]
    assert [fact["id"] for fact in kept[1:]] == [7, 8]
    assert kept[1]["step"]["name"] == "convert"
    assert "host" in kept[0] or "pid" in kept[0]
