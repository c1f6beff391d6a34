"""References: an artifact named by kind and id, as users write and code passes it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from .kinds import KINDS


@dataclass(frozen=True, slots=True)
class Ref:
    """An artifact that a task used or produced.

    Made by `project`, `dataset`, `file`, `folder`, `job` and `task`; `str()`
    gives the form that selectors read back.
    """

    kind: str
    """A name of `model.kinds.KINDS`."""
    id: int | str
    """The platform's id, or a path or URI."""
    version_id: int | None = None
    """The id of a pinned version (projects)."""
    version_num: int | None = None
    """The number of a pinned version (projects); resolved when sent."""
    is_model: bool = False
    """Whether the file holds model weights."""
    name: str | None = None
    """A display name, where known."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no kind {self.kind!r}; kinds are {', '.join(KINDS)}")

    def __str__(self) -> str:
        kind = "model_weight" if self.is_model else self.kind
        pinned = self.version_num if self.version_num is not None else self.version_id
        return f"{kind}:{self.id}" + (f"@{pinned}" if pinned is not None else "")

    def named(self, name: str) -> Ref:
        """Return the same reference with a display name."""
        return replace(self, name=name)


def project(
    id: int, *, version_id: int | None = None, version_num: int | None = None
) -> Ref:
    """Refer to a project, or to one of its versions."""
    return Ref("project", id, version_id=version_id, version_num=version_num)


def dataset(id: int) -> Ref:
    """Refer to a dataset."""
    return Ref("dataset", id)


def file(id: int | str | os.PathLike[str], *, model_weight: bool = False) -> Ref:
    """Refer to a file by its id, its path or a URI."""
    return Ref("file", _id_or_path(id), is_model=model_weight)


def folder(path: str | os.PathLike[str]) -> Ref:
    """Refer to a folder by its path."""
    return Ref("folder", os.fspath(path))


def job(id: int) -> Ref:
    """Refer to a labeling job."""
    return Ref("job", id)


def task(id: int) -> Ref:
    """Refer to a task (an app run)."""
    return Ref("task", id)


def _id_or_path(value: Any) -> int | str:
    return value if isinstance(value, (int, str)) else os.fspath(value)
