"""Texts inside names and paths, with the index and where there is none."""

from __future__ import annotations

import pytest
from store_engines import Facts

from lineage.instance.graph import GraphQueries, trigrams
from lineage.instance.graph.links import LinkCache
from lineage.instance.graph.team_graph import TeamGraph
from lineage.instance.store import Store
from lineage.instance.store.migrate import migrate

TEAM = [1]


def found(graph: GraphQueries, text: str, **options: object) -> list[str]:
    """Return the names that a search finds."""
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


def test_it_is_reported_where_the_text_was(graph: GraphQueries) -> None:
    """A text inside the name is distinguished from one inside the path."""
    fields = [graph.search(TEAM, text=t).hits[0].matched for t in ("lpha", "emon")]
    assert fields == ["name", "path"]


def test_a_new_name_is_found_and_the_old_one_is_not(
    store: Store, graph: GraphQueries
) -> None:
    """The index follows an artifact that is given another name."""
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


def drop_index(store: Store) -> None:
    """Bring a store back to where nothing was indexed."""
    with store.db.write() as tx:
        if tx.dialect.name == "postgresql":
            tx.run("DROP INDEX entities_threes")
            tx.run("DROP FUNCTION lineage_threes")
            tx.run("DROP FUNCTION lineage_three")
        else:
            tx.run("DROP TRIGGER entities_changed")
            tx.run("DROP TABLE substrings")
        tx.run("DELETE FROM lineage_migrations WHERE number IN (2, 3, 500, 1101)")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_without_the_index_the_newest_are_read(
    store: Store, graph: GraphQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an old SQLite only the newest artifacts are looked at."""
    drop_index(store)
    assert found(graph, "emon") == ["alpha.pt"]
    monkeypatch.setattr(trigrams, "MAX_SCANNED", 1)
    assert found(graph, "emon") == []
    assert found(graph, "_y!") == ['50%"x_y!z.pt']


def test_the_whole_store_is_looked_through(
    store: Store, graph: GraphQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest artifact is found however many came after it; it is not read for."""
    monkeypatch.setattr(trigrams, "MAX_SCANNED", 0)
    store.ingest(1, [Facts("x").makes("file", f"/n/{n}.bin") for n in range(2)])
    with store.db.write() as tx:
        rows = [(1, "file", f"/far/{n}.bin", 70_000 * n, f"{n}.bin") for n in range(9)]
        columns = ("team_id", "kind", "ident", "id", "name")
        tx.insert_many("entities", columns, [row for row in rows if row[3]])
        tx.insert_many("entities", columns, [(3, "file", "/huge", 2**33, "huge")])
        tx.run("UPDATE revisions SET unindexed_from = 70000 WHERE team_id = 1")
        columns = ("team_id", "revision", "unindexed_from")
        tx.insert_many("revisions", columns, [(3, 1, 1)])
    store.index_texts()
    assert found(graph, "emon") == ["alpha.pt"]
    with store.db.read() as tx:
        view = TeamGraph(tx, 1, LinkCache())
        newest = trigrams.matching_artifacts(view, ["bin"])
        last = trigrams.matching_artifacts(TeamGraph(tx, 3, LinkCache()), ["uge"])
    assert last == [2**33]
    assert newest[:8] == [70_000 * n for n in range(8, 0, -1)]


def test_an_older_store_is_indexed_when_it_is_opened(
    store: Store, graph: GraphQueries
) -> None:
    """What came before the index is found by it after the migration."""
    drop_index(store)
    done = [name[:4] for name in migrate(store.db)]
    assert done == ["0002", "0003", "0500", "1101"]
    assert found(graph, "emon") == ["alpha.pt"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("ÄRZTE.pt", "rzt"), ("ÄRZTE.pt", "ärz"), ("Модель-Б", "дель"),
     ("МОДЕЛЬ", "одел"), ("写真集", "写真集"), ("a\U0001f600bc", "\U0001f600bc")],
)  # fmt: skip
def test_letters_of_every_script_are_found(store: Store, name: str, text: str) -> None:
    """Case is folded beyond ASCII, alike on both engines."""
    store.ingest(1, [Facts().uses("job", 7, name=name)])
    graph = GraphQueries(store)
    assert found(graph, text) == [name]


def test_an_empty_store_finds_nothing(store: Store) -> None:
    """Nothing is found where nothing is."""
    assert GraphQueries(store).search(TEAM, text="abc").hits == []
    assert GraphQueries(store).search(TEAM, text="ab").hits == []
