"""Names of platform objects that say what they are parts of."""

from __future__ import annotations

from typing import Final

#: What the name of a project begins with, and so those of its datasets.
PROJECT: Final = "project:"


def dataset_place(project: int | str, dataset: int | str) -> str:
    """Name a dataset by its project: `project:7/dataset:70`."""
    return f"{PROJECT}{project}/dataset:{dataset}"
