"""Sets of many runs and artifacts, and steps, as a person asks for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from lineage.api import Api
from lineage.model.run_ids import run_uuid

Type = Callable[..., Any]
START = 1_700_000_000.0
RUNS = 30


def _edge(
    run: int, direction: str, path: str, at: float, **more: Any
) -> dict[str, Any]:
    digest = hashlib.sha256(f"{run} {path}".encode()).hexdigest()
    return {
        "uid": f"{run}-{direction}-{path}", "f": "edge", "task": f"r{run}",
        "dir": direction, "kind": "file", "id": path, "name": path.rsplit("/", 1)[-1],
        "local_path": path, "at": START + at,
        "stat": {"size": 9, "mtime_ns": 1, "digest": f"sha256:{digest}"}, **more,
    }  # fmt: skip


def _run(number: int) -> list[dict[str, Any]]:
    """A run that cleans a table in a step with a step inside, and trains on it."""
    at, key = number * 10.0, f"r{number}"
    clean = {"key": "s1", "name": "clean", "at": START + at + 1, "params": {"drop": 1}}
    parse = {"key": "s2", "name": "parse", "parent": "s1", "at": START + at + 2}
    fit = {"key": "s3", "name": "fit", "at": START + at + 4,
           "params": {"lr": 0.1 * number, "epochs": 5}}  # fmt: skip
    return [
        {"uid": f"t{number}", "f": "task", "task": key, "name": "Train",
         "at": START + at, "user": "maria"},
        _edge(0, "input", "/d/raw.csv", at + 1, step=clean) | {"task": key,
              "uid": f"raw-{number}"},
        _edge(number, "output", "/d/parsed.csv", at + 3, step=parse),
        _edge(number, "output", "/d/best.pt", at + 5, step=fit, is_model=True),
        {"uid": f"e{number}", "f": "task_end", "task": key, "at": START + at + 6,
         "status": "finished"},
    ]  # fmt: skip


@pytest.fixture
def many(empty_home: Api) -> Api:
    """Thirty runs that each make a version of one model."""
    facts = [fact for number in range(1, RUNS + 1) for fact in _run(number)]
    assert empty_home.facts.add(facts).refused == []
    return empty_home


def _rows(out: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines()]


@pytest.mark.usefixtures("many")
def test_a_step_shows_what_it_used_and_produced(type_: Type) -> None:
    """Steps inside it count as its own; the newest run comes first."""
    rows = _rows(type_("show", "step:clean", "--limit", "1").out)
    assert rows[0][1:5] == ["clean", "of", "Train", "task:30"]
    assert [row[:2] for row in rows[1:3]] == [
        ["used", "raw.csv"],
        ["produced", "parsed.csv"],
    ]
    assert " ".join(rows[3]) == "and 29 more runs; add: --limit 30"


@pytest.mark.usefixtures("many")
def test_a_step_is_data_for_programs(type_: Type) -> None:
    """Each step comes with its run and its edges."""
    data = type_("show", "step:fit", "--limit", "2", "--json").data
    assert [s["task"]["key"] for s in data["steps"]] == ["task:30", "task:29"]
    (edge,) = data["steps"][0]["edges"]
    assert (edge["direction"], edge["data"]["name"]) == ("output", "best.pt")
    assert data["steps"][0]["step"]["params"]["epochs"] == 5


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("command", ["search", "find"])
def test_a_step_is_found_by_its_name(type_: Type, command: str) -> None:
    """A start of the name finds runs; `step:` finds what it touched as well."""
    hits = type_(command, "cle", "--json").data["hits"]
    assert hits[0]["node"]["key"] == "task:30"
    assert {hit["matched"] for hit in hits} == {"step"}
    names = {
        h["node"]["name"] for h in type_(command, "step:clean", "--json").data["hits"]
    }
    assert {"raw.csv", "parsed.csv"} <= names
    assert "best.pt" not in names


@pytest.mark.usefixtures("many")
def test_a_selector_in_a_search_means_what_it_means_elsewhere(type_: Type) -> None:
    """An artifact with many versions is one hit."""
    (hit,) = type_("search", "kind:model", "--json").data["hits"]
    assert (hit["node"]["name"], hit["matched"]) == ("best.pt", "selector")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("length", [5, 6, 64])
@pytest.mark.parametrize("prefix", ["", "sha256:"])
def test_search_takes_a_digest_of_any_length(
    type_: Type, length: int, prefix: str
) -> None:
    """With and without the name of the algorithm."""
    shown = type_("show", "best.pt", "--json").data["thing"]["node"]["digest"]
    digits = shown.removeprefix("sha256:")[:length]
    (hit,) = type_("search", prefix + digits, "--json").data["hits"]
    assert hit["node"]["name"] == "best.pt"


@pytest.mark.usefixtures("many")
def test_a_set_lists_an_artifact_once_and_the_newest_first(type_: Type) -> None:
    """Thirty versions are one line that counts them."""
    (row,) = _rows(type_("show", "kind:model").out)
    assert row[0] == "best.pt"
    assert row[-2:] == ["30", "versions"]
    runs = _rows(type_("show", "status:finished & kind:task", "--limit", "2").out)
    keys = [word for row in runs for word in row if word.startswith("task:")]
    assert keys == ["task:30", "task:29"]
    assert " ".join(runs[-1]) == "and 28 more; add: --limit 30"


@pytest.mark.usefixtures("many")
def test_many_versions_are_cut_around_the_one_that_is_shown(type_: Type) -> None:
    """What is left out is counted, and `--versions` lists all."""
    out = type_("show", "best.pt").out
    assert "Versions (30)" in out
    assert "and 22 earlier; add: --versions" in out
    middle = type_("show", "best.pt@-15").out
    assert "and 10 later and 12 earlier; add: --versions" in middle
    assert "earlier" not in type_("show", "best.pt", "--versions").out


@pytest.mark.usefixtures("many")
def test_runs_show_the_parameters_that_differ(type_: Type) -> None:
    """`lr` distinguishes runs of one app, and comes before the equal ones."""
    first = type_("tasks", "--limit", "3").out.splitlines()[0]
    assert "lr=3.0" in first
    assert first.index("lr=") < first.index("epochs=")


@pytest.mark.usefixtures("many")
def test_an_artifact_is_no_run_and_its_runs_are_one_command_away(type_: Type) -> None:
    """The command in the message lists them."""
    shown = type_("tasks", "raw.csv").out
    assert "those that made or used it: lineage tasks '1+raw.csv+1'" in shown
    data = type_("tasks", "1+raw.csv+1", "--json", "--limit", "50").data
    assert len(data["tasks"]) == RUNS


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("selector", "count"),
    [("kind:model", 30), ("param.lr>2.5", 5), ("app:Train & param.lr<=0.2", 2),
     ("user:maria & until:2024-01-01 & name:Train", 30), ("tag:none", 0)],
)  # fmt: skip
def test_every_filter_is_answered_as_a_set(
    type_: Type, selector: str, count: int
) -> None:
    """Or says that nothing matches, and not that nothing is called so."""
    answer = type_("show", selector, "--json")
    if count == 0:
        assert answer.err.startswith(f"lineage: nothing matches '{selector}'")
        return
    kinds = "data" if selector == "kind:model" else "task"
    assert sum(n["type"] == kinds for n in answer.data["nodes"]) == count


def test_a_task_names_the_tasks_around_it(many: Api, type_: Type) -> None:
    """What started it, and the first of those that it started."""
    facts = [
        {"uid": "s0", "f": "task", "task": "s0", "name": "Sweep", "at": START},
        *(
            {"uid": f"s{number}", "f": "task", "task": f"s{number}", "name": "Trial",
             "at": START + number, "parent": "s0"}
            for number in range(1, 8)
        ),
    ]  # fmt: skip
    assert many.facts.add(facts).refused == []
    outer = type_("show", "app:Sweep").out
    assert "started tasks  Trial (task:32), Trial (task:33)" in outer
    assert "and 2 more" in outer
    assert "started by  Sweep (task:31)" in type_("show", "task:32").out
    document = type_("export", "task:32", "--as", "openlineage").out
    events = [json.loads(line) for line in document.splitlines()]
    parent = events[0]["run"]["facets"]["parent"]
    assert parent["job"]["name"] == "Sweep"
    assert parent["run"]["runId"] == run_uuid("s0")
    prov = json.loads(type_("export", "app:Sweep | app:Trial", "--as", "prov").out)
    assert len(prov["wasInformedBy"]) == 7


@pytest.mark.usefixtures("many")
def test_a_tree_shows_how_nodes_are_connected(type_: Type) -> None:
    """An edge names its step."""
    out = type_("upstream", "best.pt").out
    assert "in fit" in out
    assert "in clean" in out


def test_a_tree_names_copies_parts_and_changes_in_place(
    empty_home: Api, type_: Type
) -> None:
    """Links that no run made say what they are."""
    facts = [
        {"uid": "t1", "f": "task", "task": "r1", "name": "Make", "at": START},
        _edge(1, "output", "/d/a.bin", 1),
        {"uid": "t2", "f": "task", "task": "r2", "name": "Use", "at": START + 5},
        _edge(2, "input", "/e/copy.bin", 6),
        {"uid": "f", "f": "edge", "task": "r2", "dir": "input", "kind": "folder",
         "id": "/d", "local_path": "/d", "at": START + 7},
    ]  # fmt: skip
    content = facts[1]["stat"] | {"size": 5000}
    facts[1]["stat"] = facts[3]["stat"] = content
    assert empty_home.facts.add(facts).refused == []
    out = type_("upstream", "task:2").out
    assert "same content" in out
    assert "part of it" in out


@pytest.mark.usefixtures("many")
def test_an_impact_of_many_is_cut_and_counted(type_: Type) -> None:
    """The whole answer is in `--json`."""
    out = type_("impact", "raw.csv", "--limit", "1").out
    assert "and 1 more; add: --limit 2" in out
    data = type_("impact", "raw.csv", "--limit", "1", "--json").data
    assert len(data["remake"] + data["possibly"] + data["loses_source"]) == 2
