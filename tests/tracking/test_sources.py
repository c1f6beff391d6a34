"""Sources: one grammar, checked when decorating, each failing alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import FileInfo, ProjectInfo
from lineage.errors import DeclarationError, SourceError
from lineage.testing import Recorded


@dataclass
class Project:
    id: int | None


def _uses(source: Any, **options: Any) -> Any:
    @lineage.uses_project(source, **options)
    def work(project: Any = None, *, state: Any = None) -> Any:
        return project

    return work


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("project.id", ["project:7"]),
        ("state[id]", ["project:8"]),
        (lambda project: project.id, ["project:7"]),
        (lambda state, project: state["id"] + project.id, ["project:15"]),
        (lambda *, state: state["id"], ["project:8"]),
        (lambda call: call.arguments["project"].id, ["project:7"]),
        (lambda nothing=3: nothing, ["project:3"]),
        (lambda nothing=3, state=None: state["id"], ["project:8"]),
        (lambda *args, **kwargs: 4, ["project:4"]),
        (lambda: 5, ["project:5"]),
        (6, ["project:6"]),
        ("6", ["project:6"]),
        ([1, 2, 1, None], ["project:1", "project:2"]),
        (None, []),
        (lineage.project(9), ["project:9"]),
    ],
)
def test_the_grammar(source: Any, expected: list[str], recorded: Recorded) -> None:
    """Paths, callables by the names of their parameters, and constants."""
    _uses(source)(Project(7), state={"id": 8})
    assert recorded.inputs == expected


def test_a_callable_may_take_the_call(recorded: Recorded) -> None:
    """`call` holds function, arguments, result and error."""
    seen = []

    @lineage.produces_project(lambda call: seen.append(call) or None, on_error=True)
    def work(a: int) -> int:
        if a > 1:
            raise ValueError(a)
        return a * 10

    work(1)
    with pytest.raises(ValueError, match="2"):
        work(2)
    assert [(c.arguments, c.result, str(c.error)) for c in seen] == [
        ({"a": 1}, 10, "None"),
        ({"a": 2}, None, "2"),
    ]
    assert seen[0].function.__name__ == "work"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("nope.id", r"uses_project\('nope\.id'\) of work: .*available: project, state"),
        (lambda nope: 1, r"uses_project\(<lambda>\) of work: .*'nope'.*project, state"),
        ("/data/x", r"uses_project of work: .*parameters: project, state"),
        ("result.id", r"after=True"),
        (lambda result: 1, r"after=True"),
        (True, r"got bool True"),
        (2.5, r"got float"),
        (lineage.dataset(1), r"a project, not a dataset"),
        (int, r"is a class, not a source"),
        ([1, "x"], r"got str 'x'"),
    ],
)
def test_what_can_never_work_raises_when_decorating(source: Any, expected: str) -> None:
    """The error names the declaration, the function and the names there are."""
    with pytest.raises(TypeError, match=expected) as caught:
        _uses(source)
    assert isinstance(caught.value, DeclarationError)


def test_a_callable_without_visible_parameters_is_refused() -> None:
    """What shows no names cannot pick what it is given."""

    class Opaque:
        __signature__ = "hidden"

        def __call__(self) -> None: ...

    with pytest.raises(DeclarationError, match="write a lambda"):
        _uses(Opaque())


def test_a_wrong_value_is_logged_once_and_counted(
    recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    """A value of the wrong kind costs its own edge, one warning and a count."""
    work = _uses("project")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert work("word") == "word"
    assert recorded.edges == []
    assert len(caplog.records) == 1
    assert "uses_project('project') of" in caplog.text
    assert "the id of a project" in caplog.text
    assert list(recorded.not_recorded.values()) == [3]


def test_each_source_fails_alone(recorded: Recorded) -> None:
    """A source that raises costs its own edge and no other."""

    @lineage.uses_project("a.id")
    @lineage.uses_dataset("b")
    @lineage.produces_file(lambda result: result["missing"])
    @lineage.produces_folder(lambda: "/out")
    def work(a: Any, b: int) -> dict[str, str]:
        return {}

    assert work(5, 6) == {}
    assert (recorded.inputs, recorded.outputs) == (["dataset:6"], ["folder:/out"])
    assert len(recorded.not_recorded) == 2


def test_one_of_many_fails_alone(recorded: Recorded) -> None:
    """A wrong value in a list costs only itself."""
    _uses("project")([1, "word", 3])
    assert recorded.inputs == ["project:1", "project:3"]


def test_strict_mode_raises(strict: Recorded) -> None:
    """For tests: what would be logged is raised, before the body for inputs."""
    with pytest.raises(SourceError, match="the id of a project"):
        _uses("project")("word")

    @lineage.produces_project()
    def work() -> str:
        return "word"

    with pytest.raises(SourceError):
        work()


def test_strict_mode_leaves_the_apps_exception_alone(strict: Recorded) -> None:
    """The app's own exception is never replaced."""

    @lineage.produces_project(lambda: "word", on_error=True)
    def work() -> None:
        raise KeyError("own")

    with pytest.raises(KeyError, match="own"):
        work()


def test_after_waits_for_the_result(recorded: Recorded) -> None:
    """`after=True`: an input known only when the function has returned."""

    @lineage.uses_project("result[used]", after=True)
    @lineage.produces_dataset("result[made]")
    def work() -> dict[str, int]:
        assert recorded.inputs == []
        return {"used": 1, "made": 2}

    work()
    assert [(e["dir"], e["id"]) for e in recorded.edges] == [
        ("input", 1),
        ("output", 2),
    ]


@pytest.mark.parametrize(
    ("when", "is_emitted"),
    [("state", True), ("state[no]", False), (lambda state: state["yes"], True)],
)
def test_when_decides(when: Any, is_emitted: bool, recorded: Recorded) -> None:
    """`when=` takes a source whose truth decides."""
    _uses(3, when=when)(state={"yes": 1, "no": 0})
    assert recorded.inputs == (["project:3"] if is_emitted else [])


@pytest.mark.parametrize("when", [True, None])
def test_when_may_be_left_open(when: Any, recorded: Recorded) -> None:
    """`when=True` is no condition."""
    _uses(3, when=when)()
    assert recorded.inputs == ["project:3"]


def test_left_out_uses_takes_the_one_parameter(recorded: Recorded) -> None:
    """The parameter named, or annotated, for the kind."""

    @lineage.uses_project()
    @lineage.uses_file()
    @lineage.uses_dataset()
    @lineage.uses()
    def work(
        src: ProjectInfo, file_path: str, dataset_id: int, other: int | None = None
    ) -> None: ...

    work(ProjectInfo(*[7, "demo"] + [None] * 23), "in.bin", 5)
    inputs = recorded.inputs
    assert inputs == ["project:7", "file:in.bin", "dataset:5"]
    assert recorded.edges[0]["name"] == "demo"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda a, b: None, r"none fits; parameters: a, b"),
        (lambda project, project_id: None, r"several fit: project, project_id"),
        (lambda: None, r"parameters: none"),
    ],
)
def test_left_out_and_unclear_is_refused(function: Any, expected: str) -> None:
    """What is not clear raises when decorating, naming the parameters."""
    with pytest.raises(DeclarationError, match=expected):
        lineage.uses_project()(function)


def test_a_parameter_named_result(recorded: Recorded) -> None:
    """For inputs `result` is the parameter of that name, for outputs the result."""

    @lineage.uses_project("result")
    @lineage.produces_project("result")
    def work(result: int) -> int:
        return result + 1

    work(1)
    assert (recorded.inputs, recorded.outputs) == (["project:1"], ["project:2"])


def test_paths_refs_and_infos_are_constants(recorded: Recorded, tmp_path: Path) -> None:
    """A `Path`, a ref and an Info object stand for themselves above a function."""
    info = FileInfo(*[5, 31, 1, "best.pt"] + [None] * (len(FileInfo._fields) - 4))

    @lineage.uses_file(tmp_path / "x.bin")
    @lineage.uses_file(lineage.file("s3://bucket/x", model_weight=True))
    @lineage.uses_file(info)
    @lineage.uses(lineage.folder("/d"))
    def work() -> None: ...

    work()
    assert recorded.inputs == [
        f"file:{tmp_path / 'x.bin'}",
        "model_weight:s3://bucket/x",
        "file:31",
        "folder:/d",
    ]


def test_derived_from_names_the_inputs(recorded: Recorded) -> None:
    """Three inputs and three outputs are not nine arrows."""

    @lineage.uses_project("project.id")
    @lineage.uses_file("state[weights]")
    @lineage.uses_dataset("state[sets][]")
    @lineage.produces_file("result[0]", derived_from=["state[weights]"])
    @lineage.produces_file("result[1]", derived_from=["state", "project"])
    @lineage.produces_file("result[2]", derived_from=[lineage.project(7), "extra"])
    @lineage.produces_file("result[3]", derived_from=[])
    def work(project: Project, state: dict[str, Any], extra: Any = None) -> list[str]:
        return ["a", "b", "c", "d"]

    work(Project(7), {"weights": "w.pt", "sets": [1, 2]}, lineage.dataset(2))
    derived = {
        e["id"]: e["derived_from"] for e in recorded.edges if e["dir"] == "output"
    }
    project, weights = {"kind": "project", "id": 7}, {"kind": "file", "id": "w.pt"}
    sets = [{"kind": "dataset", "id": 1}, {"kind": "dataset", "id": 2}]
    assert derived == {
        "a": [weights],
        "b": [weights, *sets, project],
        "c": [project, sets[1]],
        "d": [],
    }


def test_derived_from_what_is_no_input_costs_only_itself(recorded: Recorded) -> None:
    """The output is recorded all the same, and the trouble is counted."""

    @lineage.produces_file("result", derived_from=["a"])
    def work(a: str) -> str:
        return "x"

    work("never used")
    assert recorded.outputs == ["file:x"]
    assert "derived_from" not in recorded.edges[0]
    assert "derived_from" in next(iter(recorded.not_recorded))


@pytest.mark.parametrize("named", ["a", ["nope"]])
def test_derived_from_is_checked_when_decorating(named: Any) -> None:
    """A text instead of a list, and a name that does not exist, are refused."""
    with pytest.raises(DeclarationError):
        lineage.produces_file("result", derived_from=named)(lambda a: a)


@pytest.mark.parametrize(
    ("version", "member"),
    [
        (4, {"version_num": 4}),
        ("4", {"version_num": 4}),
        ("state[v]", {"version_num": 12}),
        (lambda state: state["v"], {"version_num": 12}),
        (lambda state: None, {}),
        (lineage.snapshot("before"), {"snapshot": "before"}),
        ({"id": 90, "version": 4}, {"version_id": 90}),
        (lambda state: {"id": 91, "version": state["v"]}, {"version_id": 91}),
        ({"version": 4}, {"version_num": 4}),
    ],
)
def test_versions(version: Any, member: dict[str, Any], recorded: Recorded) -> None:
    """A number, a snapshot, or a source of one."""
    _uses(3, version=version)(state={"v": 12})
    edge = recorded.edges[0]
    keys = ("version_num", "version_id", "snapshot")
    assert {k: edge[k] for k in keys if k in edge} == member


@pytest.mark.parametrize(
    ("version_id", "member"),
    [
        (90, {"version_id": 90}),
        ("state[v]", {"version_id": 12}),
        (lambda: {"id": 91, "version": 4}, {"version_id": 91}),
        (lambda: None, {}),
    ],
)
def test_a_version_is_named_by_its_own_id(
    version_id: Any, member: dict[str, Any], recorded: Recorded
) -> None:
    """`version_id=` takes an id, the platform's dict, or a source of one."""
    _uses(3, version_id=version_id)(state={"v": 12})
    with lineage.uses_project(4, version_id=90):
        pass
    keys = ("version_num", "version_id")
    edge, in_block = recorded.edges
    assert {key: edge[key] for key in keys if key in edge} == member
    assert in_block["version_id"] == 90


def test_one_version_is_named_once() -> None:
    """`version` and `version_id` together are a mistake in the declaration."""
    with pytest.raises(DeclarationError, match="not both"):
        lineage.uses_project(3, version=1, version_id=2)


def test_pinned_refs_and_version_infos(recorded: Recorded) -> None:
    """A ref carries its version; a `VersionInfo` gives its id."""
    info = lineage.VersionInfo(*[900] + [None] * (len(lineage.VersionInfo._fields) - 1))
    _uses(lineage.project(1, version_id=5))()
    _uses(lineage.project(2, version_num=6))()
    _uses(3, version=lambda: info)()
    versions = [(e.get("version_id"), e.get("version_num")) for e in recorded.edges]
    assert versions == [(5, None), (None, 6), (900, None)]


@pytest.mark.parametrize("version", [lambda: "x", lambda: 2.5, lambda: True, lambda: 0])
def test_a_wrong_version_costs_the_edge(version: Any, recorded: Recorded) -> None:
    """A version of the wrong kind would name a wrong artifact: nothing is recorded."""
    _uses(3, version=version)()
    assert recorded.edges == []
    assert recorded.not_recorded


def test_repeat_records_each_time(recorded: Recorded) -> None:
    """The same fact is recorded once, unless `repeat=True` opts out."""
    once, again = _uses(3), _uses(4, repeat=True)
    for _ in range(3):
        once()
        again()
    assert recorded.inputs == ["project:3", "project:4", "project:4", "project:4"]
    assert len({e.get("repeat") for e in recorded.edges if e["id"] == 4}) == 3


@pytest.mark.parametrize(("kind", "text"), [("file", "data.csv"), ("folder", "out")])
def test_a_text_that_is_no_parameter_may_mean_a_path(kind: str, text: str) -> None:
    """The error shows how a file or folder that is always the same is declared."""
    uses = getattr(lineage, f"uses_{kind}")
    with pytest.raises(DeclarationError) as caught:
        uses(text)(lambda: 1)
    assert str(caught.value).endswith(f"always the same is lineage.{kind}({text!r})")
    assert uses(getattr(lineage, kind)(text))(lambda: 1)() == 1
