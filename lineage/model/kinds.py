"""The table of artifact kinds: everything in which one kind differs from another."""

from __future__ import annotations

from typing import Final, Literal

from ..records import record

Direction = Literal["input", "output"]
IdType = Literal["int", "path", "text"]

#: Least instance versions that accept an edge, as measured on the platform.
EDGE_VERSION: Final = "6.9.31"
JOB_VERSION: Final = "6.11.11"


@record(frozen=True, slots=True)
class ArtifactKind:
    """One kind of artifact, with all that code elsewhere would otherwise branch on."""

    name: str
    """The word users write: `uses_<name>`, `<name>:<id>` in selectors."""
    wire: str
    """The platform's `type` for an artifact of this kind without a version."""
    id_type: IdType
    """What it is identified by: a number, a path, or a text that is kept as written."""
    directions: tuple[Direction, ...]
    """The directions in which an edge may name it."""
    info_names: tuple[str, ...] = ()
    """Class names of Info objects that stand for it (ours and the SDK's)."""
    parameter_names: tuple[str, ...] = ()
    """Parameter names by which a `uses_` declaration without a source finds it."""
    min_version: str = EDGE_VERSION
    """Least instance version that accepts an edge of this kind."""
    wire_version: str | None = None
    """The platform's `type` for a pinned version of it."""
    wire_model: str | None = None
    """The platform's `type` when it holds model weights."""
    is_container: bool = False
    """Whether work in place adds to it (true) or replaces it (false)."""
    is_edited: bool = False
    """Whether work on it changes what is there, and never replaces it."""
    is_task: bool = False
    """Whether it names a task, which has a node of its own in the graph."""


_BOTH: Final[tuple[Direction, ...]] = ("input", "output")

KINDS: Final[dict[str, ArtifactKind]] = {
    row.name: row
    for row in (
        ArtifactKind(
            "project",
            wire="project",
            id_type="int",
            directions=_BOTH,
            info_names=("ProjectInfo",),
            parameter_names=("project", "project_id", "project_info"),
            wire_version="project_version",
            is_container=True,
            is_edited=True,
        ),
        ArtifactKind(
            "dataset",
            wire="dataset",
            id_type="int",
            directions=_BOTH,
            info_names=("DatasetInfo",),
            parameter_names=("dataset", "dataset_id", "dataset_info"),
            is_container=True,
            is_edited=True,
        ),
        ArtifactKind(
            "file",
            wire="file",
            id_type="int",
            directions=_BOTH,
            info_names=("FileInfo",),
            parameter_names=("file", "file_id", "file_info", "file_path"),
            wire_model="model_weight",
        ),
        ArtifactKind(
            "folder",
            wire="folder",
            id_type="path",
            directions=_BOTH,
            parameter_names=("folder", "folder_path", "directory"),
            is_container=True,
        ),
        # Tables of databases, as other tools name them; no declaration is for one.
        ArtifactKind("table", wire="table", id_type="text", directions=_BOTH),
        ArtifactKind(
            "job",
            wire="job",
            id_type="int",
            directions=_BOTH,
            info_names=("LabelingJobInfo",),
            parameter_names=("job", "job_id", "job_info"),
            min_version=JOB_VERSION,
            is_edited=True,
        ),
        ArtifactKind(
            "task",
            wire="task",
            id_type="int",
            directions=_BOTH,
            info_names=("SessionInfo",),
            parameter_names=("task", "task_id", "session"),
            is_task=True,
        ),
        ArtifactKind(
            "app",
            wire="app_session",
            id_type="int",
            directions=("output",),
            is_task=True,
        ),
    )
}

#: Kinds whose ids are names or addresses, and never paths of this machine.
TEXT_KINDS: Final = frozenset(
    row.name for row in KINDS.values() if row.id_type == "text"
)
#: Kinds as selectors and answers spell them: the table's names and, for files
#: that hold a model, `model_weight`.
DATA_KINDS: Final = (*KINDS, "model_weight")

_BY_WIRE: Final = {
    wire: (row.name, wire == row.wire_version, wire == row.wire_model)
    for row in KINDS.values()
    for wire in (row.wire, row.wire_version, row.wire_model)
    if wire is not None
}


def from_wire(wire_type: str) -> tuple[str, bool, bool]:
    """Translate a wire `type` into `(kind, is_version, is_model)`.

    Raises:
        KeyError: The platform has no such type; `WIRE_TYPES` lists those it has.
    """
    return _BY_WIRE[wire_type]


WIRE_TYPES: Final = tuple(_BY_WIRE)


def to_wire(kind: str, *, is_version: bool = False, is_model: bool = False) -> str:
    """Return the wire `type` of an artifact; a flag the kind lacks is ignored."""
    row = KINDS[kind]
    if is_version and row.wire_version is not None:
        return row.wire_version
    if is_model and row.wire_model is not None:
        return row.wire_model
    return row.wire
