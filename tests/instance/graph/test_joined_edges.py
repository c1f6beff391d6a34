"""Edges between items: of which inputs a grouped output was made."""

from __future__ import annotations

import pytest
from store_engines import START, Facts, digest

from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store
from lineage.model.overview import OverviewAnswer

TEAM = [1]
#: Which of two files each of two outputs is made from, in steps of one run.
Ways = dict[str, str]
PLAIN: Ways = {"fit": "a", "draw": "b"}


def weights(number: int) -> dict[str, object]:
    """Make the stat of a file whose content belongs to one step."""
    return {"size": 3, "mtime_ns": 1, "digest": f"sha256:{number:064x}"}


def run(number: int, ways: Ways) -> list[dict[str, object]]:
    """Make a file in each step, of the named inputs."""
    facts = Facts(f"run-{number}")
    found = [facts.fact("task", name="Train")]
    for at, (name, inputs) in enumerate(ways.items(), number * 100 + 1):
        step = {"key": name, "name": name, "at": START + at}
        found += [
            facts.uses("file", f"/w/{used}.csv", step=step, stat=digest(used[0]))
            for used in inputs
        ]
        found.append(
            facts.makes("file", f"/w/{name}.out", step=name, scope=name,
                        stat=weights(at))
        )  # fmt: skip
    return [*found, facts.fact("task_end", status="finished", at=START + number + 90)]


def sources(answer: OverviewAnswer) -> dict[str, set[str] | None]:
    """Return the names of the inputs that each output was made from."""
    names = {item.key: item.node.name.rpartition("/")[2] for item in answer.items}
    return {
        names[edge.target]: None
        if edge.made_from is None
        else {names[key] for key in edge.made_from}
        for edge in answer.arrows
        if edge.role == "output"
    }


def picture(store: Store, runs: list[Ways], **options: object) -> OverviewAnswer:
    """Record runs and draw what is around them."""
    for number, ways in enumerate(runs):
        store.ingest(1, run(number, ways))
    return GraphQueries(store).overview(TEAM, select="app:Train", **options)


@pytest.mark.parametrize("by", ["artifact", "run"])
@pytest.mark.parametrize("runs", [1, 3])
def test_outputs_of_different_steps_are_made_from_their_own_inputs(
    store: Store, by: str, runs: int
) -> None:
    """One run, or several that are drawn as one: each step has its own inputs."""
    found = sources(picture(store, [PLAIN] * runs, by=by))
    assert found == {"fit.out": {"a.csv"}, "draw.out": {"b.csv"}}


def test_what_fed_an_output_in_any_run_fed_the_group(store: Store) -> None:
    """Runs that differ are joined: all inputs are no restriction."""
    found = sources(picture(store, [PLAIN, {"fit": "b", "draw": "b"}]))
    assert found == {"fit.out": None, "draw.out": {"b.csv"}}


def test_an_output_of_one_run_was_not_made_from_inputs_of_another(
    store: Store,
) -> None:
    """A group's runs have different inputs and outputs."""
    found = sources(picture(store, [{"fit": "a"}, {"draw": "b"}]))
    assert found == {"fit.out": {"a.csv"}, "draw.out": {"b.csv"}}


def test_an_opened_step_lights_its_own_inputs(store: Store) -> None:
    """A step that is drawn by itself has nothing to leave out."""
    found = sources(picture(store, [PLAIN], by="run", opened=["task:1"]))
    assert found == {"fit.out": None, "draw.out": None}


def test_a_group_of_like_inputs_is_one_source(store: Store) -> None:
    """Inputs that are drawn as one are named by their group's key."""
    runs = [{"fit": "bcdef", "draw": "a"}, {"draw": "a"}]
    answer = picture(store, runs, by="run")
    (group,) = (item.key for item in answer.items if item.grouping == "like")
    (fit,) = (item.key for item in answer.items if item.node.name.endswith("fit.out"))
    (edge,) = (edge for edge in answer.arrows if edge.target == fit)
    assert edge.made_from == [group]
