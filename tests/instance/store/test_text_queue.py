"""New artifacts of a large batch are indexed later, and found by every question."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from store_engines import Facts

from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store, text_queue
from lineage.instance.store.forget import forget_text


@pytest.fixture(autouse=True)
def _waits_from_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two new artifacts of a commit are indexed at once, three wait."""
    monkeypatch.setattr(text_queue, "FEW", 2)


def ingest(store: Store, *names: str, run: str = "run") -> None:
    """Take in a batch of files."""
    facts = Facts(run)
    store.ingest(1, [facts.makes("file", f"/data/{name}") for name in names])


def waiting(store: Store) -> int | None:
    """Return the first artifact that waits."""
    with store.db.read() as tx:
        row = tx.one("SELECT unindexed_from FROM revisions WHERE team_id = 1")
    return None if row is None else row[0]


def terms(store: Store) -> set[str]:
    """Return the texts by which names are found."""
    with store.db.read() as tx:
        return {row[0] for row in tx.all("SELECT term FROM terms WHERE field = 0")}


def names(store: Store, text: str) -> list[str]:
    """Return the names that a search finds."""
    hits = GraphQueries(store).search([1], text=text).hits
    return sorted(str(hit.node.name) for hit in hits)


def test_few_are_indexed_with_their_commit(store: Store) -> None:
    """A small batch needs nothing more."""
    ingest(store, "alpha.pt", "beta.pt")
    assert waiting(store) is None
    assert {"alpha.pt", "beta.pt"} <= terms(store)


def test_many_wait_and_those_after_them_too(store: Store) -> None:
    """None is left behind that came while others waited."""
    ingest(store, "alpha.pt", "beta.pt", "gamma.pt")
    ingest(store, "delta.pt", run="later")
    assert waiting(store) is not None
    assert terms(store) == set()


@pytest.mark.parametrize(
    ("text", "found"), [("alpha", ["alpha.pt"]), ("lph", ["alpha.pt"]),
                        ("delta", ["delta.pt"]), ("elt", ["delta.pt"])],
)  # fmt: skip
def test_a_question_finds_what_waits(store: Store, text: str, found: list[str]) -> None:
    """It is indexed first, by starts of words and by what is inside of them."""
    ingest(store, "alpha.pt", "beta.pt", "gamma.pt")
    ingest(store, "delta.pt", run="later")
    assert names(store, text) == found
    assert waiting(store) is None


def test_each_part_is_indexed_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one transaction indexes are indexed in parts, without a rest."""
    monkeypatch.setattr(text_queue, "CHUNK", 2)
    ingest(store, *(f"part{number}.pt" for number in range(4)))
    store.index_texts()
    assert waiting(store) is None
    assert names(store, "art") == [f"part{number}.pt" for number in range(4)]


def test_no_more_wait_than_the_bound(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who writes without a pause indexes meanwhile."""
    monkeypatch.setattr(text_queue, "MOST", 5)
    ingest(store, *(f"a{number}.pt" for number in range(4)))
    assert terms(store) == set()
    ingest(store, *(f"b{number}.pt" for number in range(4)), run="later")
    assert len([term for term in terms(store) if len(term) == len("a0.pt")]) >= 5
    assert names(store, "b3.pt") == ["b3.pt"]


def test_a_name_may_change_while_it_waits(store: Store) -> None:
    """It is found by what it is called in the end, and by that alone."""
    ingest(store, "alpha.pt", "beta.pt", "gamma.pt")
    with store.db.write() as tx:
        tx.run("UPDATE entities SET name = 'nice', ident = '/x' WHERE name = 'beta.pt'")
    assert names(store, "nic") == ["nice"]
    assert names(store, "ice") == ["nice"]
    assert names(store, "eta") == []
    with store.db.write() as tx:
        tx.run("UPDATE entities SET name = 'good' WHERE name = 'nice'")
    assert names(store, "oo") == names(store, "goo") == ["good"]


def test_a_text_is_forgotten_while_it_waits(store: Store) -> None:
    """What is indexed afterwards does not bring it back."""
    ingest(store, "alpha.pt", "beta.pt", "gamma.pt")
    assert forget_text(store.db, "alpha")
    assert names(store, "lph") == names(store, "alpha") == []
    assert names(store, "gamma") == ["gamma.pt"]
    assert not [term for term in terms(store) if "alpha" in term]


def test_teams_wait_apart(store: Store) -> None:
    """A question of one team leaves what waits of another to that one."""
    ingest(store, "alpha.pt", "beta.pt", "gamma.pt")
    facts = Facts("other")
    store.ingest(2, [facts.makes("file", f"/o/{n}.pt") for n in ("x", "y", "z")])
    graph: Callable[..., object] = GraphQueries(store).search
    graph([2], text="x.pt")
    assert waiting(store) is not None
    assert names(store, "beta") == ["beta.pt"]
