"""Texts inside names and paths, with the index and where there is none."""

from __future__ import annotations

import pytest
from store_engines import Facts

from lineage.instance.graph import GraphQueries, substrings
from lineage.instance.store import Store

TEAM = [1]


def found(graph: GraphQueries, text: str, **options: object) -> list[str]:
    """Give the names that a search finds."""
    return [hit.node.name for hit in graph.search(TEAM, text=text, **options).hits]  # type: ignore[arg-type]


@pytest.fixture
def graph(store: Store) -> GraphQueries:
    """Some files in folders, among them one with signs that mean something in SQL."""
    run = Facts("run")
    paths = ["/data/lemon/alpha.pt", "/data/melon/beta.pt", '/w/50%"x_y!z.pt']
    store.ingest(1, [run.makes("file", path) for path in paths])
    return GraphQueries(store)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("emo", ["alpha.pt"]),
        ("elo", ["beta.pt"]),
        ("LPHA", ["alpha.pt"]),
        ("lph emo", ["alpha.pt"]),
        ("lph elo", []),
        ("lp", ["alpha.pt"]),
        ('0%"x', ['50%"x_y!z.pt']),
        ("_y!", ['50%"x_y!z.pt']),
        ("%", []),
        ("ahpla", []),
    ],
)
def test_a_text_inside_words_is_found(
    graph: GraphQueries, text: str, names: list[str]
) -> None:
    """Every word must be inside the name or the path, whatever signs it has."""
    assert found(graph, text) == names


def test_it_is_told_where_the_text_was(graph: GraphQueries) -> None:
    """A text inside the name is told apart from one inside the path."""
    fields = [graph.search(TEAM, text=t).hits[0].matched for t in ("lpha", "emon")]
    assert fields == ["name", "path"]


def test_a_new_name_is_found_and_the_old_one_is_not(
    store: Store, graph: GraphQueries
) -> None:
    """The index follows a thing that is given another name."""
    run = Facts("more")
    store.ingest(1, [run.uses("job", 7, name="first one")])
    assert found(graph, "irst") == ["first one"]
    store.ingest(1, [run.uses("job", 7, name="second")])
    assert found(graph, "econ") == ["second"]
    assert found(graph, "irst") == []


def test_no_team_finds_what_another_has(store: Store, graph: GraphQueries) -> None:
    """The index is shared by teams, its answers are not."""
    store.ingest(2, [Facts("their").makes("file", "/x/theirs.pt")])
    assert found(graph, "heirs") == []
    assert graph.search([2], text="lpha").hits == []


def test_without_the_index_the_newest_are_read(
    store: Store, graph: GraphQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an old SQLite, as on PostgreSQL, only the newest things are looked at."""
    if store.db.dialect.name == "sqlite":
        with store.db.write() as tx:
            for trigger in ("entities_added", "entities_named"):
                tx.run(f"DROP TRIGGER {trigger}")
            tx.run("DROP TABLE substrings")
    assert found(graph, "emon") == ["alpha.pt"]
    monkeypatch.setattr(substrings, "MAX_SCANNED", 1)
    assert found(graph, "emon") == []
    assert found(graph, "_y!") == ['50%"x_y!z.pt']


def test_an_empty_store_finds_nothing(store: Store) -> None:
    """Nothing is found where nothing is."""
    assert GraphQueries(store).search(TEAM, text="abc").hits == []
    assert GraphQueries(store).search(TEAM, text="ab").hits == []
