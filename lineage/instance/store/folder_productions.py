"""When the folders around artifacts were produced.

Of a file that nobody made, and of which nothing is known but its address, only that
says that its content may have changed: who produces a folder may have written what is
in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from .artifact_rows import ArtifactState
from .database import Transaction
from .edge_batch import EdgeBatch
from .edge_uids import SOURCE_BITS
from .evidence import VersionEvidence, read
from .linked_parts import around
from .timeline import Event, Order

#: Kinds that lie in folders.
PART_KINDS: Final = frozenset({"file", "folder"})
_FOLDERS: Final = (
    "SELECT a.ident FROM each_int(:ids) AS x JOIN entities a"
    " ON a.team_id = :team AND a.id = x.value WHERE a.kind = 'folder'"
)
_OF_FOLDERS: Final = (
    " FROM each_text(:idents) AS x"
    " JOIN entities a ON a.team_id = :team AND a.kind = 'folder' AND a.ident = x.value"
    " JOIN edges e ON e.team_id = :team AND e.entity_id = a.id"
)
_PRODUCTIONS: Final = (
    "SELECT x.value, e.event_at, s.source, e.id, e.evidence, e.late"
    f"{_OF_FOLDERS}"
    f" JOIN sources s ON s.team_id = :team AND s.id = e.id >> {SOURCE_BITS}"
    " WHERE e.direction = 1"
)
_TIMES: Final = (
    f"SELECT DISTINCT x.value, e.event_at{_OF_FOLDERS} WHERE e.direction = 1"
    " AND e.event_at >= :since AND e.event_at <= :until"
)
#: What nobody made or looked at in folders, and who used or named it since.
_FOUND_INSIDE: Final = (
    "SELECT DISTINCT a.id FROM each_text(:idents) AS x JOIN entities a"
    " ON a.team_id = :team AND a.kind = :kind"
    " AND a.ident >= x.value || '/' AND a.ident < x.value || '0'"
    " WHERE a.unknown_id IS NOT NULL AND (a.barrier_at >= :since OR EXISTS ("
    "SELECT 1 FROM edges e WHERE e.team_id = :team AND e.entity_id = a.id"
    " AND e.event_at >= :since))"
)
#: Before all times.
_ALWAYS: Final = -1e18
#: A production's place in time, and what is known of what it made.
_Production = tuple[Order, VersionEvidence]


@dataclass(slots=True)
class FolderProductions:
    """The productions of folders, those stored and those of one transaction.

    Args:
        tx: The transaction.
        team: The team.
        new: By the folders' identities, productions that are not stored yet.
    """

    tx: Transaction
    team: int
    new: dict[str, list[Event]] = field(default_factory=dict)

    def take(self, batch: EdgeBatch) -> None:
        """Take the new productions of folders."""
        for place, artifact in enumerate(batch.artifacts):
            if artifact.kind == "folder" and batch.is_production(place):
                self.new.setdefault(artifact.ident, []).append(batch.event(place))

    def around(self, idents: Mapping[int, str]) -> dict[int, list[Order]]:
        """Return when folders around artifacts may have been given other content.

        Args:
            idents: The identities of artifacts by their ids.
        """
        folders = {id: list(around(ident)) for id, ident in idents.items()}
        wanted = {folder for part in folders.values() for folder in part}
        made: dict[str, list[_Production]] = defaultdict(list)
        rows = self.tx.all(_PRODUCTIONS, self._names(wanted)) if wanted else ()
        for folder, at, source, id, own, late in rows:
            order = at, source, id & ((1 << SOURCE_BITS) - 1), True
            made[folder].append((order, read(own, late)))
        for folder in wanted & self.new.keys():
            made[folder] += [(one.order, one.evidence) for one in self.new[folder]]
        changes = {folder: list(_changes(part)) for folder, part in made.items()}
        return {
            id: sorted(order for one in part for order in changes.get(one, ()))
            for id, part in folders.items()
        }

    def parted(
        self,
        dirty: Collection[int],
        spans: Mapping[int, tuple[str, float, float]],
    ) -> set[int]:
        """Return the artifacts of which one find may be several by now.

        Args:
            dirty: Artifacts of which stored edges have changed.
            spans: Artifacts that nobody made, by their ids: the identity of each, and
                from when until when it is known, with what is new.
        """
        found = self._inside_of_new(dirty)
        wanted: dict[str, list[int]] = defaultdict(list)
        for id, (ident, *_) in spans.items():
            for folder in around(ident):
                wanted[folder].append(id)
        if not wanted:
            return found
        names = self._names(wanted)
        names["since"] = min(since for _, since, _ in spans.values())
        names["until"] = max(until for *_, until in spans.values())
        times = [tuple(row) for row in self.tx.all(_TIMES, names)]
        times += [
            (ident, one.at)
            for ident, productions in self.new.items()
            for one in productions
        ]
        for folder, at in times:
            for id in wanted.get(folder, ()):
                _, since, until = spans[id]
                if since <= at <= until:
                    found.add(id)
        return found

    def _inside_of_new(self, dirty: Collection[int]) -> set[int]:
        """Return what is in folders of which productions are new or have changed."""
        names = {"ids": dirty, "team": self.team}
        changed = {row[0] for row in self.tx.all(_FOLDERS, names)} if dirty else set()
        folders = {*changed, *self.new}
        if not folders:
            return set()
        since = _ALWAYS
        if not changed:
            since = min(one.at for part in self.new.values() for one in part)
        return {
            row[0]
            for kind in sorted(PART_KINDS)
            for row in self.tx.all(
                _FOUND_INSIDE, {**self._names(folders), "kind": kind, "since": since}
            )
        }

    def _names(self, idents: Iterable[str]) -> dict[str, object]:
        return {"idents": list(idents), "team": self.team}


def known_span(
    artifact: ArtifactState, times: Collection[float]
) -> tuple[str, float, float] | None:
    """Return from when until when something is known that nobody made.

    Args:
        artifact: The artifact.
        times: When it was used or named without evidence, as far as that is new.

    Returns:
        Its identity and both times; none if it is known at one moment alone.
    """
    known = [*times]
    if artifact.unknown_id is not None and artifact.unknown_at is not None:
        known.append(artifact.unknown_at)
    if not times or len(known) < 2:
        return None
    return artifact.ident, min(known), max(known)


def _changes(productions: list[_Production]) -> Iterable[Order]:
    """Return the places in time of those that may have changed a folder."""
    productions.sort(key=lambda one: one[0])
    before: frozenset[str] = frozenset()
    for order, known in productions:
        tokens = frozenset(token.text for token in known.tokens)
        if not known.is_unwritten and not tokens & before:
            yield order
        before = tokens
