"""What a person may type for an artifact or a run."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage.api import Api


def _facts(*edges: tuple[str, str, str, float, dict[str, Any]]) -> list[dict[str, Any]]:
    """Make edge facts: run, direction, path, time, more."""
    facts: list[dict[str, Any]] = []
    for run, direction, path, at, more in edges:
        digest = hashlib.sha256(str(more.pop("content", path)).encode()).hexdigest()
        facts.append(
            {"uid": f"n-{len(facts)}", "f": "edge", "task": run, "dir": direction,
             "kind": "file", "id": path, "name": Path(path).name, "at": at,
             "local_path": path,
             "stat": {"size": 10, "mtime_ns": 1, "digest": f"sha256:{digest}"}, **more}
        )  # fmt: skip
    return facts


@pytest.fixture
def odd_names(empty_home: Api) -> Api:
    """Files whose names hold signs of the selector language."""
    names = ["a, b.csv", "R&D.csv", "loss<0.1>.pt", "C:\\data\\win.csv", "20260101",
             "caf\u00e9.csv", "x(1)+y.csv"]  # fmt: skip
    edges = [("r", "output", f"/odd/{name}" if name[1] != ":" else name, 5.0, {})
             for name in names]  # fmt: skip
    task = {"uid": "t-1", "f": "task", "task": "r", "name": "Make", "at": 1.0}
    assert empty_home.facts.add([task, *_facts(*edges)]).refused == []
    return empty_home


@pytest.mark.usefixtures("odd_names")
@pytest.mark.parametrize(
    "typed",
    ["a, b.csv", "R&D.csv", "loss<0.1>.pt", "C:\\data\\win.csv", "C:/data/win.csv",
     "win.csv", "20260101", "caf\u00e9.csv", "cafe\u0301.csv", "x(1)+y.csv",
     "/odd/R&D.csv", "file:/odd/R&D.csv", "odd/a, b.csv"],
)  # fmt: skip
def test_any_name_can_be_typed_as_it_is(type_: Callable[..., Any], typed: str) -> None:
    """Signs of the language, Windows paths and both Unicode forms name the file."""
    answer = type_("show", typed, "--json")
    assert answer.err == ""
    assert answer.data["thing"]["node"]["kind"] == "file"


@pytest.mark.usefixtures("odd_names")
def test_control_characters_are_escaped_in_messages(type_: Callable[..., Any]) -> None:
    """What was typed is shown, and not obeyed by the terminal."""
    assert "\x1b" not in type_("show", "a\x1b[2Jb").err


@pytest.fixture
def same_names(empty_home: Api) -> Api:
    """`best.pt` of two trainings, and two versions of one of them."""
    facts: list[dict[str, Any]] = [
        {"uid": f"t-{at}", "f": "task", "task": f"r{at}", "name": "Train",
         "user": user, "at": 1_700_000_000.0 + at}
        for at, user in ((1, "maria"), (2, "jan"), (3, "maria"))
    ]  # fmt: skip
    facts += _facts(
        ("r1", "output", "/runs/yolov8n/best.pt", 1_700_000_001.5, {"content": "n1"}),
        ("r2", "output", "/runs/yolov8s/best.pt", 1_700_000_002.5, {"content": "s1"}),
        ("r3", "output", "/runs/yolov8n/best.pt", 1_700_000_003.5, {"content": "n2"}),
    )
    facts.append({"uid": "e-2", "f": "task_end", "task": "r2", "status": "error",
                  "at": 1_700_000_002.9})  # fmt: skip
    assert empty_home.facts.add(facts).refused == []
    return empty_home


@pytest.mark.usefixtures("same_names")
def test_a_unique_end_of_a_path_names_an_artifact(type_: Callable[..., Any]) -> None:
    """`yolov8n/best.pt` is one, and is shown by just that."""
    shown = type_("show", "yolov8n/best.pt")
    assert shown.code == 0
    assert shown.out.startswith("yolov8n/best.pt ")


@pytest.mark.usefixtures("same_names")
def test_an_ambiguous_name_lists_path_time_and_task(type_: Callable[..., Any]) -> None:
    """Each candidate has what distinguishes it from the others."""
    refused = type_("show", "best.pt")
    assert refused.code == 2
    assert "2 artifacts are called 'best.pt'" in refused.err
    assert "/runs/yolov8s/best.pt  recorded 2023-11-14 22:13  made by task:2" in (
        refused.err
    )


@pytest.mark.usefixtures("same_names")
@pytest.mark.parametrize(
    ("typed", "key"),
    [("Train@last", "task:3"), ("Train@-1", "task:3"), ("Train@-2", "task:2"),
     ("Train@first", "task:1"), ("task:Train@-3", "task:1")],
)  # fmt: skip
def test_runs_of_an_app_are_counted_from_the_last(
    type_: Callable[..., Any], typed: str, key: str
) -> None:
    """`Train@-2` is the last but one."""
    assert type_("show", typed, "--json").data["thing"]["node"]["key"] == key


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("name", ["model.pt", "/runs/model.pt", "link.pt"])
def test_versions_are_counted_from_the_last_by_every_name(
    empty_home: Api, type_: Callable[..., Any], kind: str, name: str
) -> None:
    """By its name, its path, and another name that it was declared by."""
    for run in (1, 2, 3):
        fact = {
            "uid": f"e-{run}", "f": "edge", "task": f"r{run}", "dir": "output",
            "at": 1_700_000_000.0 + run, "kind": kind, "id": "/runs/model.pt",
            "name": "model.pt", "aliases": ["model.pt", "link.pt"],
        }  # fmt: skip
        assert empty_home.facts.add([fact]).refused == []
    shown = [
        type_("show", f"{name}@{nth}", "--json").data["thing"]["node"]["version"]
        for nth in ("first", "-3", "-2", "-1", "last")
    ]
    assert shown == ["v1", "v1", "v2", "v3", "v3"]


@pytest.mark.usefixtures("same_names")
@pytest.mark.parametrize("length", [6, 12, 64])
@pytest.mark.parametrize("prefix", ["", "sha256:"])
def test_content_is_named_by_any_digits_of_its_digest(
    type_: Callable[..., Any], prefix: str, length: int
) -> None:
    """Six digits are enough."""
    digits = hashlib.sha256(b"s1").hexdigest()[:length]
    node = type_("show", prefix + digits, "--json").data["thing"]["node"]
    assert node["id"] == "/runs/yolov8s/best.pt"


@pytest.mark.usefixtures("same_names")
def test_a_copy_is_recognised_by_its_bytes(
    type_: Callable[..., Any], tmp_path: Path
) -> None:
    """A file that was never recorded is found by its content, with its age."""
    copy = tmp_path / "copy.pt"
    copy.write_bytes(b"n1")
    shown = type_("show", str(copy)).out
    assert (
        f"{copy} has the content of yolov8n/best.pt of task:1, 1 version old" in shown
    )


@pytest.mark.usefixtures("same_names")
@pytest.mark.parametrize(
    ("selector", "keys"),
    [("status:failed", ["task:2"]), ("user:maria", ["task:3", "task:1"]),
     ("app:Train & user:jan", ["task:2"]), ("since:1d", []),
     ("until:2023-11-15", ["task:3", "task:2", "task:1"]),
     ("task:1 | task:2", ["task:2", "task:1"])],
)  # fmt: skip
def test_runs_are_listed_by_a_selector(
    type_: Callable[..., Any], selector: str, keys: list[str]
) -> None:
    """`tasks` takes the one selector language."""
    answer = type_("tasks", selector, "--json").data
    assert [task["node"]["key"] for task in answer["tasks"]] == keys


@pytest.mark.usefixtures("same_names")
def test_runs_are_grouped_by_app(type_: Callable[..., Any]) -> None:
    """`--by app` counts runs and failures."""
    shown = type_("tasks", "--by", "app").out
    assert "Train" in shown
    assert "3 runs  1 failed" in shown


@pytest.mark.usefixtures("same_names")
def test_a_set_is_answered_as_a_set(type_: Callable[..., Any]) -> None:
    """A filter means everything that passes it."""
    nodes = type_("show", "kind:file & name:best*", "--json").data["nodes"]
    assert len(nodes) == 3
    up = type_("upstream", "kind:file & user:maria", "--json").data
    assert {n["key"] for n in up["nodes"] if n["type"] == "task"} == {
        "task:1",
        "task:3",
    }


@pytest.mark.usefixtures("small_graph")
def test_models_are_a_kind_of_their_own(type_: Callable[..., Any]) -> None:
    """`model:` and `kind:model` are short for files of model weights."""
    assert "model.pt" in type_("show", "model:model.pt").out
    assert "model.pt" in type_("show", "kind:model").out


@pytest.mark.usefixtures("small_graph")
def test_steps_show_what_each_of_them_used_and_produced(
    type_: Callable[..., Any],
) -> None:
    """`--steps` opens a run into its steps."""
    shown = type_("show", "Import", "--steps").out
    assert "convert" in shown
    assert shown.index("convert") < shown.index("produced")


@pytest.mark.usefixtures("clean_environment")
def test_runs_stand_below_the_run_that_started_them(
    type_: Callable[..., Any], empty_home: Api
) -> None:
    """`--tree` draws parents and children."""
    facts = [
        {"uid": "p-1", "f": "task", "task": "p", "name": "Pipeline", "at": 1.0},
        {"uid": "p-2", "f": "task", "task": "c", "name": "Part", "at": 2.0,
         "parent": "p"},
    ]  # fmt: skip
    assert empty_home.facts.add(facts).refused == []
    lines = type_("tasks", "--tree").out.splitlines()
    assert "Pipeline" in lines[0]
    assert "└─ Part" in lines[1]


@pytest.fixture
def recorded_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Files that a task really wrote, by what is typed for them."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    typed = {
        os.fsdecode(b"caf\xe9.csv"): "Latin-1",
        unicodedata.normalize("NFD", "größe.csv"): "NFD",
        "20260101": "Path",
        "loss<0.1>.pt": "signs",
        "a, b.csv": "list",
        '"kind:model"': "quoted",
    }
    with lineage.task(name="Make") as task:
        for name in typed:
            path = Path(name.strip('"'))
            path.write_text(ascii(name))
            task.produces_file(path)
    assert lineage.flush(20)
    lineage.runtime.runtime().close()
    return typed


@pytest.mark.parametrize("is_here", [True, False])
def test_odd_names_that_were_recorded_are_found_as_they_are(
    type_: Callable[..., Any],
    recorded_names: dict[str, str],
    is_here: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the files and from another folder."""
    if not is_here:
        monkeypatch.chdir(tmp_path)
    for name in recorded_names:
        answer = type_("show", name)
        assert (answer.code, answer.err) == (0, "")
        assert "was changed" not in answer.out
    nfc = unicodedata.normalize("NFC", "größe.csv")
    assert type_("show", nfc).code == 0


@pytest.mark.usefixtures("same_names")
def test_a_name_that_is_no_text_is_shown_escaped(type_: Callable[..., Any]) -> None:
    """A terminal could not be sent it."""
    shown = type_("show", os.fsdecode(b"no\xe9.csv")).err
    assert "nothing is called 'no\\udce9.csv'" in shown


@pytest.mark.usefixtures("same_names")
def test_a_set_that_is_empty_shows_how_a_name_is_quoted(
    type_: Callable[..., Any],
) -> None:
    """A file may be called `kind:job`."""
    shown = type_("show", "kind:job").err
    assert "nothing matches 'kind:job'" in shown
    assert "'\"kind:job\"'" in shown


@pytest.mark.usefixtures("clean_environment")
def test_a_file_that_is_here_means_its_version_of_the_moment(
    empty_home: Api, type_: Callable[..., Any], tmp_path: Path
) -> None:
    """Its bytes of now say nothing of then; before it was recorded it is not there."""
    place = tmp_path / "m.pt"
    place.write_text("new")
    task = {"uid": "t-1", "f": "task", "task": "r", "name": "Make", "at": 1000.0}
    edges = _facts(
        ("r", "output", str(place), 1001.0, {"content": "old"}),
        ("r", "output", str(place), 2001.0, {"content": "new"}),
    )
    assert empty_home.facts.add([task, *edges]).refused == []
    shown = {
        moment: type_("show", str(place), *moment, "--json").data["thing"]["node"]
        for moment in ((), ("--as-of", "1500"), ("--as-of", "2500"))
    }
    digests = {moment: node["digest"] for moment, node in shown.items()}
    old, new = (f"sha256:{hashlib.sha256(c).hexdigest()}" for c in (b"old", b"new"))
    assert digests == {(): new, ("--as-of", "1500"): old, ("--as-of", "2500"): new}
    assert "nothing is called" in type_("show", str(place), "--as-of", "500").err


@pytest.mark.usefixtures("clean_environment")
def test_a_selector_is_read_before_a_file_of_that_name(
    empty_home: Api,
    type_: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Keys that answers print mean the same in every folder; `./` names the file."""
    names = ["task:1", "data:1", "kind:file", "task:9"]
    for name in names:
        (tmp_path / name).write_text(f"content of {name}")
    task = {"uid": "t-1", "f": "task", "task": "r", "name": "Make", "at": 1000.0}
    first = _facts(("r", "output", "/elsewhere/m.pt", 1001.0, {}))
    edges = [
        ("r", "output", str(tmp_path / n), 1002.0, {"content": f"content of {n}"})
        for n in names
    ]
    assert empty_home.facts.add([task, *first]).refused == []
    later = [fact | {"uid": f"n-{at}"} for at, fact in enumerate(_facts(*edges), 1)]
    assert empty_home.facts.add(later).refused == []
    monkeypatch.chdir(tmp_path)

    def shown(text: str) -> tuple[str, str]:
        answer = type_("show", text, "--json")
        node = answer.data["thing"]["node"]
        return node["kind"], node["name"]

    assert shown("task:1") == ("task", "Make")
    assert shown("data:1") == ("file", "m.pt")
    for name in names:
        assert shown(f"./{name}") == ("file", name)
    assert shown("task:9") == ("file", "task:9")
    assert "the file or folder here is './task:1'" in type_("show", "task:1").out
    listed = type_("show", "kind:file", "--json").data
    assert {node["name"] for node in listed["nodes"]} == {"m.pt", *names}


@pytest.mark.usefixtures("clean_environment")
def test_a_file_with_companions_means_the_version_of_all_of_them(
    empty_home: Api, type_: Callable[..., Any], tmp_path: Path
) -> None:
    """Its own bytes stay the same, as those of a database with a log."""
    place, beside = tmp_path / "a.shp", tmp_path / "a.dbf"
    place.write_text("shapes of everything")
    edges = []
    for at, rows in enumerate(("one", "two")):
        sums = [hashlib.sha256(text.encode()).hexdigest()
                for text in (rows, place.read_text())]  # fmt: skip
        lines = f"{sums[0]}  a.dbf\n{sums[1]}  a.shp\n"
        together = f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"
        known = {"evidence": [{"kind": "companions", "value": together}]}
        seen = {"stat": {"size": 20, "mtime_ns": 1}}
        edges.append(("r", "output", str(place), 1001.0 + at, {**known, **seen}))
    task = {"uid": "t-1", "f": "task", "task": "r", "name": "Make", "at": 1000.0}
    assert empty_home.facts.add([task, *_facts(*edges)]).refused == []
    shown = {}
    for rows in ("one", "two", "three"):
        beside.write_text(rows)
        answer = type_("show", str(place))
        label = "v1" if " v1 " in answer.out.splitlines()[1] else "v2"
        shown[rows] = (
            label,
            "was changed" in answer.out,
            "1 version old" in answer.out,
        )
    assert shown["one"][2]
    assert not shown["one"][1]
    assert shown["two"] == ("v2", False, False)
    assert shown["three"] == ("v2", True, False)
