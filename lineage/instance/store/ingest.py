"""Takes facts of several callers into the store, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

from ... import forksafe
from .activity_ids import OUTPUT
from .database import Database, Transaction
from .dedup import Item, fresh_items
from .edges import EdgeWriter
from .late_evidence import LateEvidence, is_late
from .late_names import write_late_names
from .lifecycle import TaskEventWriter
from .steps import StepResolver, mentioned_steps
from .task_nodes import join_tasks
from .tasks import TaskResolver
from .validation import IngestJob
from .withdraw import Withdrawal
from .write_cache import CacheRegistry, TeamCache

Link = tuple[int, int, int]
_LINK = ("team_id", "activity", "direction", "node_id", "since", "until")


@dataclass(frozen=True, slots=True)
class GraphChange:
    """What one transaction added to a team's graph."""

    team_id: int
    revision: int
    links: Iterable[Link]
    is_merge: bool


Listener = Callable[[GraphChange], None]


class Ingester:
    """Writes facts; the callers of `apply` take turns.

    Args:
        db: The database.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._listeners: list[Listener] = []
        self.commits = 0
        """What this process has committed, to see whether anything was written."""
        self.reset_after_fork()
        forksafe.register(self)

    def reset_after_fork(self) -> None:
        """Forget what is remembered of the teams."""
        self._memory = CacheRegistry()

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every change that this process commits."""
        self._listeners.append(listener)

    def apply(self, jobs: Sequence[IngestJob]) -> None:
        """Write the facts of jobs, all or none; then the jobs are done.

        Raises:
            StoreError: Nothing was written.
        """
        by_team: dict[int, list[IngestJob]] = {}
        for job in jobs:
            by_team.setdefault(job.team_id, []).append(job)
        is_written = False
        try:
            with self._db.write() as tx:
                changes = [
                    self._apply_team(tx, team, part)
                    for team, group in sorted(by_team.items())
                    for part in _one_by_one(group)
                ]
            is_written = True
            self.commits += 1
        finally:
            if not is_written:
                # What was undone must not be remembered.
                for team in by_team:
                    self._memory.forget(team)
        for change in changes:
            if change is not None:
                for listener in self._listeners:
                    listener(change)
        for job in jobs:
            job.is_done = True

    def _apply_team(
        self, tx: Transaction, team: int, jobs: Sequence[IngestJob]
    ) -> GraphChange | None:
        known = self._memory.of(team)
        revision = known.sync(tx, tx.lock_team(team))
        withdrawal = _withdraw(tx, known, jobs)
        items = fresh_items(tx, known, jobs)
        if not items and withdrawal is None:
            known.revision -= 1
        for job in jobs:
            job.position = known.revision
            job.restoration = known.restoration
        if not items and withdrawal is None:
            return None
        tx.run(
            "INSERT INTO revisions (team_id, revision) VALUES (?, ?)"
            " ON CONFLICT (team_id) DO UPDATE SET revision = excluded.revision",
            (team, revision),
        )
        links, is_rewritten = _write(tx, known, items)
        is_merge = known.merges > 0 or is_rewritten or withdrawal is not None
        known.epoch += known.merges
        known.merges = 0
        if withdrawal is not None and withdrawal.finish():
            self._memory.forget(team)
        return GraphChange(team, revision, links, is_merge)


def _one_by_one(jobs: Sequence[IngestJob]) -> list[list[IngestJob]]:
    """Let jobs that follow from what is stored come after each other."""
    plain = [job for job in jobs if job.prepare is None]
    others = [[job] for job in jobs if job.prepare is not None]
    return [plain, *others] if plain else others


def _withdraw(
    tx: Transaction, known: TeamCache, jobs: Sequence[IngestJob]
) -> Withdrawal | None:
    """Make the facts of jobs that prepare them; take back what they withdraw."""
    for job in jobs:
        job.make(tx)
    facts = [fact for job in jobs for fact in job.withdrawn]
    if not facts:
        return None
    withdrawal = Withdrawal(tx, known)
    withdrawal.take(facts)
    return withdrawal


def _write(
    tx: Transaction, known: TeamCache, items: list[Item]
) -> tuple[Iterable[Link], bool]:
    team = known.team_id
    tasks = TaskResolver(tx, known)
    owners = tasks.resolve(items)
    steps = StepResolver(tx, known)
    steps.load(mentioned_steps(items, owners))
    own, own_owners, rest, rest_owners = _split(items, owners)
    late = LateEvidence(tx, known)
    late.take([item for item in rest if is_late(item)], {item[0] for item in own})
    edges = EdgeWriter(tx, known, steps, late)
    edges.take(own, own_owners)
    lives = TaskEventWriter(tx, known, steps)
    lives.take(rest, rest_owners)
    steps.write()
    if steps.moved:
        known.dirty |= _outputs_of(tx, team, steps.moved)
        # Other processes remember where the steps were before.
        tx.run("UPDATE revisions SET epoch = epoch + 1 WHERE team_id = ?", (team,))
        known.epoch += 1
    edges.write()
    late.write()
    write_late_names(tx, known, rest)
    lives.write(set(owners))
    lives.write_cards(edges.task_cards)
    tx.insert_many("seen", ("team_id", "id"), [(team, id) for id, _, _ in rest])
    touched = set(owners) | set(tasks.created)
    idents = edges.artifacts.new_task_idents
    if tasks.created or idents:
        joined = join_tasks(tx, known, tasks.created, idents)
        rows = [(team, *link, at, at) for link, at in joined.items()]
        tx.insert_many("links", _LINK, rows, or_ignore=True)
        edges.links.update(joined)
    tx.run(
        "UPDATE tasks SET revision = :revision WHERE team_id = :team"
        " AND id IN (SELECT x.value FROM each_int(:tasks) AS x)",
        {"revision": known.revision, "team": team, "tasks": touched},
    )
    return edges.links.keys(), edges.is_rewritten


def _outputs_of(tx: Transaction, team: int, tasks: set[int]) -> set[int]:
    """Return the artifacts that tasks produced."""
    if not tasks:
        return set()
    rows = tx.all(
        "SELECT DISTINCT e.entity_id FROM each_int(:tasks) AS x JOIN edges e"
        " ON e.team_id = :team AND e.task_id = x.value AND e.direction = :output",
        {"tasks": tasks, "team": team, "output": OUTPUT},
    )
    return {row[0] for row in rows}


def _split(
    items: list[Item], owners: list[int]
) -> tuple[list[Item], list[int], list[Item], list[int]]:
    """Return the edges with their tasks, and the other facts with theirs."""
    others = [i for i, (_, fact, _) in enumerate(items) if fact["f"] != "edge"]
    if not others:
        return items, owners, [], []
    are_edges = bytearray(b"\x01") * len(items)
    for i in others:
        are_edges[i] = 0
    edges, tasks = compress(items, are_edges), compress(owners, are_edges)
    return (
        list(edges), list(tasks), [items[i] for i in others],
        [owners[i] for i in others],
    )  # fmt: skip
