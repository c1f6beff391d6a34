"""The edges of one transaction, column by column, on their way into the store.

An object for each edge would cost as much as all that is done with it; only an edge
that the timeline of its artifact has to read becomes an `Event`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, Final

from .activity_ids import INPUT, MADE, MAX_STEPS, OUTPUT
from .artifact_rows import ArtifactState
from .columns import Columns
from .dedup import Item
from .edge_uids import SOURCE_BITS
from .evidence import NO_EVIDENCE, VersionEvidence, from_members, members_of, read
from .fact_types import FactDict
from .project_versions import RegisteredVersions
from .timeline import Event, Making

COLUMNS: Final = (
    "team_id", "id", "task_id", "step", "activity", "direction", "node_id",
    "recorded_at", "entity_id", "event_at", "link",
)  # fmt: skip
_NUMBER: Final = (1 << SOURCE_BITS) - 1


class EdgeBatch:
    """Columns of edges; a place is the same edge in each of them.

    Args:
        items: The edges' facts.
        tasks: The task of each.
        times: When each happened.
    """

    def __init__(
        self, items: Sequence[Item], tasks: Sequence[int], times: Sequence[float]
    ) -> None:
        self.ids: list[int] = [item[0] for item in items]
        self.facts: list[FactDict] = [item[1] for item in items]
        self._users = [item[2] for item in items]
        self.tasks = tasks
        self.times = times
        self.steps: list[int] = []
        self.activities: list[int] = []
        self.links: list[int] = []
        """The direction of each edge's link."""
        self.artifacts: list[ArtifactState] = []
        self.nodes: list[int] = [0] * len(items)
        """The node that each names; 0 while none is known."""
        self.makings: dict[int, Making] = {}
        """What edges are bound to whose nodes have no numbers yet, by their places."""
        self.reused: set[int] = set()
        """Places of outputs that were found, not made."""
        self._own: dict[int, str] = {}
        self._late: dict[int, str] = {}
        self._evidence: dict[int, VersionEvidence] = {}
        self._read: dict[str, VersionEvidence] = {}
        self._events: dict[int, Event] = {}
        self._sources: dict[int, str] = {}

    def add_evidence(self, place: int, late: str | None, *, has_own: bool) -> None:
        """Keep what an edge knows of its version, and what came apart from it."""
        own = None
        if has_own:
            members = members_of(self.facts[place])
            own = self._own[place] = json.dumps(members)
        if late is not None:
            self._late[place] = late
            self._evidence[place] = read(own, late)
        elif own is not None:
            known = self._read.get(own)
            if known is None:
                known = self._read[own] = from_members(members)
            self._evidence[place] = known

    def complete(self, place: int, versions: RegisteredVersions) -> None:
        """Add what is registered of the version that an edge names."""
        known = self._evidence[place]
        ident = self.artifacts[place].ident
        self._evidence[place] = versions.complete(ident, known)

    def productions(self) -> Iterator[tuple[int, VersionEvidence]]:
        """Return the places of outputs of which something is known, and what."""
        for place, known in self._evidence.items():
            if self.links[place] != INPUT:
                yield place, known

    def are_plain(self) -> bool:
        """Whether no edge has evidence or names sources."""
        return not self._evidence and MADE not in self.links

    def is_plain(self, place: int) -> bool:
        """Whether an edge has no evidence and names no sources."""
        return place not in self._evidence and self.links[place] != MADE

    def is_production(self, place: int) -> bool:
        """Whether an edge is an output."""
        return self.links[place] != INPUT

    def names_version(self, place: int) -> bool:
        """Whether an edge has evidence that names the version."""
        known = self._evidence.get(place)
        return known is not None and bool(known.tokens)

    def event(self, place: int) -> Event:
        """Return an edge as an event of its artifact's timeline."""
        event = self._events.get(place)
        if event is None:
            id, link = self.ids[place], self.links[place]
            event = self._events[place] = Event(
                self.times[place],
                self._source(id, place),
                id & _NUMBER,
                id,
                self.tasks[place],
                self.steps[place],
                "use" if link == INPUT else "production",
                self._evidence.get(place, NO_EVIDENCE),
                link == MADE,
                self.activities[place] & MAX_STEPS,
            )
        return event

    def bind(self, place: int, making: Making) -> None:
        """Bind an edge to a node; whoever holds its event finds the making there."""
        self.nodes[place] = making.id
        event = self._events.get(place)
        if event is not None:
            event.making = making

    def bind_nodes(self) -> None:
        """Take over the nodes that the timelines have assigned."""
        for place, making in self.makings.items():
            self.nodes[place] = making.id
        for place, event in self._events.items():
            if event.making is not None:
                self.nodes[place] = event.making.id
            if event.is_reused:
                self.reused.add(place)

    def rows(self, team: int) -> tuple[Sequence[str], Columns]:
        """Return the names of columns and the edges' rows.

        Columns are left out where no edge has more than what a row has without them.
        """
        places, reused = range(len(self.ids)), self.reused
        rows: list[Iterable[Any]] = [
            repeat(team), self.ids, self.tasks, self.steps, self.activities,
            [link if link == INPUT else OUTPUT for link in self.links], self.nodes,
            [fact["at"] for fact in self.facts],
            [artifact.id for artifact in self.artifacts], self.times, self.links,
        ]  # fmt: skip
        names = [*COLUMNS]
        if any(self._users):
            names.append("user_name")
            rows.append(self._users)
        metas = self.metas()
        more = {"meta": metas, "evidence": self._own, "late": self._late}
        for name, values in more.items():
            if values:
                names.append(name)
                rows.append(map(values.get, places))
        if reused:
            names.append("is_reused")
            rows.append([int(place in reused) for place in places])
        return names, Columns(len(places), rows)

    def metas(self) -> dict[int, str]:
        """Return the metas of edges as text, by their places."""
        return {
            place: json.dumps(fact["meta"])
            for place, fact in enumerate(self.facts)
            if fact.get("meta") is not None
        }

    def _source(self, id: int, place: int) -> str:
        """Return the text of the source that an edge is from."""
        text = self._sources.get(id >> SOURCE_BITS)
        if text is None:
            uid: str = self.facts[place]["uid"]
            text = uid.rpartition("-")[0] if id & _NUMBER else uid
            self._sources[id >> SOURCE_BITS] = text
        return text
