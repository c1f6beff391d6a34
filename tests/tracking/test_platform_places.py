"""What Info objects say of the place of a platform object."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import pytest

import lineage
from lineage import FileInfo
from lineage.testing import Recorded

Dataset = namedtuple("DatasetInfo", "id name project_id")


def _file(id: int, path: str | None) -> FileInfo:
    return FileInfo(**{**dict.fromkeys(FileInfo._fields), "id": id, "path": path})


@pytest.mark.parametrize(
    "dataset",
    [
        Dataset(70, "val", 7),
        {"id": 70, "name": "val", "project_id": 7},
        {"id": 70, "name": "val", "projectId": 7},
    ],
)
def test_a_dataset_names_its_project(recorded: Recorded, dataset: Any) -> None:
    """Whichever form the app has it in; the id stays what it is."""
    with lineage.task(name="t") as task:
        task.uses_dataset(dataset)
    (edge,) = recorded.edges
    assert (edge["id"], edge["aliases"]) == (70, ["project:7/dataset:70"])


@pytest.mark.parametrize("project", [None, 0, True, "7", 2**63])
def test_what_is_no_project_is_left_out(recorded: Recorded, project: Any) -> None:
    """The dataset is recorded all the same."""
    with lineage.task(name="t") as task:
        task.produces_dataset(Dataset(70, "val", project))
    assert "aliases" not in recorded.edges[0]


def test_a_file_of_the_platform_is_known_by_its_path(recorded: Recorded) -> None:
    """So it lies in the folder around it, and is the one that others name by path."""
    with lineage.task(name="t") as task:
        task.uses_file(_file(5, "/models/best.pt"))
    (edge,) = recorded.edges
    assert (edge["id"], edge["canonical"]) == (5, "/models/best.pt")


@pytest.mark.parametrize("path", [None, "", "/", "best.pt", "/a\0b", "/" + "x" * 5000])
def test_what_is_no_path_there_is_left_out(
    recorded: Recorded, path: str | None
) -> None:
    """The file is known by its id."""
    with lineage.task(name="t") as task:
        task.uses_file(_file(5, path))
    (edge,) = recorded.edges
    assert edge["id"] == 5
    assert "canonical" not in edge


def test_a_secret_in_the_path_is_masked(recorded: Recorded) -> None:
    """And two such paths stay different."""
    with lineage.task(name="t") as task:
        for number in (1, 2):
            task.uses_file(_file(number, f"/a/ghp_{str(number) * 36}/x"))
    names = [edge["canonical"] for edge in recorded.edges]
    assert "ghp_" not in "".join(names)
    assert len(set(names)) == 2
    assert all(name.startswith("/a/") for name in names)
