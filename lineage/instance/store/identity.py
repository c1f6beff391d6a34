"""Turns uids into numbers and leaves out the facts that came before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .checking import Job
from .database import Transaction
from .known import Known

#: Bits of an edge's id that number it within its source.
SOURCE_BITS = 32
#: Sources in a batch from which each id is looked up on its own.
_FEW_SOURCES = 8


class Item:
    """A fact to be stored: its id, what it tells and who sent it."""

    __slots__ = ("fact", "id", "user")

    def __init__(self, id: int, fact: Any, user: str | None) -> None:
        self.id = id
        self.fact = fact
        self.user = user


def split_uid(uid: str) -> tuple[str, int]:
    """Split `<source>-<number>` into the source and number + 1, else give 0."""
    source, _, tail = uid.rpartition("-")
    is_number = tail.isascii() and tail.isdecimal() and len(tail) < 10
    if not source or not is_number or (tail[0] == "0" and tail != "0"):
        return uid, 0
    return source, int(tail) + 1


def join_uid(source: str, id: int) -> str:
    """Give back the uid of an edge's id."""
    number = id & ((1 << SOURCE_BITS) - 1)
    return f"{source}-{number - 1}" if number else source


def fresh_items(tx: Transaction, known: Known, jobs: Sequence[Job]) -> list[Item]:
    """Give the facts that are new and count the others in their jobs."""
    split = [[split_uid(fact.uid) for fact in job.facts] for job in jobs]
    sources = {source for pairs in split for source, _ in pairs}
    old = _resolve_sources(tx, known, sources)
    ids = [
        [(known.sources[source] << SOURCE_BITS) + number for source, number in pairs]
        for pairs in split
    ]
    present = _present(tx, known.team_id, old, (i for part in ids for i in part))
    items: list[Item] = []
    for job, numbers in zip(jobs, ids, strict=True):
        before = len(items)
        for id, fact in zip(numbers, job.facts, strict=True):
            if id not in present:
                present.add(id)
                items.append(Item(id, fact, job.user))
        job.stored = len(items) - before
        job.duplicates = len(job.facts) - job.stored
    return items


def _resolve_sources(tx: Transaction, known: Known, sources: set[str]) -> set[int]:
    """Number the sources; give the numbers of those that were there before."""
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
