"""Turns uids into numbers and leaves out the facts that came before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat

from .database import Transaction
from .edge_uids import SOURCE_BITS, split_uids
from .fact_types import FactDict
from .validation import IngestJob
from .write_cache import TeamCache

#: Sources in a batch from which each id is looked up on its own.
_FEW_SOURCES = 8


#: A fact to be stored: its id, its content and who sent it.
Item = tuple[int, FactDict, "str | None"]


def fresh_items(
    tx: Transaction, known: TeamCache, jobs: Sequence[IngestJob]
) -> list[Item]:
    """Return the facts that are new; count the others in their jobs."""
    split = [split_uids([fact["uid"] for fact in job.facts]) for job in jobs]
    sources = {source for part, _ in split for source in part}
    old = _resolve_sources(tx, known, sources)
    base = {source: known.sources[source] << SOURCE_BITS for source in sources}
    ids = [
        [base[source] + number for source, number in zip(*part, strict=True)]
        for part in split
    ]
    present = _present(tx, known.team_id, old, (i for part in ids for i in part))
    items: list[Item] = []
    for job, numbers in zip(jobs, ids, strict=True):
        fresh = _fresh(job, numbers, present)
        job.stored = len(fresh)
        job.duplicates = len(job.facts) - job.stored
        items += fresh
    return items


def resolve_ids(tx: Transaction, known: TeamCache, uids: Sequence[str]) -> list[int]:
    """Return the ids that facts of these uids have or will have."""
    sources, numbers = split_uids(uids)
    _resolve_sources(tx, known, set(sources))
    pairs = zip(sources, numbers, strict=True)
    return [(known.sources[s] << SOURCE_BITS) + number for s, number in pairs]


def _fresh(job: IngestJob, ids: list[int], present: set[int]) -> list[Item]:
    user = job.user
    distinct = set(ids)
    if len(distinct) == len(ids) and present.isdisjoint(distinct):
        present |= distinct
        return list(zip(ids, job.facts, repeat(user)))
    fresh: list[Item] = []
    for id, fact in zip(ids, job.facts, strict=True):
        if id not in present:
            present.add(id)
            fresh.append((id, fact, user))
    return fresh


def _resolve_sources(tx: Transaction, known: TeamCache, sources: set[str]) -> set[int]:
    """Number the sources; return the numbers of those that were there before."""
    unknown = [source for source in sources if source not in known.sources]
    if unknown:
        rows = tx.all(
            "SELECT s.source, s.id FROM each_text(:sources) AS x"
            " JOIN sources s ON s.team_id = :team AND s.source = x.value",
            {"sources": unknown, "team": known.team_id},
        )
        known.sources.update(rows)
    old = {known.sources[s] for s in sources if s in known.sources}
    missing = [source for source in unknown if source not in known.sources]
    if missing:
        numbers = tx.next_numbers("sources", len(missing))
        tx.insert_many(
            "sources",
            ("team_id", "source", "id"),
            [(known.team_id, s, n) for s, n in zip(missing, numbers, strict=True)],
        )
        known.sources.update(zip(missing, numbers, strict=True))
    return old


def _present(
    tx: Transaction, team_id: int, old: set[int], ids: Iterable[int]
) -> set[int]:
    candidates = [id for id in ids if id >> SOURCE_BITS in old] if old else []
    if not candidates:
        return set()
    if len(old) <= _FEW_SOURCES and not any(
        _is_taken(tx, team_id, table, part)
        for part in _by_source(candidates)
        for table in ("edges", "seen")
    ):
        return set()
    found: set[int] = set()
    for table in ("edges", "seen"):
        rows = tx.all(
            f"SELECT t.id FROM each_int(:ids) AS x"  # noqa: S608  names are constants of the code
            f" JOIN {table} t ON t.team_id = :team AND t.id = x.value",
            {"ids": candidates, "team": team_id},
        )
        found.update(row[0] for row in rows)
    return found


def _by_source(ids: Iterable[int]) -> list[list[int]]:
    parts: dict[int, list[int]] = {}
    for id in ids:
        parts.setdefault(id >> SOURCE_BITS, []).append(id)
    return list(parts.values())


def _is_taken(tx: Transaction, team_id: int, table: str, ids: list[int]) -> bool:
    row = tx.one(
        f"SELECT 1 FROM {table} WHERE team_id = ? AND id BETWEEN ? AND ? LIMIT 1",  # noqa: S608  names are constants of the code
        (team_id, min(ids), max(ids)),
    )
    return row is not None
