"""Turns edge facts into rows: the edges as recorded, and the links of the graph."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, Final

from ...model.facts import StepInfo
from .activity_ids import INPUT, MADE, OUTPUT, SCOPED, STEP_BITS, revision_id
from .artifact_directory import ArtifactDirectory
from .artifact_identity import artifact_key
from .artifact_rows import ArtifactState
from .artifact_writer import ArtifactWriter
from .database import Transaction
from .dedup import SOURCE_BITS, Item
from .derivations import DerivationResolver, Mention
from .event_time import event_times
from .evidence import ALL_MEMBERS, members_of, read
from .fact_types import FactDict
from .file_aliases import with_file_ids
from .late_evidence import LateEvidence
from .platform_names import with_platform_names
from .recompute import rewrite_links
from .search_index import write_titles
from .steps import StepResolver
from .timeline import Event
from .write_cache import TeamCache

_EDGE: Final = (
    "team_id", "id", "task_id", "step", "activity", "direction", "node_id",
    "recorded_at", "user_name", "meta", "entity_id", "event_at", "link", "is_reused",
    "evidence", "late",
)  # fmt: skip
_LINK: Final = ("team_id", "activity", "direction", "node_id", "since", "until")
_LINK_KEY: Final = ("team_id", "activity", "direction", "node_id")
Link = tuple[int, int, int]
_NUMBER: Final = (1 << SOURCE_BITS) - 1


class _Edge:
    """An edge on its way into the store."""

    __slots__ = ("activity", "artifact", "event", "evidence", "fact", "late", "link",
                 "user")  # fmt: skip

    def __init__(
        self,
        fact: FactDict,
        user: str | None,
        artifact: ArtifactState,
        event: Event,
        activity: int,
        link: int,
        evidence: str | None,
        late: str | None,
    ) -> None:
        self.fact = fact
        self.user = user
        self.artifact = artifact
        self.event = event
        self.activity = activity
        self.link = link
        self.evidence = evidence
        self.late = late


class EdgeWriter:
    """Takes in the edges of one transaction.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
        steps: Numbers the steps.
        late: Evidence that came apart from its edges.
    """

    def __init__(
        self,
        tx: Transaction,
        known: TeamCache,
        steps: StepResolver,
        late: LateEvidence,
    ) -> None:
        self._tx = tx
        self._known = known
        self._steps = steps
        self._late = late
        self._directory = ArtifactDirectory(tx, known)
        self.artifacts = ArtifactWriter(tx, known, steps.shares_path)
        self._derivations = DerivationResolver(tx, known, self._directory)
        self._mentions: list[Mention] = []
        self._edges: list[_Edge] = []
        self.links: dict[Link, list[float]] = {}
        self.task_cards: dict[int, str] = {}
        self.is_rewritten = False
        """Whether links were removed or changed, not only added."""

    def take(self, items: Sequence[Item], owners: Sequence[int]) -> None:
        """Take edge facts, each with the task that it belongs to."""
        items = with_file_ids(self._tx, self._known.team_id, items)
        items = with_platform_names(self._tx, self._known.team_id, items)
        facts = [fact for _, fact, _ in items]
        keys = [artifact_key(fact) for fact in facts]
        self._directory.load(set(keys), facts)
        known = self._known
        times, has_clock = event_times(facts, time.time(), has_clock=known.has_clock)
        if has_clock and not known.has_clock:
            known.has_clock = True
            self._tx.run(
                "UPDATE revisions SET has_clock = 1 WHERE team_id = ?",
                (known.team_id,),
            )
        sources = _source_texts(items)
        names_sources = any("derived_from" in fact for fact in facts)
        for item, owner, key, at in zip(items, owners, keys, times, strict=True):
            id, fact, user = item
            artifact = self._directory.get(key, fact)
            source = sources[id >> SOURCE_BITS]
            event, activity, link = self._event(id, fact, owner, at, source)
            own = None
            if not ALL_MEMBERS.isdisjoint(fact):
                own = json.dumps(members_of(fact))
                self._late.keep_manifest(fact)
            late = self._late.of(id)
            if own is not None or late is not None:
                event.evidence = read(own, late)
            self.artifacts.add(artifact, event)
            edge = _Edge(fact, user, artifact, event, activity, link, own, late)
            self._edges.append(edge)
            if names_sources:
                self._take_sources(edge)
            self._directory.describe(artifact, fact)

    def write(self) -> None:
        """Bind the edges to versions and write everything."""
        tx, known = self._tx, self._known
        users = {e.event.task for e in self._edges if e.link == INPUT}
        self._mentions = self._derivations.resolve(users)
        for mention in self._mentions:
            if mention.artifact is not None:
                self.artifacts.add(mention.artifact, mention.event)
        for artifact in self._directory.changed.values():
            self.artifacts.touch(artifact)
        self.artifacts.resolve(known.dirty)
        known.dirty.clear()
        self.artifacts.write()
        self._directory.write()
        tx.insert_many("edges", _EDGE, [self._row(edge) for edge in self._edges])
        self._derivations.write()
        self._link_edges()
        rewrite_links(tx, known.team_id, self.artifacts.recomputed)
        self.is_rewritten = self.artifacts.is_rewritten
        rows = [(known.team_id, *link, *span) for link, span in self.links.items()]
        tx.merge_many("links", _LINK, _LINK_KEY, rows, least="since", greatest="until")
        self._write_cards()

    def _event(
        self, id: int, fact: FactDict, owner: int, at: float, source: str
    ) -> tuple[Event, int, int]:
        """Return an edge's event, the activity of its link and its direction."""
        step, named = 0, fact.get("step")
        if named is not None:
            step = self._steps.number(owner, fact["task"], named, fact["at"])
        activity = own = (owner << STEP_BITS) | step
        if fact["dir"] == "input":
            return (
                Event(at, source, id & _NUMBER, id, owner, step, "use"),
                activity,
                INPUT,
            )
        event = Event(at, source, id & _NUMBER, id, owner, step, "production")
        if fact.get("derived_from") is not None:
            event.names_sources = True
            return event, activity, MADE
        scope = self._steps.number(owner, fact["task"], fact.get("scope"), fact["at"])
        activity = (owner << STEP_BITS) | scope
        return event, activity, OUTPUT if activity == own else SCOPED

    def _take_sources(self, edge: _Edge) -> None:
        if edge.link == INPUT:
            for said in (edge.fact["id"], *(edge.fact.get("aliases") or ())):
                self._derivations.remember(edge.event, said, edge.artifact)
        elif edge.link == MADE:
            self._derivations.add(edge.event, edge.fact["derived_from"])

    def _row(self, edge: _Edge) -> tuple[Any, ...]:
        event, fact = edge.event, edge.fact
        meta = fact.get("meta")
        making = event.making
        return (
            self._known.team_id, event.id, event.task, event.step, edge.activity,
            INPUT if edge.link == INPUT else OUTPUT, making.id if making else 0,
            fact["at"], edge.user, None if meta is None else json.dumps(meta),
            edge.artifact.id, event.at, edge.link, int(event.is_reused), edge.evidence,
            edge.late,
        )  # fmt: skip

    def _link_edges(self) -> None:
        """Link what was not recomputed; `rewrite_links` does the others."""
        again = self.artifacts.recomputed.ids
        for edge in self._edges:
            event = edge.event
            if event.is_reused or event.making is None or edge.artifact.id in again:
                continue
            self._add_link(edge.activity, edge.link, event.making.id, event.at)
        for older, newer, at in self.artifacts.in_place:
            self._add_link(revision_id(newer), INPUT, older, at)
            self._add_link(revision_id(newer), OUTPUT, newer, at)
        for mention in self._mentions:
            source, output = mention.event.making, mention.output
            if source is None:
                continue
            target = self._target(mention) if output is None else output.making
            node = target if isinstance(target, int) or target is None else target.id
            if node is None or node == source.id:
                continue
            if output is not None and output.is_reused:
                continue
            self._add_link(revision_id(node), INPUT, source.id, mention.event.at)
            self._add_link(revision_id(node), OUTPUT, node, mention.event.at)

    def _target(self, mention: Mention) -> int | None:
        """Return the node of an output whose edge was stored before."""
        row = self._tx.one(
            "SELECT node_id FROM edges WHERE team_id = ? AND id = ? AND is_reused = 0",
            (self._known.team_id, mention.event.id),
        )
        return None if row is None else int(row[0])

    def _add_link(self, activity: int, direction: int, node: int, at: float) -> None:
        span = self.links.get((activity, direction, node))
        if span is None:
            self.links[activity, direction, node] = [at, at]
        elif at < span[0]:
            span[0] = at
        elif at > span[1]:
            span[1] = at

    def _write_cards(self) -> None:
        """Keep the cards of nodes and tasks that came with edges."""
        cards: dict[int, str] = {}
        titles: dict[int, str] = {}
        for edge in sorted(
            (edge for edge in self._edges if edge.fact.get("meta")),
            key=lambda edge: edge.event.order,
        ):
            meta, making = edge.fact["meta"], edge.event.making
            own = meta.get("customNodeSettings")
            if isinstance(own, dict):
                self.task_cards[edge.event.task] = json.dumps(own)
            card = meta.get("customRelationSettings")
            if not isinstance(card, dict) or making is None:
                continue
            cards[making.id] = json.dumps(card)
            title = card.get("title")
            if isinstance(title, str):
                titles[edge.artifact.id] = title.replace("\x00", "")
        team = self._known.team_id
        self._tx.run_many(
            "UPDATE nodes SET card = ? WHERE team_id = ? AND id = ?",
            [(card, team, node) for node, card in cards.items()],
        )
        write_titles(self._tx, team, titles)


def _source_texts(items: Sequence[Item]) -> dict[int, str]:
    """Return the texts of the sources of edges by their numbers."""
    texts: dict[int, str] = {}
    for id, fact, _ in items:
        number = id >> SOURCE_BITS
        if number not in texts:
            uid = fact["uid"]
            tail = id & _NUMBER
            texts[number] = uid.rpartition("-")[0] if tail else uid
    return texts


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
