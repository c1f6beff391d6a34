"""Rows of artifacts and of their nodes, as they are read and written."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, NamedTuple

from .artifact_identity import CONTAINERS, ordinal_label
from .columns import Columns
from .database import Transaction
from .evidence import Token, VersionEvidence
from .timeline import Event, Making, Timeline

NODE: Final = (
    "id", "team_id", "entity_id", "version", "ordinal", "label", "size", "digest",
    "created_at", "same_as", "is_made", "made_at", "evidence", "normalised", "pinned",
    "pinned_reason", "manifest", "first_edge", "card", "deleted_at", "task_id",
)  # fmt: skip
#: What a node has that is an artifact's first and of which one edge says all.
FIRST_NODE: Final = (
    "id", "team_id", "entity_id", "version", "ordinal", "label", "created_at",
    "same_as", "is_made", "made_at", "first_edge",
)  # fmt: skip
ENTITY: Final = (
    "team_id", "kind", "ident", "id", "name", "is_model", "machine", "versions",
    "latest_id", "latest_at", "is_observed", "made_id", "made_edge", "barrier_at",
    "unknown_id", "unknown_at",
)  # fmt: skip
#: Pieces of evidence that a node shows, at most.
MAX_SHOWN: Final = 16
#: What timelines change, and what descriptions do.
_STATE: Final = ENTITY[7:]
_DESCRIPTION: Final = ENTITY[4:7]


def barrier_of(event: Event) -> float:
    """Return the time before which no later event can be put in its place alone.

    A mention's is a moment later than a production's at the same time, so that both
    are distinguished: which came first is known by the names of the journals.
    """
    return event.at if event.role == "production" else just_after(event.at)


def just_after(at: float) -> float:
    """Return the next time that a number can hold."""
    return math.nextafter(at, math.inf)


@dataclass(slots=True)
class ArtifactState:
    """An artifact as it is while facts are taken in."""

    kind: str
    ident: str
    id: int
    name: str
    is_model: bool = False
    machine: str | None = None
    versions: int = 0
    latest_id: int | None = None
    latest_at: float | None = None
    is_observed: bool = False
    """Whether the current version was made or looked at, not only used."""
    made_id: int | None = None
    """The node of the last production."""
    made_edge: int | None = None
    barrier_at: float | None = None
    """Time of the last production or mention: later uses change nothing else."""
    unknown_id: int | None = None
    """The node of content that nobody made and nobody looked at."""
    unknown_at: float | None = None
    """When that was first used."""
    is_new: bool = False
    is_described: bool = False
    """Whether it was named, or known as a model, since it was written."""

    def row(self, team: int) -> tuple[Any, ...]:
        """Return the artifact's row, in the order of `ENTITY`."""
        return (
            team, self.kind, self.ident, self.id, self.name, int(self.is_model),
            self.machine, self.versions, self.latest_id, self.latest_at,
            int(self.is_observed), self.made_id, self.made_edge, self.barrier_at,
            self.unknown_id, self.unknown_at,
        )  # fmt: skip

    def begin(self, node: int, edge: int, at: float, *, is_made: bool) -> None:
        """Keep what one edge without evidence says of an artifact that is new."""
        self.versions, self.latest_id, self.latest_at = 1, node, at
        if is_made:
            self.is_observed, self.barrier_at = True, at
            self.made_id, self.made_edge = node, edge
        else:
            self.unknown_id, self.unknown_at = node, at

    def take_over(self, timeline: Timeline) -> None:
        """Keep what a timeline says of the artifact as a whole."""
        self.versions = timeline.count
        if timeline.current is not None:
            self.latest_id, self.latest_at = timeline.current.id, timeline.current_at
        self.is_observed = timeline.is_current_observed
        last = timeline.last
        if last is not None and last.making is not None and last.id:
            self.made_id, self.made_edge = last.making.id, last.id
        elif last is None:
            self.made_id = self.made_edge = None
        if timeline.unknown is not None and timeline.unknown.found is not None:
            self.unknown_id = timeline.unknown.found.id
            self.unknown_at = timeline.unknown.found.created_at


def load_artifacts(
    tx: Transaction, team: int, keys: Iterable[tuple[str, str]]
) -> list[ArtifactState]:
    """Read artifacts by kind and identity; what is not there is left out."""
    by_kind: dict[str, list[str]] = {}
    for kind, ident in keys:
        by_kind.setdefault(kind, []).append(ident)
    found = []
    for kind, idents in by_kind.items():
        found += tx.all(
            f"SELECT {_selected()} FROM each_text(:idents) AS x JOIN entities e"  # noqa: S608  names are constants of the code
            " ON e.team_id = :team AND e.kind = :kind AND e.ident = x.value",
            {"idents": idents, "team": team, "kind": kind},
        )
    return [_state(row) for row in found]


def load_artifacts_by_id(
    tx: Transaction, team: int, ids: Iterable[int]
) -> list[ArtifactState]:
    """Read artifacts by their ids."""
    rows = tx.all(
        f"SELECT {_selected()} FROM each_int(:ids) AS x JOIN entities e"  # noqa: S608  names are constants of the code
        " ON e.team_id = :team AND e.id = x.value",
        {"ids": list(ids), "team": team},
    )
    return [_state(row) for row in rows]


def write_artifacts(
    tx: Transaction, team: int, artifacts: Sequence[ArtifactState]
) -> None:
    """Write artifacts that are new or changed."""
    tx.insert_many("entities", ENTITY, [a.row(team) for a in artifacts if a.is_new])
    old = [a for a in artifacts if not a.is_new]
    described = [a for a in old if a.is_described]
    # Most change their state alone: names are in the index of texts, which looks at
    # each that is written.
    tx.run_many(_update(_STATE), [(*a.row(team)[7:], team, a.id) for a in old])
    tx.run_many(
        _update(_DESCRIPTION), [(*a.row(team)[4:7], team, a.id) for a in described]
    )
    for artifact in artifacts:
        artifact.is_new = artifact.is_described = False


def _update(columns: Sequence[str]) -> str:
    values = ", ".join(f"{name} = ?" for name in columns)
    return f"UPDATE entities SET {values} WHERE team_id = ? AND id = ?"  # noqa: S608  names are constants of the code


class VersionRow(NamedTuple):
    """What is known of one version, from all who used or made it."""

    text: str
    label: str | None
    size: int | None
    digest: str | None
    evidence: str | None
    normalised: str | None
    pinned: int | None
    pinned_reason: str | None
    manifest: str | None


def version_row(
    kind: str, ordinal: int, known: Sequence[VersionEvidence], *, is_unknown: bool
) -> VersionRow:
    """Combine what the events of one version know of it, in their order.

    Where they contradict each other, as one digest with two sizes, the first counts.
    """
    if not known:
        is_named = not is_unknown or kind in CONTAINERS
        label = ordinal_label(kind, ordinal) if is_named else None
        return VersionRow("", label, None, None, None, None, None, None, None)
    tokens = sorted({token for one in known for token in one.tokens})
    with_digest = next((one for one in known if one.digest is not None), None)
    size = with_digest.size if with_digest is not None else None
    if size is None:
        size = next((one.size for one in known if one.size is not None), None)
    pinned = next((one for one in reversed(known) if one.pinned is not None), None)
    digest = None if with_digest is None else with_digest.digest
    return VersionRow(
        text=tokens[0].text if tokens else "",
        label=_label(kind, ordinal, known, tokens, digest, is_unknown=is_unknown),
        size=size,
        digest=digest,
        evidence=_shown(tokens),
        normalised=next((one.normalised for one in known if one.normalised), None),
        pinned=None if pinned is None else int(bool(pinned.pinned)),
        pinned_reason=None if pinned is None else pinned.pinned_reason,
        manifest=next((one.manifest for one in known if one.manifest), None),
    )


def first_nodes(
    team: int, artifacts: Sequence[ArtifactState], edges: Sequence[int]
) -> Columns:
    """Return the rows of first nodes, in the order of `FIRST_NODE`.

    Args:
        team: The team.
        artifacts: Artifacts that have begun with one edge each.
        edges: The edges' ids.
    """
    nodes = [artifact.latest_id for artifact in artifacts]
    labels = [
        ordinal_label(artifact.kind, 1)
        if artifact.is_observed or artifact.kind in CONTAINERS
        else None
        for artifact in artifacts
    ]
    return Columns(
        len(nodes),
        (
            nodes, repeat(team), [artifact.id for artifact in artifacts], repeat(""),
            repeat(1), labels, [artifact.latest_at for artifact in artifacts], nodes,
            [int(artifact.is_observed) for artifact in artifacts],
            [artifact.barrier_at for artifact in artifacts], edges,
        ),
    )  # fmt: skip


def node_row(
    team: int, entity: int, making: Making, version: VersionRow, kept: Sequence[Any]
) -> tuple[Any, ...]:
    """Return the row of a node, in the order of `NODE`.

    Args:
        team: The team.
        entity: The artifact's id.
        making: What the node stands for.
        version: What is known of its version.
        kept: Its card, when it was deleted, and the task that it names.
    """
    first = making.version.first
    return (
        making.id, team, entity, version.text, making.version.ordinal, version.label,
        version.size, version.digest, making.created_at,
        making.id if first is None else first.id, int(making.is_made), making.made_at,
        version.evidence, version.normalised, version.pinned, version.pinned_reason,
        version.manifest, making.first_edge, *kept,
    )  # fmt: skip


def _label(
    kind: str,
    ordinal: int,
    known: Sequence[VersionEvidence],
    tokens: Sequence[Token],
    digest: str | None,
    *,
    is_unknown: bool,
) -> str | None:
    stated = next((one.stated for one in known if one.stated is not None), None)
    if stated is not None:
        return stated[:40]
    number = next((one.number for one in known if one.number is not None), None)
    if number is not None:
        return f"v{number}"
    if digest is not None:
        return digest[7:15]
    if tokens and tokens[0].rank == 0:
        return f"#{tokens[0].text[1:]}"
    if is_unknown and kind not in CONTAINERS:
        return None
    return ordinal_label(kind, ordinal)


def _shown(tokens: Sequence[Token]) -> str | None:
    if not tokens:
        return None
    pairs = [_pair(token.text) for token in tokens[:MAX_SHOWN]]
    return json.dumps(pairs)


def _pair(text: str) -> tuple[str, str]:
    kind, colon, value = text.partition(":")
    if colon:
        return kind, value
    return ("version-id" if text[:1] == "v" else "version-number"), text[1:]


def _selected() -> str:
    return ", ".join(f"e.{name}" for name in ENTITY[1:])


def _state(row: Sequence[Any]) -> ArtifactState:
    (
        kind, ident, id, name, is_model, machine, versions, latest_id, latest_at,
        is_observed, made_id, made_edge, barrier_at, unknown_id, unknown_at,
    ) = row  # fmt: skip
    return ArtifactState(
        kind, ident, id, name, bool(is_model), machine, versions, latest_id,
        latest_at, bool(is_observed), made_id, made_edge, barrier_at, unknown_id,
        unknown_at,
    )  # fmt: skip
