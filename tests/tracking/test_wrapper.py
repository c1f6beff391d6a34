"""Wrapping: every declaration on every form, and what stays as it was."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import pickle
import weakref
from types import FunctionType
from typing import Any

import pytest
from tracking_call_styles import FORMS, Boom, Form

import lineage
from lineage.errors import DeclarationError
from lineage.recording.context import CURRENT, StepContext
from lineage.testing import Recorded
from lineage.tracking.tracked import TrackedFunction

IDS = {"file": "a/b.bin", "folder": "/a/b"}
DECLARATIONS = [
    *[
        (f"uses_{kind}", kind)
        for kind in ("project", "dataset", "file", "folder", "job", "task")
    ],
    *[
        (f"produces_{kind}", kind)
        for kind in ("project", "dataset", "file", "folder", "job", "task", "app")
    ],
]


def _named(kind: str) -> tuple[Any, str]:
    artifact = IDS.get(kind, 41)
    return artifact, f"{kind}:{artifact}"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize(("word", "kind"), DECLARATIONS, ids=lambda value: value)
def test_success_records_inputs_and_outputs(
    word: str, kind: str, form: Form, recorded: Recorded
) -> None:
    """Each declaration on each form records its one fact and keeps the result."""
    artifact, shown = _named(kind)
    work = form.make(getattr(lineage, word)("artifact"), False)
    assert form.drive(work(artifact)) == artifact
    edges = recorded.inputs if word.startswith("uses") else recorded.outputs
    assert edges == [shown]
    assert len(recorded.edges) == 1


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize(("word", "kind"), DECLARATIONS, ids=lambda value: value)
def test_failure_records_inputs_alone(
    word: str, kind: str, form: Form, recorded: Recorded
) -> None:
    """A failed run shows what it used; its exception is the app's own."""
    artifact, shown = _named(kind)
    work = form.make(getattr(lineage, word)("artifact"), True)
    with pytest.raises(Boom):
        form.drive(work(artifact))
    assert recorded.inputs == ([shown] if word.startswith("uses") else [])
    assert recorded.outputs == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("word", ["uses", "produces", "updates_project"])
def test_either_kind_and_work_in_place(
    word: str, form: Form, recorded: Recorded
) -> None:
    """The kind comes from the value; work in place is an input and an output."""
    work = form.make(getattr(lineage, word)("artifact"), False)
    form.drive(work(lineage.project(41)))
    is_update = word == "updates_project"
    assert recorded.inputs == (["project:41"] if word != "produces" else [])
    assert recorded.outputs == (
        ["project:41"] if word == "produces" or is_update else []
    )
    assert [edge.get("updates", False) for edge in recorded.edges] == (
        [True, True] if is_update else [False]
    )


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_on_error_records_outputs_of_a_failed_run(
    form: Form, recorded: Recorded
) -> None:
    """`on_error=True` records an output although the function raised."""
    work = form.make(lineage.produces_project("artifact", on_error=True), True)
    with pytest.raises(Boom):
        form.drive(work(3))
    assert recorded.outputs == ["project:3"]


# An unbound method is called through a lambda of the tests, which refuses first.
@pytest.mark.parametrize(
    "form",
    [form for form in FORMS if form.name != "unbound method"],
    ids=lambda form: form.name,
)
def test_a_refused_call_records_nothing(form: Form, recorded: Recorded) -> None:
    """A call that the function's own signature refuses records nothing."""
    work = form.make(lineage.uses_project(7), False)
    with pytest.raises(TypeError):
        work(1, 2, 3)
    assert recorded.facts == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_switched_off_nothing_is_recorded(form: Form, recorded: Recorded) -> None:
    """Between `disable` and `enable` a call is only itself."""
    work = form.make(lineage.uses_project("artifact"), False)
    lineage.disable()
    try:
        assert not lineage.is_enabled()
        assert form.drive(work(5)) == 5
    finally:
        lineage.enable()
    assert recorded.facts == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_disabled_as_decorator(form: Form, recorded: Recorded) -> None:
    """Inside a call of a function under `disabled()` nothing is recorded."""
    tracked = form.make(
        lambda f: lineage.disabled()(lineage.uses_project("artifact")(f)), False
    )
    assert form.drive(tracked(5)) == 5
    assert recorded.facts == []


def test_stacked_declarations_are_one_wrapper(recorded: Recorded) -> None:
    """Stacking merges; facts come in the order in which declarations stand."""

    @lineage.uses_project("a")
    @lineage.produces_file("result")
    @lineage.uses_dataset("b")
    def work(a: int, b: int) -> str:
        return "x.bin"

    assert type(work) is TrackedFunction
    assert type(inspect.unwrap(work)) is FunctionType
    assert type(work.__wrapped__) is FunctionType  # type: ignore[attr-defined]
    work(1, 2)
    assert recorded.inputs == ["project:1", "dataset:2"]
    assert recorded.outputs == ["file:x.bin"]
    assert (
        len({str(e["step"]) for e in recorded.edges}) == 2
    )  # recorded once, then its key


def test_stacking_leaves_the_inner_one_alone(recorded: Recorded) -> None:
    """A declaration on a tracked function makes another, and changes nothing."""

    @lineage.uses_project("a")
    def inner(a: int) -> int:
        return a

    outer = lineage.produces_dataset("a")(inner)
    inner(1)
    assert recorded.outputs == []
    outer(2)
    assert recorded.outputs == ["dataset:2"]


def test_around_a_static_method_they_merge(recorded: Recorded) -> None:
    """Declarations on both sides of `staticmethod` become one wrapper."""

    class Worker:
        @lineage.uses_project("a")
        @staticmethod
        @lineage.uses_dataset("a")
        def work(a: int) -> int:
            return a

    assert Worker.work(4) == 4
    assert recorded.inputs == ["project:4", "dataset:4"]


@lineage.uses_project("a")
def module_level(a: int, *, b: str = "x") -> tuple[int, str]:
    """Say both."""
    return a, b


class Worker:
    @lineage.uses_project("a")
    def work(self, a: int) -> int:
        return a

    @classmethod
    @lineage.uses_project("a")
    def make(cls, a: int) -> int:
        return a


def test_signature_and_names_stay() -> None:
    """`inspect`, name, docstring and annotations are the function's own."""
    assert str(inspect.signature(module_level)).startswith("(a: 'int', *, b: 'str'")
    assert module_level.__name__ == "module_level"
    assert module_level.__doc__ == "Say both."
    assert inspect.isfunction(module_level)
    assert "return a, b" in inspect.getsource(module_level)
    assert list(inspect.signature(Worker().work).parameters) == ["a"]


def test_pickling_goes_by_name() -> None:
    """Functions and bound methods are pickled as Python pickles them."""
    assert pickle.loads(pickle.dumps(module_level)) is module_level
    assert pickle.loads(pickle.dumps(Worker().work))(3) == 3
    assert pickle.loads(pickle.dumps(Worker.make))(3) == 3


@pytest.mark.parametrize(
    ("form", "inspects"),
    [
        ("coroutine", inspect.iscoroutinefunction),
        ("generator", inspect.isgeneratorfunction),
        ("async generator", inspect.isasyncgenfunction),
    ],
)
def test_inspect_knows_the_form(form: str, inspects: Any) -> None:
    """What is async or a generator still says so."""
    made = next(f for f in FORMS if f.name == form)
    assert inspects(made.make(lineage.uses_project("artifact"), False))


def test_made_coroutines_and_generators_bear_the_name() -> None:
    """A coroutine never awaited is reported by the function's own name."""
    make = next(f for f in FORMS if f.name == "coroutine").make
    made = make(lineage.uses_project("artifact"), False)(1)
    assert made.__name__ == "work"
    made.close()


@pytest.mark.parametrize("artifact", [int, 5, "text"])
def test_only_functions_are_decorated(artifact: Any) -> None:
    """A class or a value is refused, with what to do instead."""
    with pytest.raises(DeclarationError, match="uses_project"):
        lineage.uses_project(1)(artifact)


def test_forgotten_parentheses_change_nothing(recorded: Recorded) -> None:
    """`@uses_project` does what `@uses_project()` does."""

    @lineage.uses_project
    def work(project_id: int) -> int:
        return project_id

    assert work(5) == 5
    assert recorded.inputs == ["project:5"]


def test_a_function_without_signature_is_refused() -> None:
    """What shows no parameters cannot be declared on."""

    class Opaque:
        __signature__ = "hidden"

        def __call__(self) -> None: ...

    with pytest.raises(DeclarationError, match="cannot be seen"):
        lineage.uses_project(1)(Opaque())


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration, Boom]
)
def test_exceptions_pass_unchanged(
    error: type[BaseException], recorded: Recorded
) -> None:
    """Whatever the app raises reaches its caller as the same object."""
    raised = error("own")

    @lineage.uses_project("a")
    @lineage.produces_dataset("a", on_error=True)
    def work(a: int) -> None:
        raise raised

    with pytest.raises(error) as caught:
        work(1)
    assert caught.value is raised
    assert recorded.outputs == ["dataset:1"]


def test_concurrent_coroutines_keep_their_own_steps(recorded: Recorded) -> None:
    """Coroutines of one loop do not mix their steps."""

    @lineage.uses_project("a")
    @lineage.produces_dataset("a")
    async def work(a: int) -> None:
        await asyncio.sleep(0)
        lineage.current_task().produces_file(f"{a}.bin")

    async def main() -> None:
        await asyncio.gather(*(work(n) for n in range(1, 6)))

    asyncio.run(main())
    steps: dict[str, list[str]] = {}
    for edge in recorded.edges:
        step = edge["step"]
        key = step["key"] if isinstance(step, dict) else step
        steps.setdefault(key, []).append(f"{edge['kind']}:{edge['id']}")
    expected = [[f"project:{n}", f"file:{n}.bin", f"dataset:{n}"] for n in range(1, 6)]
    assert sorted(steps.values()) == sorted(expected)


def test_a_call_adds_two_frames_at_most(recorded: Recorded) -> None:
    """A recursion goes a third as deep as it does bare: three frames a level."""

    @lineage.uses_project("depth")
    def depth_of(depth: int) -> int:
        if depth == 1:
            return len(inspect.stack(0))
        return depth_of(depth - 1)

    frames = depth_of(11) - depth_of(1)
    assert frames <= 10 * 3


def test_a_shown_traceback_holds_the_apps_frames_alone(recorded: Recorded) -> None:
    """The traceback of a failed task begins and ends with the app's own code."""

    @lineage.uses_project("number")
    def fail(number: int) -> None:
        raise ValueError(number)

    with pytest.raises(ValueError, match="7"), lineage.task("t"):
        fail(7)
    (end,) = [fact for fact in recorded.facts if fact["f"] == "task_end"]
    assert "test_wrapper.py" in end["traceback"]
    assert "lineage/tracking" not in end["traceback"]


def test_a_failing_source_is_named_with_its_place(
    recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning has the exception's type and the source's file and line."""

    @lineage.uses_project(lambda number: {}[number])
    def work(number: int) -> None: ...

    work(3)
    assert "KeyError: 3" in caplog.text
    assert "test_wrapper.py:" in caplog.text


def test_arguments_are_not_kept_alive(recorded: Recorded) -> None:
    """A context that was copied inside a call holds none of its arguments."""

    class Large: ...

    contexts = []

    @lineage.uses_project("number")
    def work(number: int, large: Large) -> None:
        contexts.append(contextvars.copy_context())

    large = Large()
    gone = weakref.ref(large)
    work(1, large)
    del large
    gc.collect()
    assert gone() is None


def test_the_step_of_a_generated_call_is_a_whole_step(recorded: Recorded) -> None:
    """What a generated call makes has each attribute that its class gives a step."""
    steps: list[StepContext] = []

    @lineage.uses_project("project_id")
    def look(project_id: int) -> None:
        step = CURRENT.get()
        assert isinstance(step, StepContext)
        steps.append(step)

    with lineage.task("look"):
        look(1)
        look(2)
    for step in steps:
        made = StepContext(step.task, step.parent, step.name, step.previous)
        made.at, made.key, made.inputs = step.at, step.key, step.inputs
        made.is_emitted, made.changes = True, step.changes
        for name in StepContext.__slots__:
            assert getattr(step, name) == getattr(made, name), name
