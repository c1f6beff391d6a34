"""Facts as OpenLineage events, sent to a receiver that is really there: our own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from instance_server import Served, free_port, in_thread, settings_for
from ways_of_running import run_program

import lineage
from lineage.cli.main import main
from lineage.delivery.openlineage_exporter import OpenLineageExporter
from lineage.exporters import check_exporter
from lineage.model.run_ids import run_uuid
from lineage.runtime import reset_runtime
from lineage.testing import capture


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Served]:
    """An instance that receives events."""
    with in_thread(settings_for(tmp_path / "served")) as running:
        yield running


def _record(tmp_path: Path) -> None:
    with lineage.task(name="Train") as task:
        (tmp_path / "in.csv").write_text("1")
        task.uses_file(str(tmp_path / "in.csv"))
        task.uses_project(7)
        (tmp_path / "model.pt").write_text("2")
        task.produces_file(str(tmp_path / "model.pt"), derived_from=[
            str(tmp_path / "in.csv")])  # fmt: skip
    with pytest.raises(ValueError, match="bad"), lineage.task(name="Fails"):
        raise ValueError("bad")


def test_an_app_is_seen_at_the_receiver(receiver: Served, tmp_path: Path) -> None:
    """Tasks with their names, ends, inputs and outputs arrive as events."""
    lineage.configure(exporter=OpenLineageExporter(receiver.address))
    _record(tmp_path)
    assert lineage.flush(20)
    tasks = receiver.post("lineage.tasks.list", {}).json()["tasks"]
    found = {
        (t["node"]["name"], t["node"]["status"], t["input_count"], t["output_count"])
        for t in tasks
    }
    assert ("Train", "finished", 2, 1) in found
    found = receiver.post("lineage.graph.upstream", {"of": "model.pt"}).json()
    assert {"in.csv", "Train"} <= {node["name"] for node in found["nodes"]}
    sizes = {node["name"]: node["size"] for node in found["nodes"]}
    assert (sizes["model.pt"], sizes["in.csv"]) == (1, None)
    details = receiver.post("lineage.tasks.get", {"key": tasks[-1]["node"]["key"]})
    assert not details.json()["metrics"]


def test_facts_wait_while_the_receiver_is_away(tmp_path: Path) -> None:
    """Nothing is lost; the report names the address."""
    lineage.configure(exporter=OpenLineageExporter("http://127.0.0.1:9"))
    _record(tmp_path)
    report = lineage.flush(0.5)
    assert not report
    assert report.waiting > 0


def test_a_receiver_that_refuses_an_event_costs_that_event(
    receiver: Served, tmp_path: Path
) -> None:
    """A 400 is a rejection with the receiver's words; nothing else is held up."""
    exporter = OpenLineageExporter(receiver.address)
    bad = {"f": "task", "task": "t" * 16, "at": 0.0, "name": "x" * 2000, "uid": "a-1"}
    good = {"f": "task", "task": "0" * 16, "at": 1.0, "name": "x", "uid": "a-2"}
    first, second = exporter.send([bad, good])
    assert (first.status, second.status) == ("rejected", "delivered")
    assert "job.name" in first.reason


def test_it_is_an_exporter() -> None:
    """It has every member that `configure(exporter=…)` asks for."""
    assert check_exporter(OpenLineageExporter("http://127.0.0.1:9"))


def _names(served: Served) -> set[str]:
    tasks = served.post("lineage.tasks.list", {}).json()["tasks"]
    return {task["node"]["name"] for task in tasks}


def test_one_variable_is_enough(
    receiver: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`LINEAGE_OPENLINEAGE_URL` sends events too, without a line in the app."""
    monkeypatch.setenv("LINEAGE_OPENLINEAGE_URL", receiver.address)
    reset_runtime()
    _record(tmp_path)
    assert lineage.flush(20)
    assert {"Train", "Fails"} <= _names(receiver)
    own = {task.node.name for task in lineage.graph().tasks().tasks}
    assert {"Train", "Fails"} <= own


def test_events_go_to_a_file_and_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One event a line, which `lineage import openlineage` takes in."""
    file = tmp_path / "new folder" / "events.jsonl"
    monkeypatch.setenv("LINEAGE_OPENLINEAGE_URL", f"file://{file}")
    reset_runtime()
    _record(tmp_path)
    assert lineage.flush(20)
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert {event["eventType"] for event in events} >= {"START", "COMPLETE", "FAIL"}
    if os.name == "posix":  # Commands and tracebacks are nobody else's.
        assert not file.stat().st_mode & 0o077

    monkeypatch.delenv("LINEAGE_OPENLINEAGE_URL")
    monkeypatch.setenv("LINEAGE_HOME", str(tmp_path / "other"))
    reset_runtime()
    assert main(["import", "openlineage", str(file)]) == 0
    assert {task.node.name for task in lineage.graph().tasks().tasks} == {
        "Train",
        "Fails",
    }


def test_what_another_step_repeats_is_in_an_event_once(tmp_path: Path) -> None:
    """A loop that converts datasets into one project: an event has no steps."""
    events = tmp_path / "events.jsonl"
    with capture() as recorded, lineage.task(name="Convert") as task:
        task.uses_job(9)
        for dataset in (1, 2, 3):
            with lineage.step("convert"):
                task.uses_dataset(dataset)
                task.uses_job(9)
                task.produces_project(100)
    OpenLineageExporter(events.as_uri()).send(recorded.facts)
    found = [json.loads(line) for line in events.read_text().splitlines()]
    used = [one["name"] for event in found for one in event["inputs"]]
    assert sorted(used) == ["dataset/1", "dataset/2", "dataset/3", "job/9"]
    made = [one["name"] for event in found for one in event["outputs"]]
    assert made == ["project/100"]


def test_a_process_that_was_started_in_a_task_knows_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver would take another name of the same run for another job."""
    key, file = "0123456789abcdef", tmp_path / "events.jsonl"
    parent = {"run": {"runId": run_uuid(key)}, "job": {"namespace": "n", "name": "A"}}
    context = json.dumps({"parent": parent})
    fact = {
        "f": "edge", "task": key, "at": 1.7e9, "dir": "input", "kind": "folder",
        "id": "/data/set", "uid": "a-1",
    }  # fmt: skip
    names = []
    for value in (context, "", "no json", "[]"):
        monkeypatch.setenv("OPENLINEAGE_CONTEXT", value)
        OpenLineageExporter(f"file://{file}").send([fact, {**fact, "task": "f" * 16}])
        events = [json.loads(line) for line in file.read_text().splitlines()][-2:]
        names.append([event["job"]["name"] for event in events])
    unknown = [f"task {key}", f"task {'f' * 16}"]
    assert names == [["A", unknown[1]], unknown, unknown, unknown]
    assert events[0]["inputs"][0]["facets"]["lineage_edge"]["kind"] == "folder"


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_worker_knows_the_name_of_the_task_that_it_works_for(
    method: str, tmp_path: Path
) -> None:
    """Each run has one name in all of its events, also where a pool serves two."""
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    file = tmp_path / "events.jsonl"
    code = f"""
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        if __name__ == "__main__":
            with ProcessPoolExecutor(1, get_context("{method}")) as pool:
                for name in ("First", "A name that is " + "quite " * 9 + "long"):
                    with lineage.task(name=name):
                        assert list(pool.map(read, [f"{{name}}.csv"]))
    """
    ended = run_program(code, tmp_path, LINEAGE_OPENLINEAGE_URL=f"file://{file}")
    assert ended.returncode == 0, ended.stderr
    names: dict[str, set[str]] = {}
    for event in map(json.loads, file.read_text().splitlines()):
        names.setdefault(event["run"]["runId"], set()).add(event["job"]["name"])
        for one in event["inputs"]:
            assert one["name"].endswith(f"/{event['job']['name']}.csv")
    assert sorted(map(len, names.values())) == [1, 1], names


def test_a_file_that_cannot_be_written_leaves_the_facts_waiting(tmp_path: Path) -> None:
    """The report names it."""
    lineage.configure(exporter=OpenLineageExporter(f"file://{tmp_path}"))
    _record(tmp_path)
    report = lineage.flush(0.5)
    assert report.waiting > 0
    assert str(tmp_path) in str(report)


@pytest.mark.parametrize("away", ["LINEAGE_TARGET", "LINEAGE_OPENLINEAGE_URL"])
def test_one_that_is_away_does_not_hold_the_other(
    away: str, receiver: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own delivery; what one lacks is sent by a later process."""
    there = {"LINEAGE_TARGET", "LINEAGE_OPENLINEAGE_URL"} - {away}
    port = free_port()
    monkeypatch.setenv(there.pop(), receiver.address)
    monkeypatch.setenv(away, f"http://127.0.0.1:{port}")
    reset_runtime()
    _record(tmp_path)
    report = lineage.flush(3)
    assert not report
    assert report.waiting
    assert {"Train", "Fails"} <= _names(receiver)

    reset_runtime()
    with in_thread(settings_for(tmp_path / "other", port=port)) as other:
        assert lineage.flush(20)
        assert {"Train", "Fails"} <= _names(other)
