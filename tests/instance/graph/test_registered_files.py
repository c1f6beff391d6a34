"""Files that the instance holds, named by their path or by their id."""

from __future__ import annotations

import pytest
from store_engines import Facts

from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store

PATH = "/models/start.pt"


@pytest.fixture
def graph(store: Store) -> GraphQueries:
    """An instance that holds a file 7 at a path."""
    with store.db.write() as tx:
        tx.run(
            "INSERT INTO platform_things (team_id, kind, id, path, body)"
            " VALUES (1, 'file', 7, ?, '{}')",
            (PATH,),
        )
    return GraphQueries(store)


def test_a_held_file_is_one_artifact_by_path_and_by_id(
    store: Store, graph: GraphQueries
) -> None:
    """An edge by path and one by id lead to one card, with the file's name."""
    by_id, by_path = Facts("one"), Facts("two")
    store.ingest(1, [by_id.makes("file", 7), by_path.uses("file", PATH)])
    nodes = graph.get([1], select="file:7").nodes
    assert {node.name for node in nodes} == {"start.pt", "task 1", "task 2"}
    assert graph.get([1], select="file:start.pt").focus == [
        node.key for node in nodes if node.kind == "file"
    ]


def test_a_held_file_feeds_what_names_it_by_path(
    store: Store, graph: GraphQueries
) -> None:
    """An output that names its source by path comes from the file."""
    run = Facts("run")
    source = {"kind": "file", "id": PATH}
    store.ingest(
        1,
        [run.uses("file", PATH), run.makes("file", "/w/x", derived_from=[source])],
    )
    names = {node.name for node in graph.upstream([1], of="file:x").nodes}
    assert names == {"x", "task 1", "start.pt"}


@pytest.mark.parametrize("team", [1, 2])
def test_other_files_stay_what_they_are(
    store: Store, graph: GraphQueries, team: int
) -> None:
    """A path on the task's own machine, or in another team, is another file."""
    local = {"local_path": PATH} if team == 1 else {}
    store.ingest(team, [Facts("run").uses("file", PATH, **local)])
    assert graph.get([team], select=f"file:{PATH}").nodes[0].id == PATH
