"""Turns edge facts into rows: the edges as recorded, and the links of the graph."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Final

from .activity_ids import INPUT, MADE, OUTPUT, SCOPED, STEP_BITS, revision_id
from .artifact_directory import ArtifactDirectory
from .artifact_identity import artifact_key
from .artifact_writer import ArtifactWriter
from .columns import Columns
from .database import Transaction
from .dedup import Item
from .derivations import DerivationResolver, Mention
from .edge_batch import EdgeBatch
from .event_time import APART, EARLIEST, event_times
from .evidence import ALL_MEMBERS, PINS
from .fact_types import FactDict
from .file_aliases import with_file_ids
from .late_evidence import LateEvidence
from .platform_names import with_platform_names
from .project_versions import registered_versions
from .recompute import rewrite_links
from .search_index import write_titles
from .steps import StepResolver
from .write_cache import TeamCache

_LINK: Final = ("team_id", "activity", "direction", "node_id", "since", "until")
_LINK_KEY: Final = ("team_id", "activity", "direction", "node_id")
_PINS: Final = frozenset(PINS)
Link = tuple[int, int, int]


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
        self._batch = EdgeBatch((), (), ())
        self.artifacts = ArtifactWriter(tx, known, steps)
        self._derivations = DerivationResolver(tx, known, self._directory)
        self._mentions: list[Mention] = []
        self.links: dict[Link, float] = {}
        """When each link was there first."""
        self._until: dict[Link, float] = {}
        """When it was there last, where that was later."""
        self.task_cards: dict[int, str] = {}
        self.is_rewritten = False
        """Whether links were removed or changed, not only added."""

    def take(self, items: Sequence[Item], owners: Sequence[int]) -> None:
        """Take edge facts, each with the task that it belongs to."""
        tx, known = self._tx, self._known
        items = with_file_ids(tx, known.team_id, items)
        items = with_platform_names(tx, known.team_id, items)
        facts = [item[1] for item in items]
        keys = [artifact_key(fact) for fact in facts]
        self._directory.load(set(keys), facts)
        batch = self._batch = EdgeBatch(items, owners, self._times(facts))
        batch.artifacts = self._directory.take(keys, facts)
        self._take_steps(batch)
        self._take_evidence(batch)
        self.artifacts.take(batch)
        if any("derived_from" in fact for fact in facts):
            self._take_sources(batch)

    def write(self) -> None:
        """Bind the edges to versions and write everything."""
        tx, known, batch = self._tx, self._known, self._batch
        users = {
            t for t, link in zip(batch.tasks, batch.links, strict=True) if link == INPUT
        }
        self._mentions = self._derivations.resolve(users)
        for mention in self._mentions:
            if mention.artifact is not None:
                self.artifacts.mention(mention.artifact, mention.event)
        self.artifacts.written += self._late.written
        for artifact in self._directory.changed.values():
            self.artifacts.touch(artifact)
        self.artifacts.resolve(known.dirty)
        known.dirty.clear()
        batch.bind_nodes()
        self.artifacts.write()
        self._directory.write()
        if batch.ids:
            tx.insert_many("edges", *batch.rows(known.team_id))
        self._derivations.write()
        self._link_edges()
        rewrite_links(tx, known.team_id, self.artifacts.recomputed)
        self.is_rewritten = self.artifacts.is_rewritten
        rows = self._link_rows()
        tx.merge_many("links", _LINK, _LINK_KEY, rows, least="since", greatest="until")
        self._write_cards()

    def _times(self, facts: Sequence[FactDict]) -> list[float]:
        known, now = self._known, time.time()
        if known.has_clock and now < EARLIEST:
            # This machine's own clock was not set, as after a start without a network.
            now = max(now, self._latest_time() + APART)
        times, has_clock = event_times(facts, now, has_clock=known.has_clock)
        if has_clock and not known.has_clock:
            known.has_clock = True
            self._tx.run(
                "UPDATE revisions SET has_clock = 1 WHERE team_id = ?",
                (known.team_id,),
            )
        return times

    def _latest_time(self) -> float:
        row = self._tx.one(
            "SELECT max(event_at) FROM edges WHERE team_id = ?", (self._known.team_id,)
        )
        return 0.0 if row is None or row[0] is None else float(row[0])

    def _take_steps(self, batch: EdgeBatch) -> None:
        """Find each edge's step, the activity of its link and its direction."""
        number, steps = self._steps.number, batch.steps
        activities, links = batch.activities, batch.links
        for fact, owner in zip(batch.facts, batch.tasks, strict=True):
            named = fact.get("step")
            step = 0
            if named is not None:
                step = number(owner, fact["task"], named, fact["at"])
            activity, link = (owner << STEP_BITS) | step, INPUT
            if fact["dir"] != "input":
                link = OUTPUT
                if fact.get("derived_from") is not None:
                    link = MADE
                elif (scope := fact.get("scope")) != named:
                    outer = number(owner, fact["task"], scope, fact["at"])
                    if outer != step:
                        activity, link = (owner << STEP_BITS) | outer, SCOPED
            steps.append(step)
            activities.append(activity)
            links.append(link)

    def _take_evidence(self, batch: EdgeBatch) -> None:
        """Keep what edges know of their versions."""
        has_none, late_of = ALL_MEMBERS.isdisjoint, self._late.of
        own = [not has_none(fact) for fact in batch.facts]
        if not self._late.is_empty:
            places: Iterable[int] = range(len(own))
        else:
            places = [place for place, has_own in enumerate(own) if has_own]
        for place in places:
            late = late_of(batch.ids[place])
            if own[place] or late is not None:
                batch.add_evidence(place, late, has_own=own[place])
                self._late.keep_manifest(batch.facts[place])
        facts = batch.facts
        pinned = [at for at in places if not facts[at].keys().isdisjoint(_PINS)]
        if pinned:
            artifacts = [batch.artifacts[place] for place in pinned]
            versions = registered_versions(self._tx, self._known.team_id, artifacts)
            for place in pinned:
                batch.complete(place, versions)

    def _take_sources(self, batch: EdgeBatch) -> None:
        """Keep which inputs outputs name, and by what names inputs can be meant."""
        for place, (fact, link) in enumerate(
            zip(batch.facts, batch.links, strict=True)
        ):
            if link == INPUT:
                used = batch.tasks[place], batch.times[place], batch.artifacts[place]
                for name in (fact["id"], *(fact.get("aliases") or ())):
                    self._derivations.remember(*used, name)
            elif link == MADE:
                self._derivations.add(batch.event(place), fact["derived_from"])

    def _link_edges(self) -> None:
        """Link what was not recomputed; `rewrite_links` does the others."""
        batch, links = self._batch, self.links
        keys = zip(batch.activities, batch.links, batch.nodes, strict=True)
        left_out = self._not_linked()
        for place, (key, at) in enumerate(zip(keys, batch.times, strict=True)):
            if left_out and place in left_out:
                continue
            if key in links:
                self._widen(key, at)
            else:
                links[key] = at
        for older, newer, at in self.artifacts.in_place:
            self._add_revision(older, newer, at)
        self._link_mentions()

    def _not_linked(self) -> set[int]:
        """Return the edges without a node, those reused and those recomputed."""
        batch, again = self._batch, self.artifacts.recomputed.ids
        places = set(batch.reused)
        if 0 in batch.nodes:
            places |= {place for place, node in enumerate(batch.nodes) if not node}
        if again:
            artifacts = enumerate(batch.artifacts)
            places |= {place for place, artifact in artifacts if artifact.id in again}
        return places

    def _link_mentions(self) -> None:
        """Link outputs to the sources that they name."""
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
            self._add_revision(source.id, node, mention.event.at)

    def _target(self, mention: Mention) -> int | None:
        """Return the node of an output whose edge was stored before."""
        row = self._tx.one(
            "SELECT node_id FROM edges WHERE team_id = ? AND id = ? AND is_reused = 0",
            (self._known.team_id, mention.event.id),
        )
        return None if row is None else int(row[0])

    def _add_revision(self, older: int, newer: int, at: float) -> None:
        activity = revision_id(newer)
        for link in ((activity, INPUT, older), (activity, OUTPUT, newer)):
            self._widen(link, at)

    def _widen(self, link: Link, at: float) -> None:
        """Extend the time in which a link is known to include `at`."""
        since = self.links.setdefault(link, at)
        if at < since:
            self.links[link] = at
            self._until.setdefault(link, since)
        elif at > self._until.get(link, since):
            self._until[link] = at

    def _link_rows(self) -> Columns:
        links = self.links
        until: list[float] = list(links.values())
        if self._until:
            until = [self._until.get(link, at) for link, at in links.items()]
        activities = [link[0] for link in links]
        directions, nodes = [link[1] for link in links], [link[2] for link in links]
        team = repeat(self._known.team_id)
        columns = (team, activities, directions, nodes, links.values(), until)
        return Columns(len(links), columns)

    def _write_cards(self) -> None:
        """Keep the cards of nodes and tasks that came with edges."""
        batch = self._batch
        cards: dict[int, str] = {}
        titles: dict[int, str] = {}
        carrying = [place for place, fact in enumerate(batch.facts) if fact.get("meta")]
        for place in sorted(carrying, key=lambda place: batch.event(place).order):
            meta, node = batch.facts[place]["meta"], batch.nodes[place]
            own = meta.get("customNodeSettings")
            if isinstance(own, dict):
                self.task_cards[batch.tasks[place]] = json.dumps(own)
            card = meta.get("customRelationSettings")
            if not isinstance(card, dict) or not node:
                continue
            cards[node] = json.dumps(card)
            title = card.get("title")
            if isinstance(title, str):
                titles[batch.artifacts[place].id] = title.replace("\x00", "")
        team = self._known.team_id
        self._tx.run_many(
            "UPDATE nodes SET card = ? WHERE team_id = ? AND id = ?",
            [(card, team, node) for node, card in cards.items()],
        )
        write_titles(self._tx, team, titles)
