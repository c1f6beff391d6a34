"""Compares what two tasks used, produced and ran with."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final, Literal

from ...model.comparisons import DiffItem, FieldDiff, FileDiff
from ...model.environment import WEAK
from ...records import record
from .nodes import data_nodes
from .task_params import MAX_VALUES, task_environment, task_metrics, task_params
from .team_graph import TeamGraph

#: Files of one folder that are listed, at most.
MAX_FILES: Final = 1000
#: Kinds whose content can differ while their name stays.
_WITH_CONTENT: Final = frozenset({"file", "folder", "dataset", "project"})

_CONTENT: Final = (
    "SELECT n.id, n.entity_id, n.same_as, n.is_made, n.digest, n.evidence,"
    " n.normalised, n.manifest, k.kind FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
    " JOIN entities k ON k.team_id = :team AND k.id = n.entity_id"
)
_EDGES: Final = (
    "SELECT DISTINCT e.node_id, e.direction FROM edges e"
    " WHERE e.team_id = :team AND e.task_id = :task"
)
_MANIFESTS: Final = (
    "SELECT m.digest, m.entries FROM each_text(:digests) AS x"
    " JOIN manifests m ON m.team_id = :team AND m.digest = x.value"
)
Change = Literal["same", "added", "removed", "version", "unknown"]


@record(frozen=True, slots=True)
class Content:
    """What is known about the content of a node."""

    node: int
    artifact: int
    version: int
    is_made: bool
    has_evidence: bool
    normalised: str | None
    manifest: str | None
    kind: str


def contents(view: TeamGraph, nodes: Collection[int]) -> dict[int, Content]:
    """Return what is known about the content of nodes."""
    return {
        id: Content(
            id, entity, same or id, bool(made), bool(digest or evidence), normal,
            manifest, kind,
        )
        for id, entity, same, made, digest, evidence, normal, manifest, kind
        in view.rows(_CONTENT, ids=list(nodes))
    }  # fmt: skip


def change_of(a: Content | None, b: Content | None) -> Change:
    """Return how two nodes of one artifact differ; same only where that is known."""
    if a is None:
        return "added"
    if b is None:
        return "removed"
    if a.kind not in _WITH_CONTENT or a.node == b.node:
        is_known = a.is_made or a.has_evidence or a.kind not in _WITH_CONTENT
        return "same" if is_known else "unknown"
    if a.version == b.version:
        return "same" if a.has_evidence or a.is_made else "unknown"
    if a.normalised is not None and a.normalised == b.normalised:
        return "same"
    return "version" if a.has_evidence and b.has_evidence else "unknown"


def compare_edges(view: TeamGraph, task_a: int, task_b: int) -> list[DiffItem]:
    """Compare what two tasks used and produced, artifact by artifact."""
    a, b = _edges(view, task_a), _edges(view, task_b)
    nodes = {node for side in (a, b) for part in side.values() for node in part}
    known = contents(view, nodes)
    cards = data_nodes(view, nodes)
    manifests = read_manifests(view, known.values())
    items = []
    for direction in (0, 1):
        ours, theirs = (_by_artifact(side[direction], known) for side in (a, b))
        for artifact in sorted(ours.keys() | theirs.keys()):
            for x, y in _pairs(ours.get(artifact, []), theirs.get(artifact, [])):
                change = change_of(x, y)
                if task_a == task_b:
                    change = "same"
                items.append(
                    DiffItem(
                        direction="output" if direction else "input",
                        change=change,
                        a=None if x is None else cards[x.node],
                        b=None if y is None else cards[y.node],
                        files=compare_files(x, y, manifests),
                    )
                )
    return items


def _edges(view: TeamGraph, task: int) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for node, direction in view.rows(_EDGES, task=task):
        found[direction].append(node)
    return found


def _by_artifact(
    nodes: Collection[int], known: Mapping[int, Content]
) -> dict[int, list[Content]]:
    found: dict[int, list[Content]] = defaultdict(list)
    for node in sorted(nodes):
        found[known[node].artifact].append(known[node])
    return found


def _pairs(
    a: list[Content], b: list[Content]
) -> list[tuple[Content | None, Content | None]]:
    """Pair the versions of one artifact: equal ones first, the rest in order."""
    both = {x.version for x in a} & {y.version for y in b}
    pairs: list[tuple[Content | None, Content | None]] = [
        (x, next(y for y in b if y.version == x.version))
        for x in a
        if x.version in both
    ]
    only_a = [x for x in a if x.version not in both]
    only_b = [y for y in b if y.version not in both]
    rest: Iterator[tuple[Content | None, Content | None]] = zip_longest(only_a, only_b)
    return [*pairs, *rest]


def read_manifests(
    view: TeamGraph, known: Collection[Content]
) -> dict[str, dict[str, Any]]:
    """Return the files of folders by the digest of their manifest."""
    digests = {content.manifest for content in known if content.manifest}
    rows = view.rows(_MANIFESTS, digests=list(digests)) if digests else []
    return {
        digest: {name: tuple(rest) for name, *rest in json.loads(entries)}
        for digest, entries in rows
    }


def compare_files(
    a: Content | None, b: Content | None, manifests: Mapping[str, dict[str, Any]]
) -> list[FileDiff]:
    """Return the files that differ between two versions of a folder."""
    if a is None or b is None or a.manifest == b.manifest:
        return []
    ours = manifests.get(a.manifest or "")
    theirs = manifests.get(b.manifest or "")
    if ours is None or theirs is None:
        return []
    changes: list[FileDiff] = []
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours:
            changes.append(FileDiff(name=name, change="added"))
        elif name not in theirs:
            changes.append(FileDiff(name=name, change="removed"))
        elif has_changed(ours[name], theirs[name]):
            changes.append(FileDiff(name=name, change="changed"))
    return changes[:MAX_FILES]


def has_changed(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Compare size and digest of a file; without a digest, the time of change."""
    if a[0] != b[0]:
        return True
    if a[1] is not None and b[1] is not None:
        return bool(a[1] != b[1])
    return a[2:] != b[2:]


def compare_values(
    a: Mapping[str, Any], b: Mapping[str, Any], *, known_on_both: bool = False
) -> list[FieldDiff]:
    """Return the names whose values differ.

    Args:
        a: Values of the one task.
        b: Values of the other.
        known_on_both: Where one of them recorded none at all, nothing is known.
    """
    if known_on_both and not (a and b):
        return []
    return [
        FieldDiff(field=name, a=a.get(name), b=b.get(name))
        for name in sorted(a.keys() | b.keys())
        if a.get(name) != b.get(name)
    ]


def compare_params(
    view: TeamGraph,
    a: int,
    b: int,
    *,
    steps: Mapping[int, Collection[int] | None] | None = None,
) -> list[FieldDiff]:
    """Return the parameters in which two tasks, or some of their steps, differ."""
    found = task_params(view, {a, b}, MAX_VALUES, steps=steps)
    return compare_values(found.get(a, {}), found.get(b, {}))


def compare_metrics(view: TeamGraph, a: int, b: int) -> list[FieldDiff]:
    """Return the metrics in which two tasks differ."""
    return compare_values(task_metrics(view, a), task_metrics(view, b))


def compare_environment(view: TeamGraph, a: int, b: int) -> list[FieldDiff]:
    """Compare the environments of two tasks by member: `package:numpy` 2.1 and 2.2.

    Members that seldom explain a difference, such as the host, come last.
    """
    (digest_a, one), (digest_b, other) = (
        task_environment(view, task) for task in (a, b)
    )
    if digest_a == digest_b:
        return []
    diffs = compare_values(one, other, known_on_both=True)
    return sorted(diffs, key=lambda diff: diff.field in WEAK)
