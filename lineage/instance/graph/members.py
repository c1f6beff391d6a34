"""Reads what grouping has to know of tasks and versions, without making their nodes."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterator
from typing import Any, Final

from ...model.overview import OverviewFilter
from ...records import record
from .edges import EdgeSet
from .latest_versions import stale_among
from .nodes import data_key, read_card
from .pages import Subgraph
from .team_graph import NodeRef, TeamGraph, task_of_ref, task_ref
from .traversal import FAR

#: A task that ended with one of these words has failed.
FAILED: Final = frozenset({"error", "failed", "lost"})

_TASKS: Final = (
    "SELECT t.id, t.number, t.name, t.status, t.started_at, t.ended_at, t.created_at,"
    " {card} FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
)
_DATA: Final = (
    "SELECT n.id, e.id, e.kind, e.is_model, e.ident, e.name, n.created_at,"
    " e.latest_id, {card} FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
    " JOIN entities e ON e.team_id = n.team_id AND e.id = n.entity_id"
)
_TAG: Final = re.compile(r"<[^<>]*>")


@record(slots=True)
class Member:
    """A task or version, as far as grouping looks at it."""

    view: int
    """Which of the question's teams it belongs to."""
    ref: NodeRef
    key: str
    kind: str
    team: int
    family: str
    """The key of its artifact or app."""
    name: str
    at: float
    hops: int
    is_upstream: bool
    status: str | None = None
    is_failed: bool = False
    is_stale: bool = False
    hidden: tuple[int, int] = (0, 0)
    is_passing: bool = True

    @property
    def is_task(self) -> bool:
        """Whether it is a task, else a version."""
        return self.ref < 0

    @property
    def id(self) -> tuple[int, NodeRef]:
        """What distinguishes it among the members of all teams."""
        return self.view, self.ref


def read_members(
    view: TeamGraph,
    at: int,
    found: Subgraph,
    refs: Collection[NodeRef],
    lines: EdgeSet,
    wanted: OverviewFilter,
) -> Iterator[Member]:
    """Read the members of one team.

    Args:
        view: The team's graph.
        at: Its place among the teams that are asked.
        found: What was reached, with distances.
        refs: Those of it that are grouped.
        lines: The edges among them.
        wanted: What passes.
    """
    card = "NULL" if not wanted.name.strip() else "{row}.card"
    members = [
        *_tasks(view, at, refs, card, wanted),
        *_data(view, at, refs, card, wanted),
    ]
    hidden = lines.hidden(refs)
    for member in members:
        ref = member.ref
        up, down = found.up.get(ref, FAR), found.down.get(ref, FAR)
        member.hops, member.is_upstream = min(up, down), ref in found.up
        member.hidden = hidden[ref]
        yield member


def _tasks(
    view: TeamGraph,
    at: int,
    refs: Collection[NodeRef],
    card: str,
    wanted: OverviewFilter,
) -> list[Member]:
    ids = [task_of_ref(ref) for ref in refs if ref < 0]
    rows = view.rows(_TASKS.format(card=card.format(row="t")), ids=ids) if ids else []
    keys = view.task_keys({row[1] for row in rows})
    members = []
    for id, number, name, status, started, ended, created, look in rows:
        is_going_on = ended is not None and not view.is_visible_at(ended)
        word = "started" if is_going_on else status
        named = name or f"task {number}"
        times = (started or created or 0.0, None if is_going_on else ended)
        passes = _passes(wanted, "task", view.team_id, times, word)
        member = Member(
            view=at, ref=task_ref(id), key=keys[number], kind="task",
            team=view.team_id, family=_app(view.team_id, named), name=named,
            at=times[0], hops=0, is_upstream=False, status=word,
            is_failed=word in FAILED,
            is_passing=passes and _is_named(wanted, named, number, look),
        )  # fmt: skip
        members.append(member)
    return members


def _data(
    view: TeamGraph,
    at: int,
    refs: Collection[NodeRef],
    card: str,
    wanted: OverviewFilter,
) -> list[Member]:
    ids = [ref for ref in refs if ref >= 0]
    rows = view.rows(_DATA.format(card=card.format(row="n")), ids=ids) if ids else []
    # An output that was superseded is history, not stale.
    stale = stale_among(view, [row[0] for row in rows if row[7] == row[0]])
    members = []
    for id, entity, kind, is_model, ident, name, created, _, look in rows:
        shown = "model_weight" if is_model and kind == "file" else kind
        passes = _passes(wanted, shown, view.team_id, (created or 0.0, None), None)
        member = Member(
            view=at, ref=id, key=data_key(id), kind=shown, team=view.team_id,
            family=f"artifact:{view.team_id}.{entity}", name=name, at=created or 0.0,
            hops=0, is_upstream=False, is_stale=id in stale,
            is_passing=passes and _is_named(wanted, name, ident, look),
        )  # fmt: skip
        members.append(member)
    return members


def _app(team_id: int, name: str) -> str:
    return f"app:{team_id}.{zlib.crc32(name.encode(errors='replace')):08x}"


def _passes(
    wanted: OverviewFilter,
    kind: str,
    team: int,
    times: tuple[float, float | None],
    status: str | None,
) -> bool:
    start, end = times
    if (wanted.kinds and kind not in wanted.kinds) or (
        wanted.teams and team not in wanted.teams
    ):
        return False
    if wanted.statuses and kind == "task" and status not in wanted.statuses:
        return False
    last = start if end is None else end
    if wanted.since is not None and last < wanted.since:
        return False
    return wanted.until is None or start <= wanted.until


def _is_named(wanted: OverviewFilter, name: str, id: Any, card: str | None) -> bool:
    text = wanted.name.strip().lower()
    if not text:
        return True
    title = read_card(card).get("title")
    texts = (name, str(id), _TAG.sub("", title) if isinstance(title, str) else "")
    return any(text in value.lower() for value in texts)
