"""Finds or makes the node of each edge: one version of one entity."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from .activity_ids import INPUT, OUTPUT, activity_id, revision_id
from .artifact_identity import (
    CONTAINERS,
    default_name,
    state_version,
    version_label,
)
from .database import Transaction
from .search_index import entity_terms, write_terms
from .write_cache import ArtifactState, ContainerVersion, TeamCache

_ENTITY = (
    "team_id", "kind", "ident", "id", "name", "is_model", "versions", "latest_id",
    "latest_at",
)  # fmt: skip
_NODE = (
    "id", "team_id", "entity_id", "version", "ordinal", "label", "size", "digest",
    "created_at",
)  # fmt: skip


class VersionRef(NamedTuple):
    """What an edge says of its thing; version None takes or makes a state."""

    kind: str
    ident: str
    version: str | None


class NodeResolver:
    """Maps what edges say to nodes, making entities and versions that are new.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
    """

    def __init__(self, tx: Transaction, known: TeamCache) -> None:
        self._tx = tx
        self._known = known
        self._ids: deque[int] = deque()
        self._entity_ids: deque[int] = deque()
        self._rows: list[tuple[Any, ...]] = []
        self._touched: dict[tuple[str, str], ArtifactState] = {}
        self._used: set[tuple[int, int]] = set()
        self.revisions: list[tuple[int, int, float]] = []
        """Newly linked states of containers: older, newer, when."""
        self.new_task_idents: set[str] = set()

    def load(self, wants: Iterable[VersionRef]) -> None:
        """Look up, all at once, what edges speak of."""
        known = self._known
        missing = {want for want in wants if want not in known.nodes}
        versioned = {want for want in wants if want.version}
        needed = {(want.kind, want.ident) for want in missing | versioned}
        # A set less the dictionary's keys would go through all that is known.
        self._load_entities({key for key in needed if key not in known.entities})
        self._load_states(
            key for key in needed if key[0] in CONTAINERS and key not in known.states
        )
        self._load_nodes([w for w in missing if w.version is not None])
        new = sum(w.version is not None and w not in known.nodes for w in missing)
        if new:
            self._ids.extend(self._tx.next_numbers("nodes", new))
        unknown = sum(key not in known.entities for key in needed)
        if unknown:
            self._entity_ids.extend(self._tx.next_numbers("entities", unknown))

    def node(self, want: VersionRef, fact: dict[str, Any], task_id: int) -> int:
        """Give the node of one edge."""
        if want.version is None:
            return self._state(want, fact, task_id)
        found = self._known.nodes.get(want)  # type: ignore[arg-type]  # version is text
        if found is None:
            return self._add_version(want, want.version, fact)
        if want.version and want.kind not in CONTAINERS:
            self._see(want, found, fact["at"])
        return found

    def describe(self, want: VersionRef, name: str | None, *, is_model: bool) -> None:
        """Keep the name that an edge tells, and that it is a model."""
        entity = self._known.entities.get((want.kind, want.ident))
        if entity is None:
            self._load_entities({(want.kind, want.ident)})
            entity = self._known.entities[want.kind, want.ident]
        if name and name != entity.name:
            entity.name = name
            self._touch(want, entity)
            write_terms(
                self._tx,
                entity_terms(self._known.team_id, entity.id, name, want.ident),
            )
        if is_model and not entity.is_model:
            entity.is_model = True
            self._touch(want, entity)

    def write(self) -> None:
        """Write what was found new."""
        tx, team = self._tx, self._known.team_id
        new = {k: e for k, e in self._touched.items() if e.is_new}
        old = {k: e for k, e in self._touched.items() if not e.is_new}
        tx.insert_many(
            "entities", _ENTITY, [_entity_row(team, k, e) for k, e in new.items()]
        )
        tx.run_many(
            "UPDATE entities SET name = ?, is_model = ?, versions = ?, latest_id = ?,"
            " latest_at = ? WHERE team_id = ? AND kind = ? AND ident = ?",
            [(*_entity_row(team, k, e)[4:], team, *k) for k, e in old.items()],
        )
        tx.insert_many("nodes", _NODE, self._rows)
        terms: list[Any] = []
        for (_, ident), entity in new.items():
            terms += entity_terms(team, entity.id, entity.name, ident)
            entity.is_new = False
        write_terms(tx, terms)

    def _load_entities(self, keys: set[tuple[str, str]]) -> None:
        by_kind: dict[str, list[str]] = {}
        for kind, ident in keys:
            by_kind.setdefault(kind, []).append(ident)
        for kind, idents in by_kind.items():
            rows = self._tx.all(
                "SELECT e.ident, e.id, e.versions, e.latest_id, e.latest_at, e.name,"
                " e.is_model FROM each_text(:idents) AS x JOIN entities e"
                " ON e.team_id = :team AND e.kind = :kind AND e.ident = x.value",
                {"idents": idents, "team": self._known.team_id, "kind": kind},
            )
            for ident, id, versions, latest_id, latest_at, name, is_model in rows:
                self._known.entities[kind, ident] = ArtifactState(
                    id, versions, latest_id, latest_at or 0.0, name, bool(is_model)
                )

    def _load_states(self, keys: Iterable[tuple[str, str]]) -> None:
        entities = self._known.entities
        by_id = {entities[key].id: key for key in keys if key in entities}
        if not by_id:
            return
        rows = self._tx.all(
            "SELECT n.entity_id, n.id, n.version, n.created_at"
            " FROM each_int(:ids) AS x JOIN nodes n"
            " ON n.team_id = :team AND n.entity_id = x.value"
            " ORDER BY n.entity_id, n.ordinal",
            {"ids": list(by_id), "team": self._known.team_id},
        )
        for entity_id, node_id, version, created_at in rows:
            key = by_id[entity_id]
            state = ContainerVersion(node_id, version, created_at)
            self._known.states.setdefault(key, []).append(state)
            self._known.nodes[key[0], key[1], version] = node_id

    def _load_nodes(self, wants: list[VersionRef]) -> None:
        known = self._known
        by_id = {
            known.entities[w.kind, w.ident].id: (w.kind, w.ident)
            for w in wants
            if w.kind not in CONTAINERS and (w.kind, w.ident) in known.entities
        }
        if not by_id:
            return
        rows = self._tx.all(
            "SELECT n.entity_id, n.version, n.id"
            " FROM each_int(:ids) AS x JOIN nodes n"
            " ON n.team_id = :team AND n.entity_id = x.value"
            " WHERE n.version IN (SELECT v.value FROM each_text(:versions) AS v)",
            {
                "ids": list(by_id),
                "team": known.team_id,
                "versions": list({w.version for w in wants}),
            },
        )
        for entity_id, version, id in rows:
            kind, ident = by_id[entity_id]
            known.nodes[kind, ident, version] = id

    def _state(self, want: VersionRef, fact: dict[str, Any], task_id: int) -> int:
        own = state_version(task_id)
        if fact["dir"] == "output":
            made = self._known.nodes.get((want.kind, want.ident, own))
            return self._add_version(want, own, fact) if made is None else made
        states = self._known.states.get((want.kind, want.ident))
        if not states:
            return self._add_version(want, "", fact)
        earlier = [state for state in states if state.created_at <= fact["at"]]
        at = len(earlier or states[:1]) - 1
        if states[at].version == own and at and self._has_used(task_id, states[:at]):
            # Work in place: what it took is the state before its own.
            at -= 1
        self._used.add((task_id, states[at].node_id))
        return states[at].node_id

    def _has_used(self, task_id: int, states: list[ContainerVersion]) -> bool:
        if any((task_id, state.node_id) in self._used for state in states):
            return True
        row = self._tx.one(
            "SELECT 1 FROM each_int(:nodes) AS x JOIN links l"
            " ON l.team_id = :team AND l.activity = :task AND l.direction = :dir"
            " AND l.node_id = x.value",
            {
                "nodes": [state.node_id for state in states],
                "team": self._known.team_id,
                "task": activity_id(task_id),
                "dir": INPUT,
            },
        )
        return row is not None

    def _add_version(self, want: VersionRef, version: str, fact: dict[str, Any]) -> int:
        known, at = self._known, fact["at"]
        key = (want.kind, want.ident)
        entity = known.entities.get(key)
        if entity is None:
            entity = self._add_entity(want, fact)
        id = self._next_id(want)
        entity.versions += 1
        label = version_label(
            version, entity.versions, fact.get("version_num"), want.kind
        )
        stat = fact.get("stat")
        size, digest = (stat.size, stat.digest) if stat is not None else (None, None)
        self._rows.append(
            (id, known.team_id, entity.id, version, entity.versions, label, size,
             digest, at)
        )  # fmt: skip
        known.nodes[want.kind, want.ident, version] = id
        if want.kind in CONTAINERS:
            states = known.states.setdefault(key, [])
            if states:
                self.revisions.append((states[-1].node_id, id, at))
            states.append(ContainerVersion(id, version, at))
            entity.latest_at = at
        if want.kind == "task":
            self.new_task_idents.add(want.ident)
        if want.kind in CONTAINERS or at >= entity.latest_at:
            entity.latest_id, entity.latest_at = id, at
        self._touch(want, entity)
        return id

    def _add_entity(self, want: VersionRef, fact: dict[str, Any]) -> ArtifactState:
        id = self._entity_ids.popleft()
        name = fact.get("name") or default_name(want.kind, want.ident)
        entity = ArtifactState(
            id, 0, None, 0.0, name, bool(fact.get("is_model")), is_new=True
        )
        self._known.entities[want.kind, want.ident] = entity
        return entity

    def _next_id(self, want: VersionRef) -> int:
        if want.version is not None and self._ids:
            return self._ids.popleft()
        return self._tx.next_numbers("nodes", 1)[0]

    def _see(self, want: VersionRef, node_id: int, at: float) -> None:
        entity = self._known.entities[want.kind, want.ident]
        if entity.latest_id != node_id and at >= entity.latest_at:
            entity.latest_id, entity.latest_at = node_id, at
            self._touch(want, entity)

    def _touch(self, want: VersionRef, entity: ArtifactState) -> None:
        self._touched[want.kind, want.ident] = entity


def _entity_row(team: int, key: tuple[str, str], e: ArtifactState) -> tuple[Any, ...]:
    return (
        team, *key, e.id, e.name, int(e.is_model), e.versions, e.latest_id, e.latest_at
    )  # fmt: skip


def revision_links(
    older: int, newer: int, at: float
) -> list[tuple[int, int, int, float]]:
    """Give the links of the activity that made a newer state of an older one."""
    activity = revision_id(newer)
    return [(activity, INPUT, older, at), (activity, OUTPUT, newer, at)]
