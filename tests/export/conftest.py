"""Records to export: a real one with hostile names, and a large one."""

from __future__ import annotations

from pathlib import Path

import pytest

import lineage
from lineage.export import GraphRecord, read
from lineage.model.graph import GraphEdge, Node
from lineage.runtime import runtime

HOSTILE = 'a <b>"& x] שלום.bin'


def _fail() -> None:
    with lineage.task(name="Fails") as task:
        task.uses_file("result.csv")
        raise ValueError("no room <left>")


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GraphRecord:
    """A training, a prediction from its model, and a run that failed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("x,y\n1,2\n")
    with lineage.task(name="Train & <co>") as task:
        task.uses_file("data.csv")
        Path(HOSTILE).write_bytes(b"weights" * 99)
        task.produces_file(HOSTILE, model_weight=True)
    with lineage.task(name="Predict") as task:
        task.uses_file(HOSTILE)
        task.uses_project(7)
        Path("result.csv").write_text("y\n2\n")
        task.produces_file("result.csv", derived_from=[HOSTILE])
    with pytest.raises(ValueError, match="no room"):
        _fail()
    assert lineage.flush(20)
    api = runtime()._make_api()
    return read(api.graph, "data.csv", up=0, down=None)


@pytest.fixture(scope="session")
def large() -> GraphRecord:
    """A chain of 1,200 nodes, deeper than Python recurses."""
    nodes, edges = [], []
    for number in range(600):
        task, data = f"task:{number + 1}", f"data:{number + 1}"
        nodes += [
            Node(key=task, type="task", kind="task", id=number + 1, name="t",
                 team_id=1, status="finished", started_at=1.0 + number,
                 ended_at=2.0 + number),
            Node(key=data, type="data", kind="file", id=f"/d/{number}",
                 name=f"{number}", team_id=1, size=number,
                 digest=f"sha256:{number:064x}"),
        ]  # fmt: skip
        edges.append(GraphEdge(source=task, target=data, role="output"))
        if number:
            before = f"data:{number}"
            edges.append(GraphEdge(source=before, target=task, role="input"))
    return GraphRecord("data:1", 1_700_000_000.0, tuple(nodes), tuple(edges))
