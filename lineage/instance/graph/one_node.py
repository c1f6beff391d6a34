"""Chooses the one node that a name means, and refuses a name of several."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Final

from ...errors import NotFoundError, SelectorError
from ...model.graph import Node
from .nodes import nodes_of
from .query_session import find
from .team_graph import NodeRef, TeamGraph

#: Artifacts, or runs, that a refusal names.
MAX_LISTED: Final = 5


def one_node(views: Sequence[TeamGraph], text: str) -> tuple[TeamGraph, NodeRef]:
    """Return the run that a selector means, or the current version of the artifact.

    Args:
        views: The teams; the first in which it means something counts.
        text: What somebody wrote.

    Raises:
        SelectorError: It cannot be read, or means several runs or artifacts.
        NotFoundError: It means nothing.
    """
    view, refs = find(views, text)[0]
    nodes = nodes_of(view, refs)
    if len({_identity(node) for node in nodes.values()}) > 1:
        raise SelectorError(_several(view, text, nodes), subject=text)
    return view, max(nodes, key=lambda ref: (_age(nodes[ref]), ref))


def version_of(views: Sequence[TeamGraph], text: str) -> tuple[TeamGraph, int]:
    """Return the one version that a selector means, as `one_node` does.

    Raises:
        SelectorError: It cannot be read, or means several artifacts.
        NotFoundError: It means nothing, or a run.
    """
    view, ref = one_node(views, text)
    if ref < 0:
        raise NotFoundError(f"{text!r} is a run, and no artifact", subject=text)
    return view, ref


def _identity(node: Node) -> tuple[str, str, int | str]:
    return node.type, node.kind, node.id


def _age(node: Node) -> tuple[bool, float]:
    """Return what orders the versions of an artifact: the current one is the last."""
    return bool(node.is_current), node.started_at or node.created_at or 0.0


def _several(view: TeamGraph, text: str, nodes: dict[NodeRef, Node]) -> str:
    """Name what a text means, with what distinguishes them: path, time and task."""
    latest: dict[tuple[str, str, int | str], NodeRef] = {}
    for ref in sorted(nodes, key=lambda ref: (_age(nodes[ref]), ref)):
        latest[_identity(nodes[ref])] = ref
    chosen = sorted(latest.values(), key=lambda r: (_age(nodes[r]), r), reverse=True)
    are_runs = all(ref < 0 for ref in chosen)
    noun = "runs" if are_runs else "nodes" if chosen[0] < 0 else "artifacts"
    hint = f", or as {text}@last" if are_runs else ""
    shown = "; ".join(_shown(view, ref, nodes[ref]) for ref in chosen[:MAX_LISTED])
    rest = len(chosen) - MAX_LISTED
    more = f"; and {rest} more" if rest > 0 else ""
    return (
        f"{text!r} means {len(chosen)} {noun}; name one by its key{hint}: {shown}{more}"
    )


def _shown(view: TeamGraph, ref: NodeRef, node: Node) -> str:
    at = node.started_at or node.created_at
    when = (
        f"{datetime.fromtimestamp(at, timezone.utc):%Y-%m-%d %H:%M} UTC" if at else ""
    )
    if ref < 0:
        parts = [node.name, when if at else ""]
    else:
        makers = view.links.makers([ref]).get(ref, ())
        made_by = nodes_of(view, [-makers[-1] - 1]) if makers else {}
        maker = "".join(f"made by {task.key}" for task in made_by.values())
        parts = [node.label or node.name, str(node.id), when if at else "", maker]
    return f"{node.key} ({', '.join(filter(None, parts))})"
