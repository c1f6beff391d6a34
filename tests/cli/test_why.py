"""`lineage why`: which differences it names, of which runs, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from history import History

from lineage.api import Api

Type = Callable[..., Any]
START = 1_700_000_000.0


@pytest.fixture
def history(empty_home: Api) -> History:
    """An empty store to write a history into."""
    return History(empty_home)


def _run(number: int, projects: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Yield the facts of a run that uses projects, of which no version is known."""
    at = START + 100 * number
    edges = [
        {"f": "edge", "dir": "input", "kind": "project", "id": id} for id in projects
    ]
    rows = [{"f": "task", "name": "Train"}, *edges]
    rows.append({"f": "task_end", "status": "finished"})
    for place, row in enumerate(rows):
        uid = f"w{number}-{place}"
        yield {"uid": uid, "task": f"run-{number}", "at": at + place, **row}


def test_what_differs_is_named_before_what_may(type_: Type, empty_home: Api) -> None:
    """Inputs without a known version are one row, and no part of the sentence."""
    for number, projects in enumerate(((1, 2), (1, 2, 3), (1, 2, 3))):
        assert empty_home.facts.add(list(_run(number, projects))).refused == []
    second = type_("why", "task:2").out
    assert second.startswith(
        "Train (task:2) differs from task:1 because project 3 was used as well\n"
    )
    assert second.count("unknown") == 1
    third = type_("why", "task:3").out.splitlines()
    assert "nothing that is known differs" in third[0]
    assert all(f"project {number}" in third[0] for number in (1, 2, 3))
    assert len([row for row in third if row.startswith("  ?")]) == 3


@pytest.fixture
def one_run_of_steps(history: History) -> History:
    """Two runs that clean a table in one step and fit in another, each with values."""
    for key, drop, c in (("1", 1, 1.0), ("2", 2, 0.01)):
        clean, fit = (f"{key}-{name}" for name in ("clean", "fit"))
        clean_step = {
            "key": clean,
            "name": "clean",
            "at": START,
            "params": {"drop": drop},
        }
        fit_step = {"key": fit, "name": "fit", "at": START, "params": {"C": c}}
        history.run(key, "All")
        history.used(key, "/w/raw.csv", f"raw {key}", step=clean_step)
        history.made(key, "/w/clean.csv", f"clean {key}", step=clean_step)
        history.used(key, "/w/clean.csv", f"clean {key}", step=fit_step)
        history.made(key, "/w/model.pt", f"model {key}", step=fit_step)
    history.store()
    return history


@pytest.mark.usefixtures("one_run_of_steps")
def test_each_difference_of_a_run_is_named_once_and_inputs_first(type_: Type) -> None:
    """Two versions lead to the same two runs, whose values differ but once."""
    rows = type_("why", "model.pt").out.splitlines()
    assert rows[0] == (
        "model.pt changed because raw.csv changed (used by task:2), C 1.0 → 0.01 "
        "and drop 1 → 2 (task:2, through clean.csv)"
    )
    causes = [row for row in rows if "parameter" in row]
    assert len(causes) == len(set(causes)) == 2


@pytest.mark.usefixtures("one_run_of_steps")
def test_a_value_of_the_step_beside_is_no_cause(type_: Type) -> None:
    """The table was cleaned before anything was fitted."""
    shown = type_("why", "clean.csv").out
    assert shown.startswith(
        "clean.csv changed because raw.csv changed (used by task:2) and drop"
    )
    assert "C 1.0" not in shown


def test_a_value_of_another_step_is_named_where_nothing_else_differs(
    history: History, type_: Type
) -> None:
    """What one step keeps in memory, another may write."""
    for key, c in (("1", 1.0), ("2", 0.01)):
        save = {"key": f"{key}-save", "name": "save", "at": START}
        history.run(key, "All")
        fit = {"key": f"{key}-fit", "name": "fit", "at": START, "params": {"C": c}}
        history.used(key, "/w/d.csv", "same", step=fit)
        history.made(key, "/w/model.pt", f"model {key}", step=save)
    history.store()
    first = type_("why", "model.pt").out.splitlines()[0]
    assert first == "model.pt changed because C 1.0 → 0.01"


def test_of_every_kind_of_cause_some_are_named(history: History, type_: Type) -> None:
    """Many parameters leave room for the input that changed."""
    for key in ("1", "2"):
        history.run(key, "Train")
        values = {f"p{number}": f"{number}-{key}" for number in range(9)}
        history.add(f="params", task=key, params=values)
        history.used(key, "/w/d.csv", f"d {key}")
        history.made(key, "/w/m.pt", f"m {key}")
    history.store()
    first = type_("why", "m.pt").out.splitlines()[0]
    assert first.startswith(
        "m.pt changed because d.csv changed (used by task:2), p0 0-1 → 0-2, "
    )
    assert first.endswith(" and 6 more")


@pytest.mark.usefixtures("one_run_of_steps")
@pytest.mark.parametrize(
    ("old", "new"), [("All@first", "All@last"), ("model.pt@-2", "model.pt@last")]
)
def test_the_later_one_is_explained_whichever_is_named_first(
    type_: Type, old: str, new: str
) -> None:
    """What is called `before` was before."""
    assert type_("why", old, new).out == type_("why", new, old).out
    assert "C 1.0 → 0.01" in type_("why", old, new).out


@pytest.mark.usefixtures("one_run_of_steps")
def test_two_artifacts_differ_and_none_of_them_changed(type_: Type) -> None:
    """A model is no later version of a table."""
    first = type_("why", "model.pt", "clean.csv").out.splitlines()[0]
    assert first.startswith("model.pt differs from clean.csv")


def test_two_runs_of_which_nothing_recorded_differs(
    history: History, type_: Type
) -> None:
    """No reason is made up."""
    for key in "12":
        history.run(key, "Train")
        history.used(key, "/w/d.csv", "same")
    history.store()
    first = type_("why", "Train@last").out.splitlines()[0]
    assert first == "nothing recorded differs between Train (task:2) and task:1"
