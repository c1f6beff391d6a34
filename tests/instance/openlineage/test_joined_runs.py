"""Runs inside runs, and datasets with several names, whatever comes first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
from instance_server import Served, in_thread, settings_for

ORDERS = list(itertools.permutations(range(3)))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An open instance on loopback; each test has runs and names of its own."""
    folder: Path = tmp_path_factory.mktemp("joined")
    with in_thread(settings_for(folder / "served")) as running:
        yield running


def _event(
    run: str, word: str, minute: int, *around: str, **data: Sequence[Any]
) -> dict[str, Any]:
    """Make an event of a run; around it are its parent and the root."""
    facets: dict[str, Any] = {}
    if around:
        facets["parent"] = {
            "run": {"runId": around[0]},
            "job": {"namespace": "n", "name": around[0]},
            "root": {"run": {"runId": around[-1]}},
        }
    return {
        "eventType": word,
        "eventTime": f"2026-01-01T00:{minute:02}:00Z",
        "run": {"runId": run, "facets": facets},
        "job": {"namespace": "n", "name": run},
        **data,
    }


def _send(served: Served, events: Sequence[dict[str, Any]]) -> None:
    for event in events:
        _post(served, "", event)


def _post(served: Served, end: str, body: Any) -> None:
    url = f"{served.address}/api/v1/lineage{end}"
    answer = requests.post(url, json=body, timeout=20)
    assert answer.status_code == 200, answer.text


def _task(served: Served, run: str) -> dict[str, Any]:
    answer: dict[str, Any] = served.post(
        "lineage.tasks.get", {"run": f"ol:{run}"}
    ).json()
    return answer


def _file(name: str) -> dict[str, str]:
    return {"namespace": "s3://b", "name": name}


@pytest.mark.parametrize("order", ORDERS)
def test_a_child_that_has_data_is_no_step(
    served: Served, order: tuple[int, ...]
) -> None:
    """An end without data that came first does not make it one beside the task."""
    name = "".join(map(str, order))
    dag, task = f"dag{name}", f"task{name}"
    events = [
        _event(dag, "START", 1),
        _event(task, "START", 2, dag, inputs=[_file(f"in{name}")]),
        _event(task, "COMPLETE", 5, dag),
    ]
    _send(served, [events[at] for at in order])
    outer, inner = _task(served, dag), _task(served, task)
    assert outer["steps"] == []
    assert inner["parent"] == outer["node"]["key"]


@pytest.mark.parametrize("is_batch", [False, True])
def test_a_run_in_a_step_is_a_child_of_the_steps_task(
    served: Served, is_batch: bool
) -> None:
    """As dbt in a task of Airflow, which has no data of its own."""
    name = "-batch" if is_batch else ""
    dag, task, dbt = f"airflow{name}", f"bash{name}", f"dbt-run{name}"
    events = [
        _event(dag, "START", 1),
        _event(task, "START", 2, dag),
        _event(dbt, "START", 3, task, dag),
        _event(dbt, "COMPLETE", 4, task, dag, inputs=[_file(f"in{name}")]),
        _event(task, "COMPLETE", 5, dag),
        _event(dag, "COMPLETE", 6),
    ]
    if is_batch:
        _post(served, "/batch", events)
    else:
        _send(served, events)
    outer = _task(served, dag)
    assert [step["name"] for step in outer["steps"]] == [task]
    assert _task(served, dbt)["parent"] == outer["node"]["key"]


def test_a_run_whose_parent_is_silent_is_a_child_of_the_root(served: Served) -> None:
    """A parent that sends no events leaves the outermost run."""
    _send(
        served,
        [
            _event("dag", "START", 1),
            _event("dbt", "COMPLETE", 4, "silent", "dag", inputs=[_file("in")]),
        ],
    )
    assert _task(served, "dbt")["parent"] == _task(served, "dag")["node"]["key"]


def _upstream(served: Served, name: str) -> set[str]:
    answer = served.post("lineage.graph.upstream", {"of": name}).json()
    return {node["name"] for node in answer["nodes"] if node["type"] == "task"}


@pytest.mark.parametrize("is_table_first", [False, True])
@pytest.mark.parametrize("is_batch", [False, True])
@pytest.mark.parametrize(
    "place",
    [{"namespace": "file", "name": "/wh/{}"}, {"namespace": "s3://wh", "name": "{}"}],
)
def test_a_table_and_its_place_are_one_artifact(
    served: Served, place: dict[str, str], is_table_first: bool, is_batch: bool
) -> None:
    """Whether the name that joins them comes with the writer or with the reader."""
    name = f"t{is_table_first}{is_batch}{place['namespace'][0]}"
    path = {**place, "name": place["name"].format(name)}
    symlinks = {"symlinks": {"identifiers": [{**path, "type": "LOCATION"}]}}
    table = {"namespace": "hive://h:1", "name": f"db.{name}", "facets": symlinks}
    made, used = (table, path) if is_table_first else (path, table)
    events = [
        _event(f"one{name}", "COMPLETE", 1, outputs=[made]),
        _event(f"two{name}", "COMPLETE", 2, inputs=[used], outputs=[_file(f"o{name}")]),
    ]
    if is_batch:
        _post(served, "/batch", events)
    else:
        _send(served, events)
    assert _upstream(served, f"o{name}") == {f"one{name}", f"two{name}"}


@pytest.mark.parametrize(("kind", "end"), [("file", ""), ("folder", "/")])
def test_an_app_gives_a_local_path_its_machine(
    kind: str, end: str, served: Served
) -> None:
    """An event names none: the first app that uses the file or folder does."""
    path = f"/local/{kind}"
    made = {"namespace": "file", "name": f"{path}{end}"}
    _send(served, [_event(f"maker of a {kind}", "COMPLETE", 1, outputs=[made])])
    facts = [
        {"uid": f"{kind}-1", "f": "edge", "task": kind, "dir": "input", "kind": kind,
         "at": 1_800_000_000.0, "id": path, "local_path": path,
         "canonical": f"file://machine{path}"},
        {"uid": f"{kind}-2", "f": "edge", "task": kind, "dir": "output", "kind": "file",
         "at": 1_800_000_000.0, "id": f"s3://b/of-{kind}"},
        {"uid": f"{kind}-3", "f": "task", "task": kind, "at": 1_800_000_000.0,
         "name": f"reader of a {kind}"},
    ]  # fmt: skip
    assert served.post("lineage.facts.add", {"facts": facts}).status_code == 200
    found = _upstream(served, f"s3://b/of-{kind}")
    assert found == {f"maker of a {kind}", f"reader of a {kind}"}


def test_a_name_that_is_no_place_joins_no_file(served: Served) -> None:
    """An app's file may be called as a table of some database is."""
    facts = [
        {"uid": "a-1", "f": "edge", "task": "app", "dir": "output", "kind": "file",
         "at": 1_700_000_000.0, "id": "/data/customers", "aliases": ["customers"]},
    ]  # fmt: skip
    assert served.post("lineage.facts.add", {"facts": facts}).status_code == 200
    table = {"namespace": "", "name": "customers"}
    done = {"inputs": [table], "outputs": [_file("letters")]}
    _send(served, [_event("mailing", "COMPLETE", 1, **done)])
    assert _upstream(served, "letters") == {"mailing"}


def test_steps_of_steps_are_steps_of_the_outermost_task(served: Served) -> None:
    """Runs without data at three levels open no tasks of their own."""
    events = [
        _event("outer", "START", 1),
        _event("group", "START", 2, "outer"),
        _event("inner", "START", 3, "group", "outer"),
        _event("inner", "COMPLETE", 4, "group", "outer"),
        _event("group", "COMPLETE", 5, "outer"),
    ]
    _send(served, events)
    steps = {step["name"] for step in _task(served, "outer")["steps"]}
    assert steps == {"group", "inner"}


def test_hosts_of_storages_mean_the_same_in_capitals(served: Served) -> None:
    """As in the addresses of apps."""
    made = {"namespace": "HDFS://NameNode:8020", "name": "/a/b"}
    used = {"namespace": "hdfs://namenode:8020", "name": "/a/b"}
    _send(
        served,
        [
            _event("capitals", "COMPLETE", 1, outputs=[made]),
            _event("small", "COMPLETE", 2, inputs=[used], outputs=[_file("small")]),
        ],
    )
    assert _upstream(served, "small") == {"capitals", "small"}
