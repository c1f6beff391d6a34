"""OpenLineage's own client against a served instance, joined with what apps record."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import requests
from instance_server import Served, in_thread, settings_for
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
)

URL = "/api/v1/lineage"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An open instance on loopback, served for real."""
    with in_thread(settings_for(tmp_path / "served")) as running:
        yield running


def _event(run: str, type: str = "COMPLETE", minute: int = 1, **more: Any) -> dict:
    return {
        "eventType": type,
        "eventTime": f"2026-01-01T00:{minute:02}:00Z",
        "run": {"runId": run},
        "job": {"namespace": "n", "name": "job"},
        **more,
    }


def _dataset(name: str, namespace: str = "db://host") -> dict[str, str]:
    return {"namespace": namespace, "name": name}


def _tasks(served: Served) -> list[tuple[str, str, int, int]]:
    page = served.post("lineage.tasks.list", {}).json()
    return sorted(
        (t["node"]["name"], t["node"]["status"], t["input_count"], t["output_count"])
        for t in page["tasks"]
    )


def test_the_client_sends_to_us_by_its_address_alone(served: Served) -> None:
    """OpenLineage's client needs the address and nothing else."""
    config = {"transport": {"type": "http", "url": served.address}}
    client = OpenLineageClient(config=config)
    run, job = Run(runId=str(uuid.uuid4())), Job(namespace="n", name="nightly")
    for state, data in (
        (RunState.START, {"inputs": [InputDataset("db://host", "raw")]}),
        (RunState.COMPLETE, {"outputs": [OutputDataset("db://host", "clean")]}),
    ):
        now = datetime.now(timezone.utc).isoformat()
        client.emit(
            RunEvent(
                eventType=state, eventTime=now, run=run, job=job, producer="urn:t",
                **data,
            )
        )  # fmt: skip
    client.close()
    assert _tasks(served) == [("nightly", "finished", 1, 1)]
    found = served.post("lineage.graph.upstream", {"of": "clean"}).json()
    assert {"raw", "nightly"} <= {node["name"] for node in found["nodes"]}


def test_a_batch_names_what_it_could_not_take(served: Served) -> None:
    """A bad event does not keep the others out, and its place is named."""
    events = [_event("a", inputs=[_dataset("t")]), {"x": 1}, _event("b")]
    answer = requests.post(f"{served.address}{URL}/batch", json=events, timeout=20)
    assert answer.status_code == 200
    assert (answer.json()["received"], answer.json()["failed"]) == (2, [1])


def test_events_about_no_run_are_named(served: Served) -> None:
    """One by one and in a batch: jobs and datasets alone are no runs."""
    at = "2026-01-01T00:00:00Z"
    events = [
        {"eventTime": at, "dataset": _dataset("t")},
        {"eventTime": at, "job": {"namespace": "n", "name": "j"}},
    ]
    answer = requests.post(f"{served.address}{URL}/batch", json=events, timeout=20)
    assert [text[:3] for text in answer.json()["ignored"]] == ["[0]", "[1]"]
    for event in events:
        answer = requests.post(f"{served.address}{URL}", json=event, timeout=20)
        assert "no run" in answer.json()["ignored"][0]


def test_the_same_events_twice_in_any_order_are_one_truth(served: Served) -> None:
    """COMPLETE before START, and all of it again, changes nothing."""
    events = [
        _event("a", "COMPLETE", 2, outputs=[_dataset("o")]),
        _event("a", "START", 1, inputs=[_dataset("i")]),
    ]
    for event in [*events, *reversed(events), *events]:
        answer = requests.post(f"{served.address}{URL}", json=event, timeout=20)
        assert answer.status_code == 200, answer.text
    assert _tasks(served) == [("job", "finished", 1, 1)]


def test_packed_bodies_are_unpacked(served: Served) -> None:
    """A body may be gzip, as clients send it when they are set up so."""
    body = gzip.compress(json.dumps(_event("a", inputs=[_dataset("i")])).encode())
    answer = requests.post(
        f"{served.address}{URL}",
        data=body,
        headers={"content-encoding": "gzip", "content-type": "application/json"},
        timeout=20,
    )
    assert answer.status_code == 200, answer.text
    assert _tasks(served) == [("job", "finished", 1, 0)]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"3", b'"x"', b"{", b'{"run": 3}', b"[" * 10_000]
)
def test_what_is_no_event_is_a_clear_client_error(served: Served, body: bytes) -> None:
    """Never a failure of the server, and nothing is stored."""
    answer = requests.post(f"{served.address}{URL}", data=body, timeout=20)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["details"]["message"]
    assert _tasks(served) == []


def test_a_token_is_needed_where_there_is_one(served: Served) -> None:
    """Bearer tokens work as everywhere; without one nothing is taken in."""
    secret = served.token("research")
    url, event = f"{served.address}{URL}", _event("a", inputs=[_dataset("i")])
    assert requests.post(url, json=event, timeout=20).status_code == 401
    headers = {"authorization": f"Bearer {secret}"}
    answer = requests.post(url, json=event, headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text


def test_facets_are_kept_whole(served: Served) -> None:
    """What is not understood is kept as it came, and can be asked for."""
    facet = {"_producer": "urn:x", "deep": [{"a": 1}]}
    event = _event("r-1", inputs=[_dataset("i")])
    event["run"]["facets"] = {"odd": facet}
    requests.post(f"{served.address}{URL}", json=event, timeout=20)
    answer = served.post("lineage.openlineage.run", {"run": "r-1"})
    assert answer.json()["state"]["facets"]["odd"] == facet


def test_facets_of_a_dataset_are_answered_for_its_version(served: Served) -> None:
    """As each run gave them, first those that made it; other artifacts have none."""
    facet, note = {"_producer": "p", "any": {"deep": [1]}}, {"_producer": "q"}
    made = {**_dataset("b.csv"), "facets": {"odd": facet}}
    used = {**_dataset("b.csv"), "facets": {"other": note}}
    for event in (
        _event("r-1", outputs=[made], inputs=[_dataset("a.csv")]),
        _event("r-2", minute=2, inputs=[used]),
    ):
        assert requests.post(served.address + URL, json=event, timeout=20).ok
    key = {"key": "b.csv"}
    assert served.post("lineage.data.get", key).json()["has_facets"]
    answer = served.post("lineage.openlineage.dataset", key).json()
    named = [(one["run"], one["direction"], one["facets"]) for one in answer["named"]]
    assert named == [
        ("ol:r-1", "output", {"odd": facet}),
        ("ol:r-2", "input", {"other": note}),
    ]
    plain = served.post("lineage.openlineage.dataset", {"key": "a.csv"}).json()
    assert [one["facets"] for one in plain["named"]] == [{}]
    assert not served.post("lineage.data.get", {"key": "a.csv"}).json()["has_facets"]
    missing = served.post("lineage.openlineage.dataset", {"key": "data:999"})
    assert missing.status_code == 404


def test_an_app_and_a_job_share_the_file_between_them(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that a job wrote, and an app then used by its path, is one artifact."""
    import lineage

    monkeypatch.setenv("LINEAGE_TARGET", served.address)
    path = tmp_path / "orders.csv"
    path.write_text("1,2\n")
    event = _event("a", outputs=[_dataset(str(path), "file")])
    requests.post(f"{served.address}{URL}", json=event, timeout=20)
    with lineage.task(name="Train") as task:
        task.uses_file(str(path))
        (tmp_path / "model.pt").write_text("m")
        task.produces_file(str(tmp_path / "model.pt"))
    assert lineage.flush(20)
    found = served.post("lineage.graph.upstream", {"of": "model.pt"}).json()
    names = {node["name"] for node in found["nodes"]}
    assert {"orders.csv", "job", "Train"} <= names


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_columns_of_a_table_that_an_app_knows_as_a_place(
    kind: str, served: Served
) -> None:
    """A symlink joins them, and what events say of the table is said of the place."""
    place = {"namespace": "s3://wh", "name": "t"}
    facts = [
        {"uid": "a-1", "f": "edge", "task": "app", "dir": "output", "kind": kind,
         "at": 1_700_000_000.0, "id": "s3://wh/t"},
    ]  # fmt: skip
    assert served.post("lineage.facts.add", {"facts": facts}).status_code == 200
    facets = {
        "symlinks": {"identifiers": [place]},
        "schema": {"fields": [{"name": "total", "type": "INT"}]},
        "ownership": {"owners": [{"name": "shop"}]},
    }
    table = {**_dataset("db.t", "hive://h:1"), "facets": facets}
    event = _event("a", outputs=[table])
    requests.post(f"{served.address}{URL}", json=event, timeout=20)
    found = served.post("lineage.graph.upstream", {"of": "s3://wh/t"}).json()
    keys = [n["key"] for n in found["nodes"] if n["kind"] == kind]
    details = [served.post("lineage.data.get", {"key": key}).json() for key in keys]
    shown = [([c["name"] for c in one["columns"]], one["owners"]) for one in details]
    assert (["total"], ["shop"]) in shown


def test_columns_and_their_sources_are_answered_with_the_version(
    served: Served,
) -> None:
    """The schema's fields, each with the columns that it is made from."""
    schema = {"fields": [{"name": "total", "type": "INT"}, {"type": "odd"}, 3]}
    source = {"namespace": "db://host", "name": "orders", "field": "amount"}
    lineage_of = {"fields": {"total": {"inputFields": [source, {}, 3]}, "n": {}}}
    facets = {"schema": schema, "columnLineage": lineage_of}
    output = {**_dataset("totals"), "facets": facets}
    event = _event("a", inputs=[_dataset("orders")], outputs=[output])
    requests.post(f"{served.address}{URL}", json=event, timeout=20)
    found = served.post("lineage.graph.upstream", {"of": "totals"}).json()
    key = next(n["key"] for n in found["nodes"] if n["name"] == "totals")
    detail = served.post("lineage.data.get", {"key": key}).json()
    columns = [(c["name"], c["type"], c["sources"]) for c in detail["columns"]]
    assert columns == [("total", "INT", ["db://host/orders amount"]), ("n", None, [])]
