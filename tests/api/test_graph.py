"""`api.graph`: every question through the client, against an embedded instance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from instance_fixture import edge_fact

from lineage.api import Api
from lineage.errors import ApiError, SelectorError
from lineage.instance.embedded import EmbeddedInstance
from lineage.model.graph import GraphAnswer


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """A client of an instance that knows two runs: project 1 -> 2 -> 3."""
    instance = EmbeddedInstance(tmp_path / "instance")
    made = Api(instance.address, "", adapters={instance.address: instance.adapter})
    facts = [
        {"f": "task", "uid": "t-1", "task": "one", "task_id": 11, "at": 1.0,
         "name": "Import"},
        edge_fact(1, task="one", task_id=11, id=1),
        edge_fact(2, task="one", task_id=11, id=2, dir="output"),
        edge_fact(3, task="two", task_id=12, id=2),
        edge_fact(4, task="two", task_id=12, id=3, dir="output"),
    ]  # fmt: skip
    assert made.facts.add(facts).refused == []
    yield made
    made.close()
    instance.close()


def ids(answer: GraphAnswer) -> set[tuple[str, object]]:
    """Return kind and id of each node."""
    return {(node.kind, node.id) for node in answer.nodes}


def test_tasks_are_listed_and_shown(api: Api) -> None:
    """The list has both tasks, newest first; one of them is shown whole."""
    page = api.graph.tasks()
    assert {line.node.id for line in page.tasks} == {11, 12}
    assert api.graph.tasks(text="Import").tasks[0].node.id == 11
    detail = api.graph.task(11)
    assert (detail.node.name, detail.edges_total) == ("Import", 2)


def test_walks_go_up_and_down(api: Api) -> None:
    """Upstream and downstream reach all, or as far as the depth says."""
    up = ids(api.graph.upstream("project:3"))
    assert up >= {("project", 1), ("project", 2), ("task", 11), ("task", 12)}
    assert ("project", 1) not in ids(api.graph.upstream("project:3", depth=2))
    assert ("project", 3) in ids(api.graph.downstream("project:1"))
    assert ("project", 3) in ids(api.graph.get("project:1", up=0, down=None))
    assert ("project", 3) not in ids(api.graph.get("project:1", up=0, down=1))
    assert ("task", 12) in ids(api.graph.path("project:1", "project:3"))


def test_impact_fails_when_the_set_has_grown(api: Api) -> None:
    """The fingerprint of an answer holds until more depends on the artifact."""
    stated = api.graph.impact("project:1")
    assert {item.node.id for item in stated.remake} >= {2, 3}
    same = api.graph.impact("project:1", if_unchanged=stated.fingerprint)
    assert same.fingerprint == stated.fingerprint
    api.facts.add([edge_fact(5, task="two", task_id=12, id=4, dir="output")])
    with pytest.raises(ApiError, match="fingerprint") as refused:
        api.graph.impact("project:1", if_unchanged=stated.fingerprint)
    assert refused.value.status == 409


def test_the_other_questions_are_answered(api: Api) -> None:
    """Provenance, diff, stale, search, health and changes give their answers."""
    origin = api.graph.provenance("project:3")
    assert {task.node.id for task in origin.tasks} == {11, 12}
    assert not api.graph.diff("task:11", "task:12").is_same
    assert api.graph.diff("task:11", "task:11").is_same
    assert api.graph.stale().items == []
    assert api.graph.search("Import").hits[0].node.id == 11
    assert api.graph.health().edges == 4
    before = api.graph.changes()
    assert not api.graph.changes(before.cursor).changed
    api.facts.add([edge_fact(6, task="two", task_id=12, id=5)])
    after = api.graph.changes(before.cursor)
    assert (after.changed, after.tasks) == (True, ["task:12"])


def test_an_artifact_is_given_and_marked_deleted(api: Api) -> None:
    """A version is shown by its key; deleted, it stays in the graph as deleted."""
    (key,) = [
        node.key
        for node in api.graph.upstream("project:3").nodes
        if (node.kind, node.id) == ("project", 2)
    ]
    assert api.graph.data(key).node.id == 2
    assert api.graph.delete(key).is_deleted
    assert api.graph.health().edges_to_deleted > 0


def test_bytes_of_a_recorded_file_are_shown(api: Api, tmp_path: Path) -> None:
    """A text is previewed while it holds what was recorded, and not after."""
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    stat = path.stat()
    seen = {
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "digest": "sha256:" + hashlib.sha256(b"hello").hexdigest(),
    }
    given = {"kind": "file", "id": str(path), "stat": seen, "local_path": str(path)}
    api.facts.add([edge_fact(7, task="two", task_id=12, dir="output", **given)])
    (key,) = [
        node.key
        for node in api.graph.downstream("task:12", depth=1).nodes
        if node.kind == "file"
    ]
    assert api.graph.data(key).preview == "text"
    assert api.graph.preview(key) == b"hello"
    path.write_text("other")
    with pytest.raises(ApiError, match="nothing to show"):
        api.graph.preview(key)


def test_unknown_artifacts_and_unreadable_selectors_are_refused(api: Api) -> None:
    """An object that is not there is 404, a selector that cannot be read 400."""
    for select, status in (("task:999", 404), ("project:1 & ", 400)):
        with pytest.raises(ApiError) as refused:
            api.graph.upstream(select)
        assert refused.value.status == status


def test_a_refused_question_begins_with_the_reason(api: Api) -> None:
    """The protocol's words stand behind the reason, and not before it."""
    with pytest.raises(
        ApiError, match=r"^nothing is called 'nope'; .* \(404 of the embedded"
    ):
        api.graph.upstream("nope")
    with pytest.raises(SelectorError, match="'bad' is no status; statuses are failed"):
        api.graph.search("status:bad")
    assert repr(api.graph).startswith("<lineage graph of the embedded instance in ")
