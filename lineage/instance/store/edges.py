"""Turns edge facts into rows: the edges as told, and the links of the graph."""

from __future__ import annotations

import json
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from ...model.facts import StepInfo
from .activity_ids import INPUT, OUTPUT, STEP_BITS
from .artifact_identity import CONTAINERS, TASK_KINDS, identity, pinned_version
from .database import Transaction
from .dedup import Item
from .derivations import DerivationResolver
from .fact_types import FactDict, is_plain
from .file_aliases import by_their_ids
from .node_resolver import NodeResolver, VersionRef, revision_links
from .platform_names import with_platform_names
from .search_index import write_titles
from .steps import StepResolver
from .write_cache import TeamCache

_EDGE = (
    "team_id", "id", "task_id", "step", "activity", "direction", "node_id",
    "recorded_at", "user_name", "meta",
)  # fmt: skip
_LINK = ("team_id", "activity", "direction", "node_id", "since")
Link = tuple[int, int, int]
#: A thing as a plain edge tells it: its kind and id.
Thing = tuple[str, "int | str"]
_thing: Final = itemgetter("kind", "id")
#: What says more of a thing than its kind and id.
_PINS: Final = frozenset({"version_id", "version_num", "stat", "local_path"})


class EdgeWriter:
    """Takes in the edges of one transaction.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
        steps: Numbers the steps.
    """

    def __init__(self, tx: Transaction, known: TeamCache, steps: StepResolver) -> None:
        self._tx = tx
        self._known = known
        self._steps = steps
        self.nodes = NodeResolver(tx, known)
        self._sources = DerivationResolver(tx, known)
        self.links: dict[Link, float] = {}
        self._rows: list[tuple[Any, ...]] = []
        self._node_cards: dict[int, str] = {}
        self._titles: dict[int, str] = {}
        self.task_cards: dict[int, str] = {}

    def take(self, items: Sequence[Item], owners: Sequence[int]) -> None:
        """Make rows of edge facts, each with the task that it belongs to."""
        items = by_their_ids(self._tx, self._known.team_id, items)
        items = with_platform_names(self._tx, self._known.team_id, items)
        fuller = [item for item in items if not is_plain(item[1])]
        self._sources.is_asked = any("derived_from" in fact for _, fact, _ in fuller)
        pinned = {id: want_of(fact) for id, fact, _ in fuller if is_pinned(fact)}
        things = [_thing(fact) for _, fact, _ in items]
        fixed, add_link = self._known.fixed, self.links.setdefault
        named = {
            thing
            for (id, _, _), thing in zip(items, things, strict=True)
            if thing not in fixed and id not in pinned
        }
        wants = {thing: plain_want(*thing) for thing in named}
        self.nodes.load([*wants.values(), *pinned.values()])
        add_row, team = self._rows.append, self._known.team_id
        more = {id for id, _, _ in fuller}
        for item, owner, thing in zip(items, owners, things, strict=True):
            id, fact, user = item
            if id in pinned:
                node = self.nodes.node(pinned[id], fact, owner)
            elif (known := fixed.get(thing)) is not None:
                node = known
            else:
                node = self._plain_node(fact, owner, thing, wants[thing])
            if id in more:
                self._take_fuller(item, owner, node)
                continue
            direction = INPUT if fact["dir"] == "input" else OUTPUT
            activity, at = owner << STEP_BITS, fact["at"]
            add_link((activity, direction, node), at)
            add_row((team, id, owner, 0, activity, direction, node, at, user, None))
            if self._sources.is_asked and direction == INPUT:
                self._sources.remember(owner, fact, node)

    def _plain_node(
        self, fact: FactDict, owner: int, thing: Thing, want: VersionRef
    ) -> int:
        node = self.nodes.node(want, fact, owner)
        if want.version is not None:
            self._known.fixed[thing] = node
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

    def _take_fuller(self, item: Item, owner: int, node: int) -> None:
        """Take in an edge that tells more than its task and its thing."""
        id, fact, user = item
        at, said = fact["at"], fact.get("step")
        name, is_model = fact.get("name"), fact.get("is_model", False)
        if name or is_model:
            self.nodes.describe(want_of(fact), name, is_model=is_model)
        step = 0 if said is None else self._steps.number(owner, fact["task"], said, at)
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
        meta = fact.get("meta")
        self._rows.append(
            (self._known.team_id, id, owner, step, activity, direction, node, at,
             user, None if meta is None else json.dumps(meta))
        )  # fmt: skip
        if meta:
            self._keep_cards(meta, owner, node, want_of(fact))

    def _add_link(self, activity: int, direction: int, node: int, at: float) -> None:
        self.links.setdefault((activity, direction, node), at)

    def _feeding(self, owner: int, fact: dict[str, Any]) -> int:
        """Give the number of the activity whose inputs feed an output."""
        sources = fact.get("derived_from")
        if sources is None:
            scope = fact.get("scope")
            return self._steps.number(owner, fact["task"], scope, fact["at"])
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
            "dir": "input", "kind": source.kind, "id": source.id, "at": fact["at"]
        }  # fmt: skip
        want = plain_want(source.kind, source.id)
        self.nodes.load([want])
        node = self.nodes.node(want, said, owner)
        self._add_link(owner << STEP_BITS, INPUT, node, fact["at"])
        return node

    def _keep_cards(
        self, meta: dict[str, Any], owner: int, node: int, want: VersionRef
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


def is_pinned(fact: FactDict) -> bool:
    """Whether an edge says more of its thing than kind and id."""
    return not _PINS.isdisjoint(fact)


def want_of(fact: FactDict) -> VersionRef:
    """Tell which version of which thing an edge fact speaks of."""
    kind = fact["kind"]
    if kind in TASK_KINDS:
        return VersionRef("task", str(fact["id"]), "")
    ident = identity(kind, fact["id"], fact.get("local_path"))
    return VersionRef(kind, ident, pinned_version(fact))


def plain_want(kind: str, id: int | str) -> VersionRef:
    """Tell which thing an edge speaks of that says nothing of a version."""
    if kind in TASK_KINDS:
        return VersionRef("task", str(id), "")
    return VersionRef(kind, identity(kind, id), None if kind in CONTAINERS else "")


def mentioned_steps(
    items: Sequence[Item], owners: Sequence[int]
) -> set[tuple[int, str]]:
    """List the steps that facts mention, by task."""
    mentioned: set[tuple[int, str]] = set()
    for (_, fact, _), owner in zip(items, owners, strict=True):
        run = fact["task"]
        if "ends" in fact:
            mentioned.update((owner, f"{run}/{key}") for key, _ in fact["ends"])
        if "step" not in fact and "scope" not in fact:
            continue
        for one in (fact.get("step"), fact.get("scope")):
            if isinstance(one, StepInfo):
                mentioned.add((owner, f"{run}/{one.key}"))
                if one.parent is not None:
                    mentioned.add((owner, f"{run}/{one.parent}"))
            elif one is not None:
                mentioned.add((owner, f"{run}/{one}"))
    return mentioned
