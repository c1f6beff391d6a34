"""Outputs that were declared though not written, and whose bytes another artifact has.

Who copies a file together with its times, and declares the copy, made nothing: the
bytes have a maker under another name. What decides is what the edges themselves say,
and so the order of arrival does not: an output that was not written is a copy if any
other artifact was written with the same digest before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from .database import Transaction
from .evidence import VersionEvidence, read
from .member_copies import TRIVIAL_SIZE
from .timeline import Event

#: Artifacts with an edge of such a digest; the range is that of the partial index.
_WITH_DIGEST: Final = (
    "SELECT DISTINCT t.token, t.entity_id FROM each_text(:digests) AS x"
    " JOIN version_tokens t ON t.team_id = :team AND t.token = x.value"
    " AND t.token >= 'sha256:' AND t.token < 'sha256;'"
)
_UNWRITTEN: Final = (
    "SELECT e.id FROM each_int(:ids) AS x JOIN entities e"
    " ON e.team_id = :team AND e.id = x.value WHERE e.has_unwritten = 1"
)
_PRODUCTIONS: Final = (
    "SELECT e.entity_id, e.event_at, e.evidence, e.late FROM each_int(:ids) AS x"
    " JOIN edges e ON e.team_id = :team AND e.entity_id = x.value"
    " WHERE e.direction = 1"
)


class Written(NamedTuple):
    """That an artifact was written with a digest."""

    digest: str
    entity: int
    at: float


def unwritten_digest(known: VersionEvidence) -> str | None:
    """Return the digest of an output that was not written, unless it is trivial."""
    is_trivial = known.size is not None and known.size < TRIVIAL_SIZE
    return known.digest if known.is_unwritten and not is_trivial else None


def written_digest(known: VersionEvidence) -> str | None:
    """Return the digest of an output that was written."""
    return None if known.is_unwritten else known.digest


def affected(tx: Transaction, team: int, digests: Collection[str]) -> set[int]:
    """Return the artifacts with outputs not written that may have such a digest."""
    if not digests:
        return set()
    rows = tx.all(_WITH_DIGEST, {"digests": digests, "team": team})
    ids = {row[1] for row in rows}
    if not ids:
        return set()
    return {row[0] for row in tx.all(_UNWRITTEN, {"ids": ids, "team": team})}


def note_unwritten(tx: Transaction, team: int, ids: Collection[int]) -> None:
    """Keep that artifacts have outputs that were not written."""
    if ids:
        tx.run(
            "UPDATE entities SET has_unwritten = 1 WHERE team_id = :team AND id IN"
            " (SELECT x.value FROM each_int(:ids) AS x)",
            {"team": team, "ids": ids},
        )


def mark_copies(
    tx: Transaction,
    team: int,
    events: Mapping[int, Iterable[Event]],
    written: Collection[Written],
) -> None:
    """Mark the events that are copies of what other artifacts were written with.

    Args:
        tx: The transaction.
        team: The team.
        events: All events of some artifacts.
        written: What the transaction adds, and the store does not have yet.
    """
    found: dict[str, list[tuple[int, Event]]] = defaultdict(list)
    for entity, part in events.items():
        for event in part:
            digest = unwritten_digest(event.evidence)
            if event.role == "production" and digest is not None:
                found[digest].append((entity, event))
    if not found:
        return
    for one in (*_stored(tx, team, found), *written):
        for entity, event in found.get(one.digest, ()):
            if entity != one.entity and one.at <= event.at:
                event.is_copy = True


def _stored(tx: Transaction, team: int, digests: Collection[str]) -> Iterable[Written]:
    rows = tx.all(_WITH_DIGEST, {"digests": digests, "team": team})
    ids = {row[1] for row in rows}
    for entity, at, own, late in tx.all(_PRODUCTIONS, {"ids": ids, "team": team}):
        digest = written_digest(read(own, late))
        if digest is not None:
            yield Written(digest, entity, at)
