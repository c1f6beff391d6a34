"""The store of an instance: its database, and the way facts get into it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any, Final

from ...model.ingest import BatchAnswer, StoreState
from .database import Database
from .group_commit import GroupCommit
from .ingest import Ingester
from .migrate import migrate
from .silent_tasks import IsAlive, nobody, silent_ends
from .text_queue import index_texts
from .validation import IngestJob, Prepare, check_all

_MADE_AT: Final = "SELECT applied_at FROM lineage_migrations ORDER BY number LIMIT 1"
_UNINDEXED: Final = "SELECT team_id FROM revisions WHERE unindexed_from IS NOT NULL"


class Store:
    """What an instance keeps, in one database.

    Args:
        db: The database; its tables are made or brought up to date.

    Raises:
        StoreCorruptError: The file is damaged or is no store.
        StoreTooNewError: A newer version of lineage wrote it.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        migrate(db)
        self.intake = Ingester(db)
        self._opening = secrets.token_bytes(8)
        #: When the store was made, by its restoration.
        self._made_at: dict[str, str] = {}
        self._commit = GroupCommit(self.intake.apply)

    def ingest(
        self, team_id: int, facts: Sequence[Any], *, user: str | None = None
    ) -> BatchAnswer:
        """Take in facts of one team; when this returns, they are committed.

        Facts that came before (the same uid) are counted, not stored again. A
        fact that is not valid is named in the answer and spoils no other.
        Concurrent calls share one commit.

        Args:
            team_id: The team that the facts belong to.
            facts: Each a mapping in the form of `lineage.model.facts`.
            user: Who sent them, where known.

        Raises:
            StoreError: The store cannot be written; nothing of the call was kept.
        """
        return self.ingest_many([(team_id, facts)], user=user)[0]

    def ingest_many(
        self,
        batches: Sequence[tuple[int, Sequence[Any]]],
        *,
        user: str | None = None,
        may_hold_nul: bool = True,
    ) -> list[BatchAnswer]:
        """Take in batches of several callers, each with its team, in one commit.

        Args:
            batches: Each a team and its facts.
            user: Who sent them, where known.
            may_hold_nul: Whether a text can hold U+0000; none does that was read from
                a request's body.

        Raises:
            StoreError: A batch could not be written.
        """
        jobs = check_all(batches, user=user, may_hold_nul=may_hold_nul)
        self._commit.run(jobs)
        states: dict[tuple[int, int, str], StoreState] = {}
        return [self._answer(job, states) for job in jobs]

    def ingest_prepared(
        self, team_id: int, prepare: Prepare, *, user: str | None = None
    ) -> BatchAnswer:
        """Take in facts that follow from what the store holds, in one transaction.

        Args:
            team_id: The team that the facts belong to.
            prepare: Reads what is there, while nobody else writes for the team, and
                returns the facts, and those of before that do not hold any more.
            user: Who sent them, where known.

        Raises:
            StoreError: The store cannot be written; nothing of the call was kept.
        """
        job = IngestJob(team_id, user, [], [], prepare=prepare)
        self._commit.run([job])
        return self._answer(job, {})

    def _answer(
        self, job: IngestJob, states: dict[tuple[int, int, str], StoreState]
    ) -> BatchAnswer:
        """Report the outcome of a job; those of one commit have one state."""
        answer = job.answer()
        if job.position is not None:
            committed = job.team_id, job.position, job.restoration
            state = states.get(committed)
            if state is None:
                state = states[committed] = self._state(*committed)
            answer.state = state
        return answer

    def _state(self, team_id: int, position: int, restoration: str) -> StoreState:
        opening = self._opening + restoration.encode()
        return StoreState(
            store=f"{self._identity(restoration)}/{team_id}",
            opening=hashlib.blake2b(opening, digest_size=8).hexdigest(),
            position=position,
        )

    def _identity(self, restoration: str) -> str:
        """Return what this store and its copies have in common: when it was made."""
        made_at = self._made_at.get(restoration)
        if made_at is None:
            with self.db.read() as tx:
                row = tx.one(_MADE_AT)
            made_at = float(row[0]).hex() if row is not None else ""
            self._made_at = {restoration: made_at}
        return made_at

    def end_silent_tasks(
        self,
        since: float,
        now: float | None = None,
        *,
        is_alive: IsAlive = nobody,
    ) -> int:
        """End as lost the tasks that were not heard of for as long as they said.

        Args:
            since: Since when facts could arrive.
            now: The time; that of the clock when left out.
            is_alive: Whether a process is at work, by host and number.

        Returns:
            How many.
        """
        found = silent_ends(self.db, since, now, is_alive)
        if found:
            self.ingest_many(list(found.items()))
        return sum(map(len, found.values()))

    def index_texts(self) -> None:
        """Index the texts of all artifacts that wait for it.

        Raises:
            StoreError: The store cannot be written.
        """
        with self.db.read() as tx:
            teams = [row[0] for row in tx.all(_UNINDEXED)]
        index_texts(self.db, teams)

    def task_id(self, team_id: int, run: str) -> int | None:
        """Return the number of the task that a run's key stands for."""
        with self.db.read() as tx:
            row = tx.one(
                "SELECT t.number FROM runs r"
                " JOIN tasks t ON t.team_id = r.team_id AND t.id = r.task_id"
                " WHERE r.team_id = ? AND r.run = ?",
                (team_id, run),
            )
        return None if row is None else int(row[0])

    def close(self) -> None:
        """Close the database's connections."""
        self.db.close()


def open_store(url: str) -> Store:
    """Open the store behind `sqlite:///path` or `postgresql://…`, or make it.

    Raises:
        StoreCorruptError: The file is damaged or is no store.
        StoreTooNewError: A newer version of lineage wrote it.
        StoreError: It cannot be opened; the message says why.
    """
    db = Database(url)
    try:
        return Store(db)
    except BaseException:
        db.close()
        raise
