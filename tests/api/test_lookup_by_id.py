"""Projects, datasets and files: found by name, made, and given free names."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from api_recorder import Recorder, page

from lineage.api import Api
from lineage.api.dataset import DatasetApi
from lineage.api.file import FileApi
from lineage.api.project import ProjectApi
from lineage.instance.embedded import EmbeddedInstance

SORT = {"sort": "id", "sort_order": "asc"}
PROJECT = """
create(workspace_id, name, type='images', description='', change_name_if_conflict=False, readme=None, settings=None, custom_data=None, read_only=None)
get_or_create(workspace_id, name, type='images', description='')
get_info_by_name(parent_id, name, expected_type=None, raise_error=False)
get_info_by_id(id, expected_type=None, raise_error=False, extra_fields=None)
exists(parent_id, name)
get_free_name(parent_id, name)
"""  # noqa: E501  one method on each line
DATASET = """
create(project_id, name, description='', change_name_if_conflict=False, parent_id=None, custom_data=None)
get_or_create(project_id, name, description='', parent_id=None)
get_info_by_name(project_id, name, fields=None, parent_id=None)
get_list(project_id, filters=None, recursive=False, parent_id=None, include_custom_data=False)
exists(project_id, name, parent_id=None)
get_free_name(parent_id, name)
"""  # noqa: E501  one method on each line
FILE = """
exists(team_id, remote_path, recursive=True)
dir_exists(team_id, remote_directory, recursive=True)
get_free_name(team_id, path)
"""


def names(name: str) -> list[dict[str, Any]]:
    return [{"field": "name", "operator": "=", "value": name}]


@pytest.mark.parametrize(
    ("owner", "text"), [(ProjectApi, PROJECT), (DatasetApi, DATASET), (FileApi, FILE)]
)
def test_signatures_are_the_platforms(owner: Any, text: str) -> None:
    """Names, order and defaults of the arguments are the SDK's."""
    for line in text.strip().splitlines():
        name = line.partition("(")[0]
        shown = ", ".join(
            p.name if p.default is p.empty else f"{p.name}={p.default!r}"
            for p in inspect.signature(getattr(owner, name)).parameters.values()
            if p.name != "self"
        )
        assert f"{name}({shown})" == line


def test_a_project_is_found_by_its_name(server: Recorder, api: Api) -> None:
    """By name in a workspace; several of one name are an error."""
    server.on("projects.list", page({"id": 2, "type": "images"}), page(),
              page({"id": 1}, {"id": 2}))  # fmt: skip
    assert api.project.get_info_by_name(3, "P", "videos").id == 2
    sent = server.last("projects.list")
    assert (sent["workspaceId"], sent["filter"]) == (3, names("P"))
    assert {"id", "title", "embeddingsInProgress"} <= set(sent["fields"])
    assert not api.project.exists(3, "P")
    with pytest.raises(RuntimeError, match="2 have the name"):
        api.project.exists(3, "P")


def test_a_project_is_made(server: Recorder, api: Api) -> None:
    """What is left out is not sent; the caller's settings stay as they are."""
    server.on("projects.add", {"id": 8, "imagesCount": 0})
    made = api.project.create(3, "P")
    assert (made.id, made.items_count) == (8, 0)
    base = {"name": "P", "workspaceId": 3, "description": ""}
    assert server.last("projects.add") == {**base, "type": "images"}
    settings = {"advancedSettings": {"a": 1}}
    more = {"readme": "r", "settings": settings, "custom_data": {}, "read_only": True}
    api.project.create(3, "P", "videos", "", **more)
    assert server.last("projects.add") == {
        **base, "type": "videos", "readme": "r", "customData": {},
        "settings": {"advancedSettings": {"a": 1, "isReadOnlyProject": True}},
    }  # fmt: skip
    assert settings == {"advancedSettings": {"a": 1}}
    api.project.create(3, "P", "volumes", read_only=True)
    assert "settings" not in server.last("projects.add")


def test_free_names_count_up(server: Recorder, api: Api) -> None:
    """A name that is taken gets the first free number."""
    server.on("projects.list", page({"id": 1}), page({"id": 2}), page())
    server.on("datasets.list", page({"id": 1}), page(), page({"id": 1}), page())
    api.project.create(3, "P", change_name_if_conflict=True)
    assert server.last("projects.add")["name"] == "P_002"
    api.dataset.create(2, "D", change_name_if_conflict=True, parent_id=7)
    assert server.last("datasets.add")["name"] == "D_001"
    assert api.dataset.get_free_name(2, "D") == "D_001"
    server.on("file-storage.list", [{"path": "/b.txt"}], [{"path": "/b_000.txt"}], [])
    assert api.file.get_free_name(9, "/b.txt") == "/b_001.txt"


def test_a_dataset_is_found_by_its_name_and_made(server: Recorder, api: Api) -> None:
    """Within a project, or within a dataset of it."""
    server.on("datasets.list", page({"id": 6}), page())
    found = api.dataset.get_or_create(2, "D", parent_id=7)
    inner = {"field": "parentId", "operator": "=", "value": 7}
    assert server.last("datasets.list") == {
        "projectId": 2, "filter": [*names("D"), inner], "recursive": True, **SORT,
    }  # fmt: skip
    server.on("datasets.add", {"id": 9})
    assert (found.id, api.dataset.get_or_create(2, "E").id) == (6, 9)
    body = {"projectId": 2, "name": "E", "description": "", "parentId": None}
    assert server.last("datasets.add") == body
    api.dataset.create(2, "E", custom_data={"a": 1})
    assert server.last("datasets.add") == {**body, "customData": {"a": 1}}
    api.dataset.get_list(2, include_custom_data=True)
    assert server.last("datasets.list")["extraFields"] == ["customData"]


def test_a_folder_is_there_when_something_is_in_it(server: Recorder, api: Api) -> None:
    """The platform has no folders without files."""
    server.on("file-storage.list", [{"path": "/a/b"}], [])
    assert api.file.dir_exists(9, "/a")
    assert not api.file.dir_exists(9, "/a", recursive=False)
    assert server.last("file-storage.list")["path"] == "/a/"


def test_our_instance_makes_them_too(tmp_path: Path) -> None:
    """`create` and the look-ups by name work on an instance of ours."""
    instance = EmbeddedInstance(tmp_path / "home")
    api = Api(instance.address, adapters={instance.address: instance.adapter})
    project = api.project.get_or_create(1, "P")
    assert api.project.get_or_create(1, "P").id == project.id
    other = api.project.create(1, "P", change_name_if_conflict=True, readme="r",
                               custom_data={"a": 1})  # fmt: skip
    assert (other.name, other.readme, other.custom_data) == ("P_001", "r", {"a": 1})
    dataset = api.dataset.create(project.id, "D", custom_data={"b": 2})
    inner = api.dataset.create(project.id, "D", parent_id=dataset.id)
    assert api.dataset.get_info_by_name(project.id, "D", None, dataset.id) == inner
    assert api.dataset.get_info_by_id(dataset.id).custom_data == {"b": 2}
    api.close()
    instance.close()
