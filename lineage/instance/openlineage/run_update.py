"""What events change: the states of their runs, and the facts that follow from them.

The facts of a run follow from all of its events and from the runs around it, whatever
comes first. So a state knows which facts were stored of it: those that do not follow
any more are taken back, and what has changed is stored instead, in one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from ...model.addresses import is_absolute, is_address
from ..store.database import Transaction
from ..store.validation import PreparedFacts
from .dataset_names import PLACES, Artifact
from .event import RunEvent
from .run_growth import RunGrowth
from .run_state import RunState
from .stored_facts import add_facts, replace_facts
from .to_facts import artifacts_of, joined_names, run_facts

_READ: Final = (
    "SELECT o.run, o.state FROM each_text(:runs) AS x JOIN openlineage_runs o"
    " ON o.team_id = :team AND o.run = x.value"
)
_INSIDE: Final = (
    "SELECT o.run, o.state FROM openlineage_runs o WHERE o.team_id = :team"
    " AND o.parent IN (SELECT x.value FROM each_text(:runs) AS x)"
)
_BELOW: Final = (
    "SELECT o.run, o.state FROM openlineage_runs o WHERE o.team_id = :team"
    " AND o.root IN (SELECT x.value FROM each_text(:runs) AS x)"
)
_BY_ALIAS: Final = (
    "SELECT a.alias, e.kind, e.ident FROM each_text(:names) AS x"
    " JOIN aliases a ON a.team_id = :team AND a.alias = x.value"
    " JOIN entities e ON e.team_id = a.team_id AND e.id = a.entity_id"
)
_BY_IDENT: Final = (
    "SELECT e.ident FROM each_text(:idents) AS x JOIN entities e"
    " ON e.team_id = :team AND e.kind = :kind AND e.ident = x.value"
)
#: Runs around a run that are looked up, at most, and runs inside each other.
_MAX_LEVELS: Final = 64


class RunUpdate:
    """Takes events into the states of their runs.

    Args:
        team: The team whose events they are.
        events: Events about runs.
    """

    def __init__(self, team: int, events: Sequence[RunEvent]) -> None:
        self._team = team
        self._events = events
        self.left_out: list[str] = []
        """What was not kept because it is too large, each with the reason."""
        self.local_paths: list[str] = []

    def prepare(self, tx: Transaction) -> PreparedFacts:
        """Write the states of the runs; return what follows, and what no longer does.

        Args:
            tx: Where it is written; nobody else writes for the team.
        """
        team = self._team
        states = read_states(tx, team, sorted({event.run for event in self._events}))
        before = {run: _place(state) for run, state in states.items()}
        parts = self._take(states)
        moved = {run for run, one in states.items() if _place(one) != before.get(run)}
        states |= _runs_inside(tx, team, moved, states)
        parents = _runs_around(tx, team, states)
        prepared = PreparedFacts([], [])
        whole = self._add_parts(tx, states, parts, parents, prepared)
        names = self._names(tx, whole)
        for run, state in whole.items():
            found = run_facts(run, state, names, parents)
            changed, gone = replace_facts(state.stored, found.derived)
            prepared.facts.extend([*changed, *found.own])
            prepared.withdrawn.extend(gone)
        # A task begins as its opening says, and not as the steps in it do.
        prepared.facts.sort(key=lambda fact: fact["f"] != "task")
        _write_states(tx, team, states)
        return prepared

    def _take(self, states: dict[str, RunState]) -> dict[str, RunState]:
        """Take the events into states; return the new part of runs that only grew."""
        growths: dict[str, RunGrowth] = {}
        self.left_out = []
        for event in self._events:
            state = states.setdefault(event.run, RunState())
            if event.run not in growths:
                growths[event.run] = RunGrowth(state)
            growths[event.run].note(state, event)
            self.left_out += state.add(event)
        parts = {run: one.new_part(states[run]) for run, one in growths.items()}
        return {run: part for run, part in parts.items() if part is not None}

    def _add_parts(
        self,
        tx: Transaction,
        states: Mapping[str, RunState],
        parts: Mapping[str, RunState],
        parents: Mapping[str, RunState],
        prepared: PreparedFacts,
    ) -> dict[str, RunState]:
        """Add the facts of runs that only grew; return the runs that are left."""
        whole = dict(states)
        names = self._names(tx, parts) if parts else {}
        for run, part in parts.items():
            found = run_facts(run, states[run], names, parents, edges_of=part)
            added = add_facts(states[run].stored, found.derived)
            if added is not None:
                prepared.facts.extend([*added[0], *found.own])
                prepared.withdrawn.extend(added[1])
                del whole[run]
        return whole

    def _names(
        self, tx: Transaction, states: Mapping[str, RunState]
    ) -> dict[Artifact, Artifact]:
        wanted = {one for state in states.values() for one in artifacts_of(state)}
        local = {id for _, id in wanted if id.startswith("/")}
        self.local_paths = sorted({*self.local_paths, *local})
        return joined_names(states.values(), _known_names(tx, self._team, wanted))


def read_states(tx: Transaction, team: int, runs: Sequence[str]) -> dict[str, RunState]:
    """Return what is known of runs, by their keys."""
    rows = tx.all(_READ, {"runs": list(runs), "team": team})
    return {run: RunState.from_json(state) for run, state in rows}


def _write_states(tx: Transaction, team: int, states: Mapping[str, RunState]) -> None:
    tx.run_many(
        "INSERT INTO openlineage_runs (team_id, run, state, parent, root)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (team_id, run) DO UPDATE SET"
        " state = excluded.state, parent = excluded.parent, root = excluded.root",
        [
            (team, run, state.to_json(), state.parent, state.root)
            for run, state in states.items()
        ],
    )


def _place(state: RunState) -> tuple[bool, str | None]:
    """Return what of a run decides where the runs inside it belong."""
    return state.has_data, state.parent


def _runs_inside(
    tx: Transaction, team: int, runs: Collection[str], own: Mapping[str, RunState]
) -> dict[str, RunState]:
    """Return the runs whose tasks or steps may lie elsewhere now.

    Args:
        tx: Where they are read.
        team: The team.
        runs: Those of which more is known than before.
        own: States that are newer than those that are stored.
    """
    found: dict[str, RunState] = {}
    seen, waiting = set(runs), set(runs)
    for level in range(_MAX_LEVELS):
        if not waiting:
            break
        rows = tx.all(_INSIDE, {"runs": waiting, "team": team})
        if level == 0:
            rows += tx.all(_BELOW, {"runs": waiting, "team": team})
        new = {run: text for run, text in rows if run not in seen}
        seen |= new.keys()
        states = {
            run: own[run] if run in own else RunState.from_json(text)
            for run, text in new.items()
        }
        found |= states
        # What lies in a task with data of its own stays there.
        waiting = {run for run, state in states.items() if not state.has_data}
    return found


def _runs_around(
    tx: Transaction, team: int, states: Mapping[str, RunState]
) -> dict[str, RunState]:
    """Return what is known of the runs around others, up to some levels."""
    found = dict(states)
    missing = set(_around(states.values())) - found.keys()
    for _ in range(_MAX_LEVELS):
        if not missing:
            break
        known = read_states(tx, team, sorted(missing))
        found |= known
        missing = set(_around(known.values())) - found.keys()
    return found


def _around(states: Iterable[RunState]) -> Iterator[str]:
    for state in states:
        yield from (run for run in (state.parent, state.root) if run is not None)


def _known_names(
    tx: Transaction, team: int, wanted: Collection[Artifact]
) -> dict[Artifact, Artifact]:
    """Find what the store knows datasets as: by their own names, or as other places.

    A table may be the folder that an app uses, or the path that another event names.
    An event names no machine, so a path is joined only where one artifact has it.
    """
    ids = sorted({id for _, id in wanted})
    own: set[Artifact] = set()
    for kind in PLACES:
        rows = tx.all(_BY_IDENT, {"idents": ids, "kind": kind, "team": team})
        own.update((kind, row[0]) for row in rows)
    named: dict[str, set[Artifact]] = {}
    for alias, kind, ident in tx.all(_BY_ALIAS, {"names": ids, "team": team}):
        named.setdefault(alias, set()).add((kind, ident))
    found = {}
    for kind, id in wanted:
        known = named.get(id, set())
        is_place = is_absolute(id) or is_address(id)
        others = {(other, id) for other in PLACES} & own | known if is_place else set()
        for same in (
            {one for one in known if one[0] == kind},
            {(kind, id)} & own,
            {one for one in others if one[0] in PLACES},
        ):
            if same:
                if len(same) == 1:
                    found[kind, id] = same.pop()
                break
    return found
