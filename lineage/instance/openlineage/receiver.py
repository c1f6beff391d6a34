"""The endpoints that OpenLineage's clients call: one event, or an array of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from os import SEEK_END
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, RootModel

from ...model.addresses import is_absolute, is_address
from ..errors import RequestError
from ..route import RequestContext, Route
from ..store.database import Transaction
from .dataset_names import PLACES, Artifact
from .event import RunEvent, key_of, read_event
from .run_state import RunState
from .to_facts import artifacts_of, facts_of, joined_names

_BY_ALIAS: Final = (
    "SELECT a.alias, e.kind, e.ident FROM each_text(:names) AS x"
    " JOIN aliases a ON a.team_id = :team AND a.alias = x.value"
    " JOIN entities e ON e.team_id = a.team_id AND e.id = a.entity_id"
)
_BY_IDENT: Final = (
    "SELECT e.ident FROM each_text(:idents) AS x JOIN entities e"
    " ON e.team_id = :team AND e.kind = :kind AND e.ident = x.value"
)
_NO_MACHINE: Final = (
    "UPDATE entities SET is_legacy = 1 WHERE team_id = :team AND kind = 'file'"
    " AND is_legacy = 0 AND machine IS NULL"
    " AND ident IN (SELECT x.value FROM each_text(:paths) AS x)"
)
#: Makes what processes remember of the team stale.
_CHANGED: Final = "UPDATE revisions SET revision = revision + 1 WHERE team_id = ?"
#: Events of one batch, at most.
MAX_EVENTS: Final = 10_000
#: Bytes of one event, at most; Spark's largest plans have about a tenth.
MAX_EVENT: Final = 16 << 20
#: What is said of events about jobs and datasets.
_NO_RUN: Final = ": it is about no run; only runs are taken in"
#: Runs around a run that are looked up, at most.
_MAX_LEVELS: Final = 8


class Event(RootModel[dict[str, Any]]):
    """An OpenLineage event, as its producer wrote it."""

    model_config = ConfigDict(defer_build=True)


class Events(RootModel[list[Any]]):
    """OpenLineage events."""

    model_config = ConfigDict(defer_build=True)


class EventsAnswer(BaseModel):
    """The outcome for the events of a request."""

    model_config = ConfigDict(defer_build=True)

    received: int
    """Events about runs that were understood."""
    ignored: list[str] = Field(default_factory=list)
    """What was left out of them, each with its place and the reason."""
    failed: list[int] = Field(default_factory=list)
    """Batches: the places of events that were refused."""


class RunParams(BaseModel):
    """Which run: by its id as the producer wrote it, or by the key of its task."""

    model_config = ConfigDict(defer_build=True)

    run: str = Field(min_length=1, max_length=200)


def add_event(call: RequestContext, body: Event) -> EventsAnswer:
    """Take in one event (`POST /api/v1/lineage`)."""
    size = _size(call)
    if size > MAX_EVENT:
        raise _too_large("event", size)
    event = read_event(body.root)
    if event is None:
        return EventsAnswer(received=0, ignored=[f"event{_NO_RUN}"])
    refused = _store(call, [event])
    return EventsAnswer(received=1, ignored=[*event.ignored, *refused])


def add_events(call: RequestContext, body: Events) -> EventsAnswer:
    """Take in an array of events (`POST /api/v1/lineage/batch`).

    An event that cannot be understood does not keep the others out.
    """
    if len(body.root) > MAX_EVENTS:
        raise RequestError(
            413,
            f"the batch has {len(body.root)} events",
            allowed=f"at most {MAX_EVENTS} events",
        )
    events: list[RunEvent] = []
    ignored: list[str] = []
    failed: list[int] = []
    may_be_large = _size(call) > MAX_EVENT
    for index, value in enumerate(body.root):
        try:
            if may_be_large:
                _check_size(value, f"[{index}]")
            event = read_event(value, f"[{index}].")
        except RequestError as error:
            failed.append(index)
            ignored.append(str(error))
            continue
        if event is None:
            ignored.append(f"[{index}]{_NO_RUN}")
        else:
            events.append(event)
            ignored += event.ignored
    ignored += _store(call, events)
    return EventsAnswer(received=len(events), ignored=ignored[:1000], failed=failed)


def _size(call: RequestContext) -> int:
    """Return the bytes of the body, unpacked."""
    body = call.request.body
    return len(body) if isinstance(body, bytes) else body.seek(0, SEEK_END)


def _check_size(event: object, place: str) -> None:
    size = len(json.dumps(event))
    if size > MAX_EVENT:
        raise _too_large(place, size)


def _too_large(place: str, size: int) -> RequestError:
    return RequestError(
        413,
        f"{place} has {size} bytes",
        field=place,
        allowed=f"at most {MAX_EVENT} bytes in one event",
    )


def get_run(call: RequestContext, body: RunParams) -> dict[str, Any]:
    """Return everything that the events of a run said, facets whole."""
    with call.services.store.db.read() as tx:
        for team in call.team_ids:
            for run in (body.run, key_of(body.run)):
                found = _read(tx, team, [run])
                if found:
                    return {"run": run, "state": asdict(found[run])}
    raise RequestError(404, f"no events of the run {body.run[:80]!r}", field="run")


def _store(call: RequestContext, events: Sequence[RunEvent]) -> list[str]:
    """Store what events say; what the store refused comes back with the reason."""
    team = call.team()
    store = call.services.store
    with store.db.write() as tx:
        tx.lock_team(team)
        states = _read(tx, team, sorted({event.run for event in events}))
        left_out = [
            reason
            for event in events
            for reason in states.setdefault(event.run, RunState()).add(event)
        ]
        _write(tx, team, states)
        wanted = {one for state in states.values() for one in artifacts_of(state)}
        known = _known_names(tx, team, wanted)
        names = joined_names(states.values(), known)
        parents = _parents(tx, team, states)
        facts = [
            fact
            for run, state in states.items()
            for fact in facts_of(run, state, names, parents)
        ]
    answer = store.ingest(team, facts, user=call.principal.user)
    paths = sorted({id for _, id in wanted if id.startswith("/")})
    if paths:
        # No machine is named: the first app that uses the path on one gives it.
        with store.db.write() as tx:
            if tx.run(_NO_MACHINE, {"paths": paths, "team": team}):
                tx.run(_CHANGED, (team,))
    return left_out + [f"{fact.field}: {fact.message}" for fact in answer.refused]


def _read(tx: Transaction, team: int, runs: Sequence[str]) -> dict[str, RunState]:
    rows = tx.all(
        "SELECT o.run, o.state FROM each_text(:runs) AS x JOIN openlineage_runs o"
        " ON o.team_id = :team AND o.run = x.value",
        {"runs": list(runs), "team": team},
    )
    return {run: RunState.from_json(state) for run, state in rows}


def _write(tx: Transaction, team: int, states: Mapping[str, RunState]) -> None:
    tx.run_many(
        "INSERT INTO openlineage_runs (team_id, run, state) VALUES (?, ?, ?)"
        " ON CONFLICT (team_id, run) DO UPDATE SET state = excluded.state",
        [(team, run, state.to_json()) for run, state in states.items()],
    )


def _parents(
    tx: Transaction, team: int, states: Mapping[str, RunState]
) -> dict[str, RunState]:
    """Return what is known of the runs around others, up to some levels."""
    found = dict(states)
    missing = set(_around(states.values())) - found.keys()
    for _ in range(_MAX_LEVELS):
        if not missing:
            break
        known = _read(tx, team, sorted(missing))
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


ROUTES: Final = (
    Route(
        "openlineage.event",
        add_event,
        Event,
        "writer",
        EventsAnswer,
        path="/api/v1/lineage",
    ),
    Route(
        "openlineage.batch",
        add_events,
        Events,
        "writer",
        EventsAnswer,
        path="/api/v1/lineage/batch",
    ),
    Route("lineage.openlineage.run", get_run, RunParams, "reader"),
)
