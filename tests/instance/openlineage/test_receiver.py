"""What OpenLineage's producers send becomes tasks, steps and artifacts of the graph."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instance_fixture import World
from instance_server import Served

from lineage.instance.openlineage.names import dataset_name

RUN = "0197b3d4-5c6a-7e1f-8a2b-3c4d5e6f7a8b"
OTHER = "0197b3d4-5c6a-7e1f-8a2b-3c4d5e6f7a8c"


def event(kind: str = "COMPLETE", run: str = RUN, **members: Any) -> dict[str, Any]:
    """Return an event as a lazy producer sends it."""
    parent = members.pop("parent", None)
    facets = members.pop("facets", {})
    if parent is not None:
        job = {"namespace": "ns", "name": members.pop("parent_name", "outer")}
        facets["parent"] = {"run": {"runId": parent}, "job": job}
    seconds = {"START": 10, "RUNNING": 20}.get(kind, 30)
    return {
        "eventType": kind,
        "eventTime": f"2025-06-28T12:00:{seconds}Z",
        "run": {"runId": run, "facets": facets},
        "job": {"namespace": "ns", "name": members.pop("name", "job")},
        **members,
    }


def dataset(name: str, namespace: str = "file", **facets: Any) -> dict[str, Any]:
    """Return a dataset."""
    return {"namespace": namespace, "name": name, "facets": facets}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[World]:
    """An empty instance."""
    made = World(tmp_path)
    yield made
    made.close()


def send(instance: World, *events: dict[str, Any]) -> None:
    """Send events, one at a time."""
    for item in events:
        instance.ask("lineage.openlineage.event", item)


def graph(instance: World) -> tuple[set[Any], set[Any]]:
    """Return nodes and edges by what they are called."""
    tasks = instance.ask("lineage.tasks.list", {})["tasks"]
    if not tasks:
        return set(), set()
    keys = " | ".join(task["node"]["key"] for task in tasks)
    found = instance.ask("lineage.graph.get", {"select": keys})
    names = {n["key"]: (n["type"], n["kind"], n["name"]) for n in found["nodes"]}
    edges = {
        (names[e["source"]], e["role"], names[e["target"]]) for e in found["arrows"]
    }
    return set(names.values()), edges


def test_inputs_and_outputs_are_gathered_over_a_runs_events(
    instance: World,
) -> None:
    """START brings the input, RUNNING and COMPLETE an output each: one task."""
    send(
        instance,
        event("START", inputs=[dataset("/in.csv")]),
        event("RUNNING", outputs=[dataset("/a.csv")]),
        event("COMPLETE", outputs=[dataset("/b.csv")], inputs=[]),
    )
    nodes, edges = graph(instance)
    task = ("task", "task", "job")
    assert nodes == {task, *(("data", "file", f"{n}.csv") for n in ("in", "a", "b"))}
    assert len(edges) == 3
    (listed,) = instance.ask("lineage.tasks.list", {})["tasks"]
    assert listed["node"]["status"] == "finished"


EVENTS = [
    event("START", inputs=[dataset("/in.csv")]),
    event("COMPLETE", outputs=[dataset("/a.csv", version={"datasetVersion": "7"})]),
    event("START", OTHER, name="sub", parent=RUN, parent_name="job"),
    event("COMPLETE", OTHER, name="sub", parent=RUN, parent_name="job",
          inputs=[dataset("/a.csv")], outputs=[dataset("public.t", "postgres://DB:5432")]),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_any_order_and_any_repetition_give_one_truth(tmp_path: Path, seed: int) -> None:
    """The same events in another order, some twice, give the same graph."""
    order = EVENTS + random.Random(seed).choices(EVENTS, k=3)
    random.Random(seed).shuffle(order)
    graphs = []
    for number, events in enumerate((EVENTS, order)):
        instance = World(tmp_path / str(number))
        send(instance, *events)
        graphs.append(graph(instance))
        instance.close()
    assert graphs[0] == graphs[1]
    assert ("data", "table", "public.t") in graphs[0][0]


def test_a_run_that_never_completes_is_kept(instance: World) -> None:
    """A streaming job's RUNNING alone shows what it reads and writes."""
    send(instance, event("RUNNING", inputs=[dataset("t", "kafka://h:9092")],
                         outputs=[dataset("/x.csv")]))  # fmt: skip
    nodes, edges = graph(instance)
    assert ("data", "table", "t") in nodes
    assert len(edges) == 2


def test_a_run_without_data_becomes_a_step_of_its_parent(
    instance: World,
) -> None:
    """Dozens of queries inside a model's run add no node to the graph."""
    queries = [str(uuid.UUID(int=n)) for n in range(1, 20)]
    send(instance, event("START", inputs=[dataset("/in.csv")], name="model"))
    for number, query in enumerate(queries):
        for kind in ("START", "COMPLETE"):
            send(instance, event(kind, query, name=f"model.sql.{number}", parent=RUN,
                                 parent_name="model"))  # fmt: skip
    nodes, _ = graph(instance)
    assert nodes == {("task", "task", "model"), ("data", "file", "in.csv")}
    (listed,) = instance.ask("lineage.tasks.list", {})["tasks"]
    detail = instance.ask("lineage.tasks.get", {"id": listed["node"]["id"]})
    assert {s["name"] for s in detail["steps"]} >= {"model.sql.0", "model.sql.18"}


def test_what_an_app_declares_is_the_same_artifact(instance: World) -> None:
    """A path or address that an app and a producer name is one node."""
    facts = [
        {"f": "edge", "uid": f"u{n}", "task": "app", "at": 1.75e9, "dir": "input",
         "kind": "file", **named}
        for n, named in enumerate(
            ({"id": "/data/in.csv", "local_path": "/data/in.csv"},
             {"id": "s3://bucket/a/b.csv"})
        )
    ]  # fmt: skip
    instance.ask("lineage.facts.add", {"facts": facts})
    send(instance, event(outputs=[dataset("/data/in.csv"),
                                  dataset("a/b.csv", "s3a://bucket")]))  # fmt: skip
    nodes, _ = graph(instance)
    assert sorted(n for n in nodes if n[0] == "data") == [
        ("data", "file", "b.csv"), ("data", "file", "in.csv"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("namespace", "name", "kind", "id"),
    [
        ("file", "/data/x.csv", "file", "/data/x.csv"),
        ("file://", "/data/x.csv", "file", "/data/x.csv"),
        ("file", "/data/out/", "folder", "/data/out"),
        ("file://HOST", "/data/x.csv", "file", "file://host/data/x.csv"),
        ("s3a://bucket", "/k/x.parquet", "file", "s3://bucket/k/x.parquet"),
        ("gs://bucket", "dir/table", "folder", "gs://bucket/dir/table"),
        ("Postgres://DB:5432", "d.Public.T", "table", "postgres://db:5432/d.Public.T"),
        ("food_delivery", "public.orders", "table", "food_delivery/public.orders"),
        ("", "orders", "table", "orders"),
    ],
)
def test_names_follow_the_rule_of_identity(
    namespace: str, name: str, kind: str, id: str
) -> None:
    """Scheme and host in lower case, other parts as they are."""
    found = dataset_name(namespace, name)
    assert (found.kind, found.id) == (kind, id)


def test_symlinks_join_a_table_with_its_place(instance: World) -> None:
    """A place with the table as symlink, and the other way round, are one artifact."""
    table = {"namespace": "hive://m:9083", "name": "db.t", "type": "TABLE"}
    place = {"namespace": "s3://b", "name": "wh/t", "type": "LOCATION"}
    send(
        instance,
        event(outputs=[dataset("wh/t", "s3://b", symlinks={"identifiers": [table]})]),
        event("START", OTHER, name="b", inputs=[
            dataset("db.t", "hive://m:9083", symlinks={"identifiers": [place]})]),
    )  # fmt: skip
    nodes, _ = graph(instance)
    assert [n for n in nodes if n[0] == "data"] == [("data", "folder", "t")]


def test_a_failed_run_says_why_without_its_secrets(instance: World) -> None:
    """The error message is kept, masked, and so are statistics and raw facets."""
    facets = {
        "errorMessage": {"message": "no login for postgres://u:hunter22@db/x",
                         "programmingLanguage": "PYTHON", "stackTrace": "at line 3"},
        "nominalTime": {"nominalStartTime": "2025-06-28T00:00:00Z"},
    }  # fmt: skip
    outputs = [dataset("/a.csv", outputStatistics={"rowCount": 5, "size": 70})]
    send(instance, event("FAIL", facets=facets, outputs=outputs))
    (listed,) = instance.ask("lineage.tasks.list", {})["tasks"]
    detail = instance.ask("lineage.tasks.get", {"id": listed["node"]["id"]})
    text = json.dumps(detail)
    assert listed["node"]["status"] == "error"
    assert "no login for postgres://****@db/x" in text
    assert "hunter22" not in text
    with instance.services.store.db.read() as tx:
        metrics = dict(tx.all("SELECT name, value FROM task_metrics"))
        params = {name for (name,) in tx.all("SELECT name FROM task_params")}
    assert metrics == {"rows written: a.csv": 5.0, "bytes written: a.csv": 70.0}
    assert {"nominal start", "openlineage.run"} <= params


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"run": {}}, "run.runId"), ({"run": {"runId": 5}}, "run.runId"),
        ({"run": 3}, "run"), ({"job": {"namespace": "a"}}, "job.name"),
        ({"job": []}, "job"), ({"inputs": {}}, "inputs"), ({"outputs": "x"}, "outputs"),
        ({"job": {"name": "x" * 4000}}, "job.name"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field(
    instance: World, change: dict[str, Any], field: str
) -> None:
    """Without run or job an event means nothing: 400, and nothing is stored."""
    bad = {**event(outputs=[dataset("/a.csv")]), **change}
    status, details = instance.refusal("lineage.openlineage.event", bad)
    assert (status, details["field"]) == (400, field)
    assert graph(instance) == (set(), set())


def test_too_many_datasets_are_413(instance: World) -> None:
    """100,000 outputs in one event are refused as a whole."""
    bad = event(outputs=[dataset(f"/{n}") for n in range(100_000)])
    status, details = instance.refusal("lineage.openlineage.event", bad)
    assert (status, details["field"]) == (413, "outputs")
    assert graph(instance) == (set(), set())


def test_lenient_events_are_taken_and_say_what_was_ignored(
    instance: World,
) -> None:
    """No producer, no zone, a run id that is none, odd facets: taken, and named."""
    odd = {
        "eventType": "what", "eventTime": "2025-06-28T12:00:00",
        "run": {"runId": "run_id", "facets": {"parent": {"run": 5}, "x": "y"}},
        "job": {"name": "j"}, "producer": 7,
        "inputs": [dataset("/a.csv"), {"namespace": "file"}, 3],
    }  # fmt: skip
    answer = instance.ask("lineage.openlineage.event", odd)
    assert {text.partition(":")[0] for text in answer["ignored"]} == {
        "eventType", "run.facets.x", "run.facets.parent.run", "inputs.1.name",
        "inputs.2",
    }  # fmt: skip
    assert len(graph(instance)[1]) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["runId", "name", "namespace", "facets", "parent", "run", "job",
                         "version", "datasetVersion", "symlinks", "identifiers", "tags",
                         "outputStatistics", "rowCount", "errorMessage", "message"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.fixed_dictionaries(
        {"run": JSON, "job": JSON, "inputs": JSON, "outputs": JSON, "eventTime": JSON}
    )
    | st.builds(
        lambda facets, items: {
            **event(outputs=items), "run": {"runId": RUN, "facets": facets}
        },
        JSON, st.lists(JSON, max_size=3),
    )
)  # fmt: skip
def test_nothing_that_is_sent_is_a_5xx(instance: World, body: Any) -> None:
    """Wrong types at each level are taken or refused."""
    assert instance.send("lineage.openlineage.event", body).status in (200, 400)


def test_a_batch_takes_the_good_and_names_the_bad(instance: World) -> None:
    """As OpenLineage's API describes it."""
    answer = instance.ask(
        "lineage.openlineage.batch",
        [event(outputs=[dataset("/a.csv")]), {"run": {}}, {"job": {"name": "only"}}],
    )
    assert answer["status"] == "partial_success"
    assert answer["summary"]["failed"] == 1
    assert answer["failed_events"][0]["index"] == 1
    assert len(graph(instance)[1]) == 1


def test_over_http_by_its_own_path_with_bearer_and_gzip(served: Served) -> None:
    """`POST /api/v1/lineage` with a bearer token and a packed body, as clients do."""
    token = served.token("research")
    url = f"{served.address}/api/v1/lineage"
    body = gzip.compress(json.dumps(event(outputs=[dataset("/a.csv")])).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert requests.post(url, body, headers=headers, timeout=10).status_code == 401
    headers["authorization"] = f"Bearer {token}"
    assert requests.post(url, body, headers=headers, timeout=10).status_code == 200
    batch = gzip.compress(json.dumps([event("START"), event("ABORT")]).encode())
    answer = requests.post(f"{url}/batch", batch, headers=headers, timeout=10)
    assert answer.json()["summary"]["successful"] == 2
    reader = {
        **headers,
        "authorization": f"Bearer {served.token('research', 'reader')}",
    }
    assert requests.post(url, body, headers=reader, timeout=10).status_code == 403


def test_permutations_of_one_run(tmp_path: Path) -> None:
    """START, RUNNING, COMPLETE in each order end as finished."""
    for number, order in enumerate(
        itertools.permutations(("START", "RUNNING", "COMPLETE"))
    ):
        instance = World(tmp_path / str(number))
        send(instance, *(event(kind, outputs=[dataset("/a.csv")]) for kind in order))
        (listed,) = instance.ask("lineage.tasks.list", {})["tasks"]
        assert listed["node"]["status"] == "finished"
        assert len(graph(instance)[1]) == 1
        instance.close()
