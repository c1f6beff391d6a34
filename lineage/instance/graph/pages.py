"""Makes a page of a graph answer of what was reached."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from ...model.graph import GraphAnswer
from .edges import EdgeSet
from .team_graph import Spot, TeamGraph

#: Cards in one answer, unless asked otherwise, and at most.
DEFAULT_LIMIT: Final = 500
MAX_LIMIT: Final = 5000


@dataclass(slots=True)
class Subgraph:
    """Cards of one team to show, each with its distances from the focus."""

    up: dict[Spot, int] = field(default_factory=dict)
    down: dict[Spot, int] = field(default_factory=dict)
    focus: set[Spot] = field(default_factory=set)

    def add(self, hops: dict[Spot, int], *, up: bool) -> None:
        """Take in what was reached on one side, with its distances."""
        (self.up if up else self.down).update(hops)

    def ordered(self) -> list[Spot]:
        """Give the cards, the nearest first."""
        far = 1 << 60

        def place(spot: Spot) -> tuple[int, bool, int]:
            near = min(self.up.get(spot, far), self.down.get(spot, far))
            return near, spot >= 0, abs(spot)

        return sorted(self.up.keys() | self.down.keys() | self.focus, key=place)


def checked_limit(limit: int | None, default: int = DEFAULT_LIMIT) -> int:
    """Give the size of a page.

    Raises:
        ValueError: It is not positive.
    """
    if limit is None:
        return default
    if limit < 1:
        raise ValueError(f"limit must be 1 or more, not {limit}")
    return min(limit, MAX_LIMIT)


def checked_after(after: str | None) -> int:
    """Read where a page begins.

    Raises:
        ValueError: It is not the `next` of an answer.
    """
    if after is None:
        return 0
    if not (after.isascii() and after.isdecimal() and len(after) < 16):
        raise ValueError(f"after must be the `next` of an answer, not {after!r}")
    return int(after)


def graph_page(
    parts: Sequence[tuple[TeamGraph, Subgraph]],
    *,
    limit: int | None = None,
    after: str | None = None,
    kinds: Collection[str] | None = None,
    statuses: Collection[str] | None = None,
    as_of: float | None = None,
) -> GraphAnswer:
    """Make a page of cards and the lines among them and those of earlier pages.

    Args:
        parts: What was found in each team.
        limit: Cards in the page, at most.
        after: The `next` of the page before.
        kinds: Show only cards of these kinds, and the focus.
        statuses: Show only tasks of these statuses, and the focus.
        as_of: The moment that was asked for.
    """
    start, size = checked_after(after), checked_limit(limit)
    end = start + size
    answer = GraphAnswer(nodes=[], arrows=[], as_of=as_of)
    offset = 0
    for view, found in parts:
        spots = found.ordered()
        if kinds or statuses:
            spots = _wanted(view, found, spots, kinds, statuses)
        upto = spots[: max(0, end - offset)]
        fresh = upto[max(0, start - offset) :]
        if len(spots) > len(upto):
            answer.truncated, answer.next = True, str(end)
        offset += len(spots)
        if fresh or not start:
            _add_part(answer, view, found, upto, fresh)
    return answer


def _wanted(
    view: TeamGraph,
    found: Subgraph,
    spots: list[Spot],
    kinds: Collection[str] | None,
    statuses: Collection[str] | None,
) -> list[Spot]:
    cards = view.cards(spots)
    return [
        spot
        for spot in spots
        if spot in found.focus
        or (
            (not kinds or cards[spot].kind in kinds)
            and (not statuses or spot >= 0 or cards[spot].status in statuses)
        )
    ]


def _add_part(
    answer: GraphAnswer,
    view: TeamGraph,
    found: Subgraph,
    upto: list[Spot],
    fresh: list[Spot],
) -> None:
    cards = view.cards(upto)
    lines = EdgeSet(view, upto)
    hidden = lines.hidden(fresh)
    for spot in fresh:
        card = cards[spot]
        card.hops_up, card.hops_down = found.up.get(spot), found.down.get(spot)
        card.hidden_up, card.hidden_down = hidden[spot]
        answer.nodes.append(card)
    keys = {spot: card.key for spot, card in cards.items()}
    answer.arrows += lines.between(keys, set(fresh))
    answer.focus += [keys[s] for s in sorted(found.focus) if s in keys]
