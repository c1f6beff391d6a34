"""Adds evidence that comes after its edge, or before it, in any order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from .activity_ids import INPUT
from .copies import Written, affected, note_unwritten
from .database import Transaction
from .dedup import Item, resolve_ids
from .evidence import ALL_MEMBERS, merge_late, read
from .member_copies import COLUMNS, index_rows
from .write_cache import TeamCache

_KNOWN: Final = (
    "SELECT e.id, e.late, e.entity_id, e.direction, e.evidence, e.event_at"
    " FROM each_int(:ids) AS x"
    " JOIN edges e ON e.team_id = :team AND e.id = x.value"
)
_WAITING: Final = (
    "SELECT p.edge_id, p.late FROM each_int(:ids) AS x"
    " JOIN pending_evidence p ON p.team_id = :team AND p.edge_id = x.value"
)
_MANIFEST: Final = ("team_id", "digest", "files", "bytes", "is_complete", "entries")


class LateEvidence:
    """Takes in the `evidence` facts of one transaction.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
    """

    def __init__(self, tx: Transaction, known: TeamCache) -> None:
        self._tx = tx
        self._known = known
        self._late: dict[int, str] = {}
        self._waiting: set[int] = set()
        self._manifests: dict[str, tuple[Any, ...]] = {}
        self.written: list[Written] = []
        """With what stored outputs are known by now to have been written."""

    def take(self, items: Sequence[Item], new: set[int]) -> None:
        """Take evidence facts.

        Args:
            items: The facts.
            new: Ids of the edges that the transaction adds.
        """
        tx, team = self._tx, self._known.team_id
        if items:
            ids = resolve_ids(tx, self._known, [fact["edge"] for _, fact, _ in items])
            names = {"ids": set(ids), "team": team}
            entities = {row[0]: row for row in tx.all(_KNOWN, names)}
            self._late = {id: row[1] for id, row in entities.items()}
            self._late |= dict(tx.all(_WAITING, names))
            for id, (_, fact, _) in zip(ids, items, strict=True):
                self._late[id] = merge_late(self._late.get(id), fact, fact["uid"])
                self.keep_manifest(fact)
            self._known.dirty.update(row[2] for row in entities.values())
            self._waiting = set(ids).difference(entities, new)
            tx.run_many(
                "UPDATE edges SET late = ? WHERE team_id = ? AND id = ?",
                [(self._late[id], team, id) for id in entities],
            )
            self._take_outputs(row for row in entities.values() if row[3] != INPUT)
        if new and self._known.has_pending_evidence(tx):
            names = {"ids": new, "team": team}
            self._late = {**dict(tx.all(_WAITING, names)), **self._late}

    def _take_outputs(self, rows: Iterable[Sequence[Any]]) -> None:
        """Collect the artifacts whose stored outputs got digests, to be read again."""
        digests: set[str] = set()
        unwritten: set[int] = set()
        for id, late, entity, _, own, at in rows:
            before, now = read(own, late), read(own, self._late[id])
            digests |= {known.digest for known in (before, now) if known.digest}
            if now.is_unwritten:
                unwritten.add(entity)
            elif now.digest is not None:
                self.written.append(Written(now.digest, entity, at))
        tx, team = self._tx, self._known.team_id
        note_unwritten(tx, team, unwritten)
        self._known.dirty |= affected(tx, team, digests)

    @property
    def is_empty(self) -> bool:
        """Whether no edge has late evidence."""
        return not self._late

    def of(self, edge: int) -> str | None:
        """Return the late evidence of an edge that the transaction adds."""
        return self._late.get(edge)

    def keep_manifest(self, fact: dict[str, Any]) -> None:
        """Keep the manifest of a folder that a fact carries."""
        manifest = fact.get("manifest")
        if manifest is None or manifest.digest is None:
            return
        entries = json.dumps(manifest.entries)
        row = (
            self._known.team_id, manifest.digest, manifest.files, manifest.bytes,
            int(manifest.is_complete), entries,
        )  # fmt: skip
        known = self._manifests.get(manifest.digest)
        if known is None or entries < known[-1]:
            self._manifests[manifest.digest] = row

    def write(self) -> None:
        """Write what waits for its edge, and manifests."""
        tx, team = self._tx, self._known.team_id
        # Equal contents may have been seen at several times: which of them is kept does
        # not depend on which came first.
        binary = tx.dialect.words["binary"]
        tx.run_many(
            f"INSERT INTO manifests ({', '.join(_MANIFEST)}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608  constant SQL
            " ON CONFLICT (team_id, digest) DO UPDATE SET entries = excluded.entries"
            f" WHERE excluded.entries{binary} < manifests.entries{binary}",
            list(self._manifests.values()),
        )
        rows = [
            row
            for _, digest, *_, entries in self._manifests.values()
            for row in index_rows(team, digest, json.loads(entries))
        ]
        tx.insert_many("manifest_files", COLUMNS, rows, or_ignore=True)
        if self._late:
            tx.run(
                "DELETE FROM pending_evidence WHERE team_id = :team"
                " AND edge_id IN (SELECT x.value FROM each_int(:ids) AS x)",
                {"team": team, "ids": self._late.keys()},
            )
        waiting = [(team, id, self._late[id]) for id in self._waiting]
        tx.insert_many("pending_evidence", ("team_id", "edge_id", "late"), waiting)
        if waiting:
            self._known.pending_evidence = True


def is_late(item: Item) -> bool:
    """Whether a fact is evidence of another one's version."""
    return item[1]["f"] == "evidence" and not ALL_MEMBERS.isdisjoint(item[1])
