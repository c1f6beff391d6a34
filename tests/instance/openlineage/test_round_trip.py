"""Events that were exported, received by an empty instance, give the same graph."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import Api
from lineage.export import read
from lineage.export.openlineage import events
from lineage.instance.embedded import EmbeddedInstance
from lineage.model.details import TaskDetail

_PATHS = ["/d/a <b>.csv", "/d/b.csv", "s3://bucket/c.parquet", "/out", "s3://bucket/d"]
_FOLDERS = {"/out", "s3://bucket/d"}
_MACHINE = "host-1a2b3c"


@contextmanager
def _instance(folder: Path) -> Iterator[Api]:
    instance = EmbeddedInstance(folder)
    try:
        yield Api(instance.address, "", adapters={instance.address: instance.adapter})
    finally:
        instance.close()


def _edge(way: str, path: str, version: int | None) -> dict[str, Any]:
    local = path.startswith("/")
    kind = "folder" if path in _FOLDERS else "file"
    edge: dict[str, Any] = {"f": "edge", "dir": way, "kind": kind, "id": path}
    if local:
        edge["canonical"] = f"file://{_MACHINE}{path}"
        edge["local_path"] = path
    if version is not None:
        edge["evidence"] = [{"kind": "sha256", "value": f"{version:064x}"}]
        # Contents of a few bytes are no copies of each other.
        edge["size"] = 5 if version == 1 else 1000 + version
    elif local:
        edge["size"] = 77
    return edge


_edges = st.tuples(
    st.sampled_from(["input", "output"]),
    st.sampled_from(_PATHS),
    st.one_of(st.none(), st.integers(1, 3)),
    st.sampled_from([None, None, "outer", "inner"]),
    st.booleans(),
)
_tasks = st.tuples(
    st.lists(_edges, min_size=1, max_size=6),
    st.sampled_from(["finished", "error", "stopped", None]),
    st.booleans(),
)


def _facts(tasks: list[Any]) -> list[dict[str, Any]]:
    """Return the facts of tasks, one after the other, as a recorder writes them."""
    found: list[dict[str, Any]] = []
    for number, (edges, status, is_child) in enumerate(tasks):
        key = f"{number + 1:016x}"
        task = {"f": "task", "name": f"T{number} & co", "host": "h", "python": "3.12"}
        if is_child and number:
            task["parent"] = f"{number:016x}"
        params = {"f": "params", "params": {"lr": 0.5, "number": number}}
        rows = [task, params, *_recorded(edges)]
        if status is not None:
            error = {"error": "ValueError: <no>"} if status == "error" else {}
            rows.append({"f": "task_end", "status": status, **error})
        for place, row in enumerate(rows):
            at = 1.7e9 + number * 1000 + place
            found.append({**row, "task": key, "uid": f"s{number}-{place}", "at": at})
    return found


def _recorded(edges: list[Any]) -> Iterator[dict[str, Any]]:
    outer = {"key": "outer", "name": "prepare", "params": {"size": 3}}
    inner = {"key": "inner", "name": "convert", "parent": "outer"}
    used: list[str] = []
    with_input: set[str] = set()
    yield {"f": "step_end", "step": outer, "outcome": "ok"}
    yield {"f": "step_end", "step": inner, "outcome": "error", "error": "E: x"}
    for way, path, version, step, is_explicit in edges:
        edge = _edge(way, path, version)
        if step is not None:
            edge["step"] = step
        around = {"inner": ["inner", "outer"], "outer": ["outer"]}.get(step or "", [])
        if way == "input":
            used.append(path)
            with_input.update([step] if step else [])
        elif is_explicit:
            edge["derived_from"] = [
                {"kind": "folder" if path in _FOLDERS else "file", "id": path}
                for path in used[-1:]
            ]
        else:
            scope = next((one for one in around if one in with_input), None)
            edge |= {"scope": scope} if scope else {}
        yield edge


def _graph(api: Api) -> dict[str, Any]:
    """Return what an instance knows, without its own numbers."""
    record = read(api.graph, "since:2000-01-01", up=None, down=None)
    assert record.is_complete
    names = {n.key: _name(n) for n in record.nodes}
    return {
        "nodes": sorted(names.values()),
        "edges": sorted(
            (names[e.source], names[e.target], e.role, e.count, e.is_reused,
             sorted(names[key] for key in e.derived_from or ()), sorted(e.steps))
            for e in record.edges
        ),
        "tasks": sorted(
            (_task(detail, record.details) for detail in record.details.values()),
            key=str,
        ),
        "ways": _ways(api, names),
    }  # fmt: skip


def _ways(api: Api, names: dict[str, str]) -> dict[str, list[str]]:
    """Return what each version was made from, over steps and explicit sources."""
    return {
        name: sorted(
            names[n.key] for n in api.graph.upstream(key).nodes if n.key in names
        )
        for key, name in names.items()
        if key.startswith("data:")
    }


def _name(node: Any) -> str:
    if node.type == "task":
        return str(node.name)
    made = f"{node.created_at:.3f}"
    # Which one is current is no part: who used a version without looking at it says
    # its digest in an event, as if it had been seen then.
    return f"{node.kind} {node.id} {node.digest} {node.size} {made}"


def _task(detail: TaskDetail, details: Any) -> tuple[Any, ...]:
    parent = details[detail.parent].node.name if detail.parent else None
    steps = [
        (s.name, s.ended_at, s.outcome, s.error, json.dumps(s.params))
        for s in detail.steps
    ]
    node = detail.node
    return (
        node.name, node.status, node.started_at, node.ended_at, parent, detail.error,
        detail.run, detail.host, detail.python, str(detail.params),
        sorted((e.data.name, e.derived_from == []) for e in detail.edges),
        sorted(steps, key=str), detail.edges_total,
    )  # fmt: skip


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(_tasks, min_size=1, max_size=4))
def test_an_empty_instance_has_the_same_graph(tasks: list[Any]) -> None:
    """Versions, steps, children, failed tasks and named sources come back."""
    with tempfile.TemporaryDirectory() as folder:
        with _instance(Path(folder) / "a") as api:
            assert not api.facts.add(_facts(tasks)).refused
            before = _graph(api)
            record = read(api.graph, "since:2000-01-01", up=None, down=None)
        with _instance(Path(folder) / "b") as api:
            for _ in range(2):
                answer = api.post("openlineage.batch", list(events(record))).json()
                assert answer["ignored"] == []
                assert _graph(api) == before
