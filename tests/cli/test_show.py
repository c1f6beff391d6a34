"""`tasks`, `show` and `search`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openlineage_events import columns_event

from lineage.api.client import Api

pytestmark = pytest.mark.usefixtures("small_graph")


def test_tasks_are_listed_newest_first_with_what_went_in_and_out(type_) -> None:
    """One line describes a run: state, key, name, when, how long, inputs → outputs."""
    lines = type_("tasks").out.splitlines()
    assert len(lines) == 4
    assert "Use" in lines[0]
    assert "model.pt → readings.csv" in lines[0]
    assert lines[2].startswith("✘")
    assert "table.csv → nothing" in lines[2]


def test_tasks_are_filtered_by_text_and_status(type_) -> None:
    """Only runs whose name has the text, only those with the status."""
    assert type_("tasks", "--text", "imp").out.count("\n") == 1
    answer = type_("tasks", "--status", "error", "--json").data
    assert [task["node"]["name"] for task in answer["tasks"]] == ["Train"]


def test_a_cut_list_shows_how_to_go_on(type_) -> None:
    """`--after` continues where the answer was cut, without a gap or a double."""
    first = type_("tasks", "--limit", "3")
    assert "there is more; add: --after" in first.out
    after = first.out.split("--after ")[1].split()[0]
    assert "Import" in type_("tasks", "--limit", "3", "--after", after).out


def test_show_draws_both_sides_of_an_artifact(type_) -> None:
    """Where the model came from, and what was made from it."""
    shown = type_("show", "model.pt").out
    assert "Upstream" in shown
    assert "scans.csv" in shown
    assert "Downstream" in shown
    assert "readings.csv" in shown
    assert "1.5 kB" in shown


def test_show_describes_a_task_with_code_error_and_steps(type_) -> None:
    """Who, where, with what code, and in which steps."""
    shown = type_("show", "Import").out
    for text in ("maria on desk", "git abcdef012345 with uncommitted changes",
                 "python import.py", "convert"):  # fmt: skip
        assert text in shown
    assert "ValueError: no" in type_("show", "task:2").out


def test_show_as_json_has_artifact_upstream_and_downstream(type_) -> None:
    """Programs get the same answers as the drawing is made of."""
    data = type_("show", "readings.csv", "--json").data
    assert set(data) == {"schema", "thing", "upstream", "downstream"}


def test_a_name_that_fits_several_artifacts_lists_them(type_) -> None:
    """Two runs are called Train: their keys are shown, to name one of them."""
    answer = type_("show", "Train")
    assert answer.code == 2
    assert "2 runs are called 'Train'" in answer.err
    assert "task:2" in answer.err


def test_an_unknown_name_shows_what_is_near(type_) -> None:
    """A half-remembered name leads to the real one."""
    answer = type_("show", "file:model.p")
    assert answer.code == 2
    assert "near: model.pt" in answer.err
    assert "lineage tasks" in type_("show", "zzz").err


def test_search_takes_the_kind_as_people_write_it(type_) -> None:
    """`model` is the kind that the graph calls `model_weight`."""
    out = type_("search", "model", "--kind", "model").out
    assert out.startswith("model.pt")


def test_search_finds_names_paths_and_digests(type_) -> None:
    """What is found says by what it was found."""
    assert "readings.csv" in type_("search", "readi").out
    assert "nothing matches 'zzz'" in type_("search", "zzz").out


def test_each_version_is_shown_with_the_task_that_made_it(
    empty_home: Api, type_
) -> None:
    """A making has its own maker, also of equal bytes; what nobody made has none."""
    facts = []
    for number, (run, direction, content) in enumerate(
        [("r1", "output", 1), ("r2", "output", 2), ("r3", "output", 1),
         ("r4", "input", 3), ("r5", "output", 3)],
    ):  # fmt: skip
        at, sign = 2_000_000_000.0 + number, f"{content:064x}"
        facts += [
            {"uid": f"{run}-1", "f": "task", "task": run, "name": run, "at": at},
            {"uid": f"{run}-2", "f": "edge", "task": run, "at": at, "kind": "file",
             "dir": direction, "id": "/v/m.pt",
             "stat": {"size": 9, "mtime_ns": 1, "digest": f"sha256:{sign}"}},
        ]  # fmt: skip
    assert empty_home.facts.add(facts).refused == []
    detail = type_("show", "/v/m.pt", "--json").data["thing"]
    made = {one["version"]: one["name"] for one in detail["version_makers"]}
    keys = [node["key"] for node in detail["versions"]]
    assert [made.get(key) for key in keys] == ["r5", None, "r3", "r2", "r1"]
    lines = type_("show", "/v/m.pt", "--versions").out.splitlines()
    rows = lines[lines.index("Versions (5)") + 1 :][:5]
    assert ["by task:" in row for row in rows] == [True, False, True, True, True]
    assert rows[0].split("by ")[1].split()[1] == "r5"
    assert "made by no task" in rows[1]


def test_columns_that_an_event_names_are_listed(type_, tmp_path: Path) -> None:
    """Each with its type and the columns that it is made from."""
    events = tmp_path / "events.jsonl"
    events.write_text(json.dumps(columns_event()), "utf-8")
    assert type_("import", "openlineage", str(events)).code == 0
    rows = type_("show", "mart.orders").out.splitlines()
    assert "Columns (2)" in rows
    (total,) = (row.split() for row in rows if row.startswith("  total"))
    assert total[1:] == ["DECIMAL", "from", "pg://db/raw.orders", "price"]
