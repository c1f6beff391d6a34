"""Finds or makes the artifacts that edges name, and keeps their names."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

from .artifact_identity import ArtifactKey, artifact_key, default_name
from .artifact_rows import ArtifactState, load_artifacts
from .database import Transaction
from .fact_types import FactDict
from .search_index import entity_terms, write_terms
from .write_cache import TeamCache

#: Longest alias that is kept.
MAX_ALIAS: Final = 1024
#: Members of an edge that say more of its artifact than which one it is.
_MORE: Final = frozenset({"name", "is_model", "canonical", "aliases", "local_path"})
_LEGACY: Final = (
    "SELECT e.id, e.ident FROM each_text(:paths) AS x JOIN entities e"
    " ON e.team_id = :team AND e.kind = :kind AND e.ident = x.value"
    " WHERE e.is_legacy = 1"
)
_RENAME: Final = (
    "UPDATE entities SET ident = ?, machine = ?, is_legacy = 0"
    " WHERE team_id = ? AND id = ?"
)


class ArtifactDirectory:
    """Looks artifacts up by kind and identity, within one transaction.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
    """

    def __init__(self, tx: Transaction, known: TeamCache) -> None:
        self._tx = tx
        self._known = known
        self._ids: deque[int] = deque()
        self._aliases: dict[tuple[str, int], None] = {}
        self._names: list[Any] = []
        self.changed: dict[int, ArtifactState] = {}

    def load(self, keys: Iterable[ArtifactKey], facts: Sequence[FactDict]) -> None:
        """Look up, all at once, the artifacts of edges."""
        known = self._known.entities
        missing = {key for key in keys if key not in known}
        if not missing:
            return
        tx, team = self._tx, self._known.team_id
        for artifact in load_artifacts(tx, team, missing):
            known[artifact.kind, artifact.ident] = artifact
        missing = {key for key in missing if key not in known}
        if missing and self._known.has_legacy(tx):
            missing -= self._adopt(missing, facts)
        if missing:
            self._ids.extend(tx.next_numbers("entities", len(missing)))

    def take(
        self, keys: Sequence[ArtifactKey], facts: Sequence[FactDict]
    ) -> list[ArtifactState]:
        """Return the artifacts of edges, making those that are new.

        Names that the edges give, other spellings, and that it is a model, are kept.
        """
        known, taken = self._known.entities, []
        has_no_more = _MORE.isdisjoint
        for key, fact in zip(keys, facts, strict=True):
            artifact = known.get(key)
            if artifact is None:
                artifact = self._add(key, fact)
            if not has_no_more(fact):
                self._describe(artifact, fact)
            taken.append(artifact)
        return taken

    def find_or_add(self, key: ArtifactKey) -> ArtifactState:
        """Return an artifact, whether it was loaded or not."""
        self.load([key], ())
        return self._known.entities.get(key) or self._add(key, {})

    def _describe(self, artifact: ArtifactState, fact: FactDict) -> None:
        name = fact.get("name")
        if name and name != artifact.name:
            artifact.name, artifact.is_described = name, True
            self.changed[artifact.id] = artifact
            self._names += entity_terms(
                self._known.team_id, artifact.id, name, artifact.ident
            )
        if fact.get("is_model") and not artifact.is_model:
            artifact.is_model = artifact.is_described = True
            self.changed[artifact.id] = artifact
        for alias in _aliases(fact, artifact.ident):
            if alias != artifact.ident:
                self._aliases[alias, artifact.id] = None

    def write(self) -> None:
        """Write names and aliases; artifacts are written with their timelines."""
        team = self._known.team_id
        new = [row for row in self._aliases if row not in self._known.aliases]
        self._tx.insert_many(
            "aliases",
            ("team_id", "alias", "entity_id"),
            [(team, *row) for row in new],
            or_ignore=True,
        )
        self._known.aliases.update(new)
        write_terms(self._tx, self._names)

    def _add(self, key: ArtifactKey, fact: FactDict) -> ArtifactState:
        kind, ident = key
        artifact = ArtifactState(
            kind,
            ident,
            self._ids.popleft(),
            fact.get("name") or default_name(kind, ident),
            is_model=bool(fact.get("is_model")),
            machine=fact.get("machine"),
            is_new=True,
        )
        self._known.entities[key] = artifact
        self.changed[artifact.id] = artifact
        return artifact

    def _adopt(
        self, missing: Iterable[ArtifactKey], facts: Sequence[FactDict]
    ) -> set[ArtifactKey]:
        """Rename artifacts from before there were canonical names."""
        wanted = set(missing)
        by_path: dict[ArtifactKey, tuple[ArtifactKey, str | None]] = {}
        for fact in facts:
            path, key = fact.get("local_path"), artifact_key(fact)
            if path is not None and key in wanted:
                by_path.setdefault((key[0], path), (key, fact.get("machine")))
        tx, team = self._tx, self._known.team_id
        adopted: set[ArtifactKey] = set()
        for kind in {key[0] for key in by_path}:
            paths = [path for known, path in by_path if known == kind]
            for id, path in tx.all(
                _LEGACY, {"paths": paths, "team": team, "kind": kind}
            ):
                key, machine = by_path[kind, path]
                if key not in adopted:
                    tx.run(_RENAME, (key[1], machine, team, id))
                    self._known.entities.pop((kind, path), None)
                    self._aliases[path, id] = None
                    adopted.add(key)
        for artifact in load_artifacts(tx, team, adopted):
            self._known.entities[artifact.kind, artifact.ident] = artifact
        return adopted


def _aliases(fact: FactDict, ident: str) -> list[str]:
    """Return the other spellings by which an edge's artifact can be looked up."""
    if "canonical" not in fact and "aliases" not in fact and "local_path" not in fact:
        return []
    own_name, local = str(fact["id"]), fact.get("local_path")
    if own_name == ident and local in (None, ident) and not fact.get("aliases"):
        return []
    names = [own_name, *(fact.get("aliases") or ())]
    if local is not None:
        names.append(local)
    return [name for name in dict.fromkeys(names) if len(name) <= MAX_ALIAS]
