"""The graph as a tree."""

from __future__ import annotations

import re
import sys

from lineage.cli.tree import draw
from lineage.model.graph import GraphAnswer, GraphEdge, Node


def _answer(*arrows: tuple[str, str], order: str = "") -> GraphAnswer:
    names = list(dict.fromkeys([*order, *(end for pair in arrows for end in pair)]))
    nodes = [
        Node(
            key=name,
            type="task" if name.isupper() else "data",
            kind="task" if name.isupper() else "file",
            id=name,
            name=name,
            team_id=1,
            status="finished" if name.isupper() else None,
        )
        for name in names
    ]
    lines = [GraphEdge(source=a, target=b, role="input") for a, b in arrows]
    return GraphAnswer(nodes=nodes, arrows=lines)


def _drawn(answer: GraphAnswer, **options: object) -> list[str]:
    lines = draw(answer, **options)  # type: ignore[arg-type]
    return ["".join(part.text for part in line).rstrip() for line in lines]


def test_a_chain_hangs_below_its_beginning() -> None:
    """What was made from an artifact stands below it, one step to the right."""
    lines = _drawn(_answer(("a", "T"), ("T", "b")))
    assert lines[0].startswith("a ")
    assert lines[1].startswith("└─▶ ✔ T")
    assert lines[2].startswith("    └─▶ b")


def test_branches_are_joined_by_a_line() -> None:
    """All but the last child leave the line open for those that follow."""
    lines = _drawn(_answer(("a", "T"), ("T", "b"), ("T", "c"), ("b", "U")))
    assert [line[:8] for line in lines[2:]] == ["    ├─▶ ", "    │   ", "    └─▶ "]


def test_a_card_that_comes_again_is_drawn_once() -> None:
    """The second time it only points to the first."""
    lines = _drawn(_answer(("a", "T"), ("b", "T"), ("T", "c")))
    assert sum("see above" in line for line in lines) == 1
    assert sum("─▶ c " in line for line in lines) == 1


def test_upstream_turns_the_arrows_round() -> None:
    """Asked where it came from, the tree starts at the end."""
    lines = _drawn(_answer(("a", "T"), ("T", "b")), way="up", roots=["b"])
    assert lines[1].startswith("└◀─ ✔ T")


def test_a_circle_is_drawn_once_and_ends() -> None:
    """A graph without a beginning is drawn from one of its cards."""
    assert len(_drawn(_answer(("a", "T"), ("T", "a")))) == 3


def test_a_long_chain_does_not_exhaust_the_stack() -> None:
    """More cards in a row than calls may be nested are drawn like three."""
    many = sys.getrecursionlimit() + 100
    chain = [(f"n{i}", f"n{i + 1}") for i in range(many)]
    assert len(_drawn(_answer(*chain))) == many + 1


def test_nothing_to_draw_gives_no_lines() -> None:
    """An empty graph is an empty tree."""
    assert _drawn(GraphAnswer(nodes=[], arrows=[])) == []


def test_what_is_known_of_the_cards_stands_in_one_column() -> None:
    """The eye finds kinds and keys below each other."""
    lines = _drawn(_answer(("a", "T"), ("T", "bcdefgh")))
    assert len({line.rfind("file ·") for line in lines if "file ·" in line}) == 1


def test_a_task_stands_once_for_each_of_its_steps_on_the_way() -> None:
    """One step made b from a, another d from b and c: d came from a through b."""
    edges = [
        GraphEdge(source="a", target="T", role="input", steps=["one"]),
        GraphEdge(source="T", target="b", role="output", made_from=["a"]),
        GraphEdge(source="b", target="T", role="input", steps=["two"]),
        GraphEdge(source="c", target="T", role="input", steps=["two"]),
        GraphEdge(source="T", target="d", role="output", made_from=["b", "c"]),
    ]
    nodes = _answer(("a", "T"), ("T", "b"), ("c", "T"), ("T", "d")).nodes
    answer = GraphAnswer(nodes=nodes, arrows=edges)
    up = _drawn(answer, way="up", roots=["d"])
    assert [re.sub(r"[^a-zT]", "", line)[0] for line in up] == list("dTbTac")
    down = _drawn(answer, way="down", roots=["a"])
    assert [re.sub(r"[^a-zT]", "", line)[0] for line in down] == list("aTbTd")
