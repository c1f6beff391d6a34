"""The drawing: columns in the direction of the data, also where there is a cycle."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.export.svg import _ranks, draw
from lineage.model.graph import GraphEdge, Node


def _edges(pairs: list[tuple[int, int]]) -> list[GraphEdge]:
    return [GraphEdge(source=f"{a}", target=f"{b}", role="input") for a, b in pairs]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
@settings(deadline=None)
def test_every_node_has_a_column_behind_what_leads_to_it(
    pairs: list[tuple[int, int]],
) -> None:
    """Without a cycle each edge goes to a later column; with one, all have a place."""
    keys = [str(number) for number in range(10)]
    forward = [(min(p), max(p)) for p in pairs if p[0] != p[1]]
    ranks = _ranks(keys, _edges(forward))
    assert all(ranks[str(a)] < ranks[str(b)] for a, b in forward)
    assert set(_ranks(keys, _edges([p for p in pairs if p[0] != p[1]]))) == set(keys)


def test_a_cycle_is_entered_where_the_data_comes_in() -> None:
    """A task that uses what it made stands between its input and its outputs."""
    edges = _edges([(1, 2), (2, 3), (3, 2), (2, 4)])
    ranks = _ranks(["4", "2", "3", "1"], edges)
    assert ranks["1"] < ranks["2"] < min(ranks["3"], ranks["4"])


def test_names_are_escaped() -> None:
    """The drawing is well-formed XML whatever a name holds."""
    name = '<b>&"\x00\x1b]]>'
    node = Node(key="data:1", type="data", kind="file", id="x", name=name, team_id=1)
    ElementTree.fromstring(draw([node], []))
