"""Turns edge facts into rows: the edges as told, and the links of the graph."""

from __future__ import annotations

import json
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from ...model.facts import StepInfo
from .activities import INPUT, OUTPUT, STEP_BITS
from .database import Transaction
from .forms import PLAIN, FactDict, whole_edge
from .identity import Item
from .known import Known
from .naming import CONTAINERS, TASK_KINDS, identity, pinned_version
from .registered import by_their_ids
from .sources import SourceFinder
from .steps import StepResolver
from .terms import write_titles
from .versions import NodeResolver, Want, revision_links

_EDGE = (
    "team_id", "id", "task_id", "step", "activity", "direction", "node_id",
    "recorded_at", "user_name", "meta",
)  # fmt: skip
_LINK = ("team_id", "activity", "direction", "node_id", "since")
Link = tuple[int, int, int]
#: A thing as a plain edge tells it: its kind and id.
Thing = tuple[str, "int | str"]
_thing: Final = itemgetter("kind", "id")


class EdgeWriter:
    """Takes in the edges of one transaction.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
        steps: Numbers the steps.
    """

    def __init__(self, tx: Transaction, known: Known, steps: StepResolver) -> None:
        self._tx = tx
        self._known = known
        self._steps = steps
        self.nodes = NodeResolver(tx, known)
        self._sources = SourceFinder(tx, known)
        self.links: dict[Link, float] = {}
        self._rows: list[tuple[Any, ...]] = []
        self._node_cards: dict[int, str] = {}
        self._titles: dict[int, str] = {}
        self.task_cards: dict[int, str] = {}

    def take(self, items: Sequence[Item], owners: Sequence[int]) -> None:
        """Make rows of edge facts, each with the task that it belongs to."""
        items = by_their_ids(self._tx, self._known.team_id, items)
        wholes = [whole_edge(f) for _, f, _ in items if len(f) != PLAIN]
        wants = [want_of(whole) for whole in wholes]
        self._sources.is_asked = any(whole["derived_from"] for whole in wholes)
        plain = self._plain_things([f for _, f, _ in items if len(f) == PLAIN])
        self.nodes.load([*plain.values(), *wants])
        rest = zip(wholes, wants, strict=True)
        fixed, add_link = self._known.fixed, self.links.setdefault
        add_row, team = self._rows.append, self._known.team_id
        for item, owner in zip(items, owners, strict=True):
            id, fact, user = item
            if len(fact) != PLAIN:
                self._take_one(item, owner, *next(rest))
                continue
            node = fixed.get((fact["kind"], fact["id"]))
            if node is None:
                node = self._plain_node(fact, owner, plain)
            direction = INPUT if fact["dir"] == "input" else OUTPUT
            activity, at = owner << STEP_BITS, fact["at"]
            add_link((activity, direction, node), at)
            add_row((team, id, owner, 0, activity, direction, node, at, user, None))
            if self._sources.is_asked and direction == INPUT:
                self._sources.remember(owner, fact, node)

    def _plain_things(self, facts: Sequence[FactDict]) -> dict[Thing, Want]:
        """List what edges speak of that tell of nothing but a task and a thing."""
        things = set(map(_thing, facts))
        return {key: plain_want(*key) for key in things.difference(self._known.fixed)}

    def _plain_node(self, fact: FactDict, owner: int, wants: dict[Thing, Want]) -> int:
        key = _thing(fact)
        want = wants[key]
        node = self.nodes.node(want, fact, owner)
        if want.version is not None:
            self._known.fixed[key] = node
        return node

    def write(self) -> None:
        """Write the rows."""
        tx, team = self._tx, self._known.team_id
        self.nodes.write()
        for older, newer, at in self.nodes.revisions:
            for activity, direction, node, since in revision_links(older, newer, at):
                self.links[activity, direction, node] = since
        tx.insert_many("edges", _EDGE, self._rows)
        rows = [(team, *link, since) for link, since in self.links.items()]
        tx.insert_many("links", _LINK, rows, or_ignore=True)
        tx.run_many(
            "UPDATE nodes SET card = ? WHERE team_id = ? AND id = ?",
            [(card, team, node) for node, card in self._node_cards.items()],
        )
        write_titles(tx, team, self._titles)

    def _take_one(
        self, item: Item, owner: int, fact: dict[str, Any], want: Want
    ) -> None:
        id, _, user = item
        at, run = fact["at"], fact["task"]
        node = self.nodes.node(want, fact, owner)
        if fact["name"] or fact["is_model"]:
            self.nodes.describe(want, fact["name"], is_model=fact["is_model"])
        step = self._steps.number(owner, run, fact["step"], at)
        root = owner << STEP_BITS
        if fact["dir"] == "input":
            direction, activity = INPUT, root | step
            self._add_link(activity, INPUT, node, at)
            if step:
                for number in self._steps.enclosing(owner, step):
                    self._add_link(root | number, INPUT, node, at)
            self._sources.remember(owner, fact, node)
        else:
            direction, activity = OUTPUT, root | self._feeding(owner, fact)
            self._add_link(activity, OUTPUT, node, at)
        meta = fact["meta"]
        self._rows.append(
            (self._known.team_id, id, owner, step, activity, direction, node, at,
             user, None if meta is None else json.dumps(meta))
        )  # fmt: skip
        if meta:
            self._keep_cards(meta, owner, node, want)

    def _add_link(self, activity: int, direction: int, node: int, at: float) -> None:
        self.links.setdefault((activity, direction, node), at)

    def _feeding(self, owner: int, fact: dict[str, Any]) -> int:
        """Give the number of the activity whose inputs feed an output."""
        sources = fact["derived_from"]
        if sources is None:
            return self._steps.number(owner, fact["task"], fact["scope"], fact["at"])
        number = self._steps.take(owner)
        activity = (owner << STEP_BITS) | number
        for source in sources:
            node = self._sources.find(owner, source.kind, source.id)
            if node is None:
                node = self._mention(owner, fact, source)
            self._add_link(activity, INPUT, node, fact["at"])
        return number

    def _mention(self, owner: int, fact: dict[str, Any], source: Any) -> int:
        """Make a thing that is named as a source though no input told of it."""
        said = {
            **fact, "dir": "input", "kind": source.kind, "id": source.id, "stat": None,
            "version_id": None, "version_num": None, "local_path": None, "name": None,
            "is_model": False,
        }  # fmt: skip
        want = want_of(said)
        self.nodes.load([want])
        node = self.nodes.node(want, said, owner)
        self._add_link(owner << STEP_BITS, INPUT, node, fact["at"])
        return node

    def _keep_cards(
        self, meta: dict[str, Any], owner: int, node: int, want: Want
    ) -> None:
        own = meta.get("customNodeSettings")
        if isinstance(own, dict):
            self.task_cards[owner] = json.dumps(own)
        card = meta.get("customRelationSettings")
        if not isinstance(card, dict):
            return
        self._node_cards[node] = json.dumps(card)
        title = card.get("title")
        if isinstance(title, str):
            entity = self._known.entities.get((want.kind, want.ident))
            if entity is None:
                self.nodes.describe(want, None, is_model=False)
                entity = self._known.entities[want.kind, want.ident]
            self._titles[entity.id] = title.replace("\x00", "")


def want_of(fact: dict[str, Any]) -> Want:
    """Tell which version of which thing an edge fact speaks of."""
    kind = fact["kind"]
    if kind in TASK_KINDS:
        return Want("task", str(fact["id"]), "")
    ident = identity(kind, fact["id"], fact["local_path"])
    return Want(kind, ident, pinned_version(fact))


def plain_want(kind: str, id: int | str) -> Want:
    """Tell which thing an edge speaks of that says nothing of a version."""
    if kind in TASK_KINDS:
        return Want("task", str(id), "")
    return Want(kind, identity(kind, id), None if kind in CONTAINERS else "")


def mentioned_steps(
    items: Sequence[Item], owners: Sequence[int]
) -> set[tuple[int, str]]:
    """List the steps that facts mention, by task."""
    mentioned: set[tuple[int, str]] = set()
    for (_, fact, _), owner in zip(items, owners, strict=True):
        if len(fact) == PLAIN:
            continue
        run = fact["task"]
        mentioned.update((owner, f"{run}/{key}") for key, _ in fact.get("ends", ()))
        for one in (fact.get("step"), fact.get("scope")):
            if isinstance(one, StepInfo):
                mentioned.add((owner, f"{run}/{one.key}"))
                if one.parent is not None:
                    mentioned.add((owner, f"{run}/{one.parent}"))
            elif one is not None:
                mentioned.add((owner, f"{run}/{one}"))
    return mentioned
