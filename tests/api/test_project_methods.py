"""Methods of projects, datasets, folders and labeling jobs that public apps call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_recorder import Recorder, Reply, page

from lineage.api import Api
from lineage.errors import LineageError

TREE = [
    {"id": 1, "name": "a"},
    {"id": 2, "name": "b", "parentId": 1},
    {"id": 3, "name": "c", "parentId": 2},
    {"id": 4, "name": "d"},
]


def test_datasets_are_a_tree(server: Recorder, api: Api) -> None:
    """Each dataset holds those inside it; `get_nested` lists all levels."""
    server.on("datasets.list", page(*TREE))
    tree = api.dataset.get_tree(9)
    assert [one.name for one in tree] == ["a", "d"]
    assert [one.id for one in api.dataset.get_nested(9, 1)] == [2, 3]
    assert api.dataset.get_nested(9, 4) == []
    assert server.last("datasets.list")["recursive"] is True


@pytest.mark.parametrize(
    ("taken", "free"),
    [(0, "/m"), (1, "/m_000"), (2, "/m_001"), (3, "/m_002"), (7, "/m_006")],
)
def test_a_free_folder_has_the_next_number(
    server: Recorder, api: Api, taken: int, free: str
) -> None:
    """The name is that of the platform's SDK, found by halving."""
    paths = ["/m/", *(f"/m_{number:03d}/" for number in range(taken - 1))][:taken]
    server.on("file-storage.list", lambda r: [1] if r.json["path"] in paths else [])
    assert api.file.get_free_dir_name(5, "/m/") == free


@pytest.mark.parametrize(
    ("options", "target"),
    [
        ({}, "/m_000"),
        ({"change_name_if_conflict": False, "replace_if_conflict": True}, "/m"),
        ({"change_name_if_conflict": False}, None),
    ],
)
def test_a_folder_that_is_taken(
    server: Recorder, api: Api, tmp_path: Path, options: Any, target: str | None
) -> None:
    """A conflict changes the name, replaces files, or is an error, as is chosen."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("a")
    server.on("file-storage.list", lambda r: [1] if r.json["path"] in ("/m", "/m/")
              else [])  # fmt: skip
    server.on("file-storage.bulk.upload", [{"id": 1, "path": "/x", "meta": {}}])
    if target is None:
        with pytest.raises(FileExistsError):
            api.file.upload_directory(5, str(tmp_path), "m", **options)
        return
    assert api.file.upload_directory(5, str(tmp_path), "m", **options) == target
    (upload,) = [r for r in server.requests if r.path == "file-storage.bulk.upload"]
    assert f"{target}/in/".encode() in upload.body


def test_jobs_are_read_with_their_names(server: Recorder, api: Api) -> None:
    """Classes and tags are named either way; tags are split by what they mean."""
    tags = [{"name": "good", "positive": True}, {"title": "bad", "positive": False}]
    meta = {"classes": [{"title": "cat"}], "imageTags": tags, "range": {"start": 3}}
    server.on("jobs.info", {"id": 12, "name": "J", "createdBy": 4, "meta": meta})
    job = api.labeling_job.get_info_by_id(12)
    assert job is not None
    assert (job.created_by_id, job.classes_to_label) == (4, ["cat"])
    assert (job.include_images_with_tags, job.exclude_images_with_tags) == (
        ["good"],
        ["bad"],
    )
    assert job.images_range == (3, None)
    server.on("jobs.info", Reply(404))
    assert api.labeling_job.get_info_by_id(13) is None


def test_the_attempts_of_a_client_can_be_read_and_set(
    server: Recorder, api: Api
) -> None:
    """`retry_count` is what apps change around calls that may fail."""
    server.on("projects.stats", Reply(503))
    api.retry_count = 2
    with pytest.raises(LineageError):
        api.project.get_stats(1)
    assert api.retry_count == len(server.sent("projects.stats")) == 2


def test_a_version_is_read_by_id_and_by_number(server: Recorder, api: Api) -> None:
    """One filter each; None when the project has no such version."""
    server.on("projects.versions.list", page({"id": 900, "version": 4}), page())
    found = api.project.version.get_info_by_number(2, 4)
    assert found is not None
    assert found.id == 900
    assert api.project.version.get_info_by_id(2, 1) is None
    assert server.last("projects.versions.list")["filter"] == [
        {"field": "id", "operator": "=", "value": 1}
    ]


def test_a_version_is_not_made_without_its_content(
    server: Recorder, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the platform without the SDK, a changed project's reservation is given up."""
    monkeypatch.setitem(__import__("sys").modules, "supervisely", None)
    server.on("instance.version", {"version": "6.18.3"})
    server.on("projects.versions.reserve", {"id": 5, "commitToken": "c"})
    server.on("projects.versions.cancel-reservation", {"success": True})
    assert api.project.version.create(2, "t") is None
    assert server.last("projects.versions.cancel-reservation") == {
        "id": 5,
        "commitToken": "c",
    }
    assert "projects.versions.commit" not in server.methods
    with pytest.raises(LineageError, match="pip install supervisely"):
        api.project.version.restore(2, 5)


def test_nothing_to_edit_is_refused(server: Recorder, api: Api) -> None:
    """A call that changes nothing, or the type as it cannot be, is not sent."""
    server.on("projects.info", {"id": 2, "type": "images"})
    with pytest.raises(ValueError, match="give one of"):
        api.project.edit_info(2)
    with pytest.raises(ValueError, match="only point_clouds"):
        api.project.edit_info(2, project_type="videos")
    assert "projects.editInfo" not in server.methods


def test_many_are_removed_fifty_at_a_time(server: Recorder, api: Api) -> None:
    """A batch outside 1 to 50 is moved to the nearest bound; each is counted."""
    server.on("projects.remove.permanently", {"success": True})
    server.on("datasets.remove.permanently", {"success": True})
    counts: list[int] = []
    answers = api.project.remove_permanently(list(range(51)), 99, counts.append)
    assert (counts, len(answers)) == ([50, 1], 2)
    assert server.last("projects.remove.permanently")["projects"] == [{"id": 50}]
    assert len(api.dataset.remove_permanently([1, 2], batch_size=0)) == 2
    assert server.last("datasets.remove.permanently") == {"datasets": [{"id": 2}]}
