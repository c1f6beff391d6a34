"""The edge of one artifact: its identity masked, located, and its file looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from .context import StepContext
from .file_stat import absolute, file_members, local_path, place_members
from .json_text import kind_of, quote, shorten
from .output_looks import Place

if TYPE_CHECKING:
    from .recorder import Recorder

_MAX_NAME_LENGTH: Final = 1024


class Artifact(Protocol):
    """What an edge must know of an artifact."""

    kind: str
    id: Any
    name: str | None


class Edge(Protocol):
    """Where an edge belongs, and what it says beside its artifact."""

    scope: StepContext
    texts: list[str]
    derived: str
    is_early: bool


def append_artifact(
    recorder: Recorder,
    edge: Edge,
    artifact: Artifact,
    prefix: str,
    members: str,
    *,
    is_input: bool,
) -> None:
    """Add the texts of an artifact's edge.

    Args:
        recorder: The recorder of the edge's task.
        edge: Where it belongs.
        artifact: What was used or produced.
        prefix: The members for direction and kind.
        members: More members, part of what makes it the same fact.
        is_input: Whether it is an input.
    """
    identity: int | str = artifact.id
    scope, trailing = edge.scope, ""
    if artifact.name is not None:
        name = recorder.mask(shorten(artifact.name, _MAX_NAME_LENGTH))
        trailing = f',"name":{quote(name)}'
    if isinstance(identity, str):
        text, identity = identity, recorder.mask(identity)
        path, is_folder = local_path(text), artifact.kind == "folder"
        key = recorder.settings.mask_key or ""
        place = place_members(text, identity, path, key, is_folder=is_folder)
        members += place
        if edge.is_early and not is_input:
            ids = (text, identity)
            _declare_early(recorder, edge, prefix, ids, (members, trailing, place))
            return
        if artifact.kind == "file":
            members += file_members(path, 0 if is_input else scope.at)
    recorder.append_edge(
        edge.texts, scope, prefix, identity, is_input, members, trailing, edge.derived
    )


def _declare_early(
    recorder: Recorder,
    edge: Edge,
    prefix: str,
    ids: tuple[str, str],
    details: tuple[str, str, str],
) -> None:
    """Record an output that the lines after its declaration may write."""
    scope, derived = edge.scope, edge.derived
    text, identity = ids
    members, trailing, place = details

    def append(texts: list[str], state: str) -> bool:
        return recorder.append_edge(
            texts, scope, prefix, identity, False, members + state, trailing, derived
        )

    kind, path = kind_of(prefix), local_path(text)
    output = Place(
        kind,
        None if path is None else absolute(path),
        f"{prefix}{text}{members}",
        f',"kind":"{kind}","id":{quote(identity)}{place}',
    )
    edge.texts += recorder.declare_output(scope, output, append)
