"""Infos: the fields, their order, their names in JSON, and what is tolerated."""

from __future__ import annotations

import copy
from enum import Enum
from typing import Any

import pytest

from lineage.model.enums import PluginTaskType, RestartPolicy, Status
from lineage.model.kubernetes import KubernetesSettings
from lineage.model.module import TARGETS, ModuleInfo
from lineage.model.platform_types import (
    AppInfo,
    DatasetInfo,
    FileInfo,
    ProjectInfo,
    SessionInfo,
    VersionInfo,
)

ORDER = {
    AppInfo: "id createdBy moduleId disabled userLogin config name slug isShared tasks "
    "repo teamId",
    ProjectInfo: "id name description size readme workspaceId imagesCount itemsCount "
    "datasetsCount createdAt updatedAt type referenceImageUrl customData backupArchive "
    "teamId settings importSettings version createdBy embeddingsEnabled "
    "embeddingsUpdatedAt embeddingsInProgress localEntitiesCount remoteEntitiesCount",
    DatasetInfo: "id name description size projectId imagesCount itemsCount createdAt "
    "updatedAt referenceImageUrl teamId workspaceId parentId customData createdBy",
    VersionInfo: "id projectId createdBy teamFileId version description status "
    "createdAt updatedAt projectUpdatedAt teamId name previewProjectId",
}


@pytest.mark.parametrize("cls", ORDER)
def test_json_names_come_in_the_order_of_the_reference(cls: Any) -> None:
    """Each field is read from its JSON name, and written back to it."""
    names = ORDER[cls].split()
    data = {name: f"<{name}>" for name in names}
    info = cls.from_json({**data, "unknown": 1})
    assert list(info) == [f"<{name}>" for name in names]
    assert info.to_json() == data
    assert list(info.to_json()) == names


@pytest.mark.parametrize("cls", [*ORDER, FileInfo])
def test_missing_keys_become_none(cls: Any) -> None:
    """An answer may leave out what it likes; an info can be changed by `_replace`."""
    assert set(cls.from_json({})) == {None}
    assert cls.from_json({})._replace(id=3).id == 3


def test_files_have_nested_values() -> None:
    """`meta` holds three of them, which may also lie on top; all are written back."""
    meta = {"mime": "m", "ext": "e", "size": 5}
    info = FileInfo.from_json({"id": 1, "teamId": 2, "meta": meta, "isDir": False})
    assert (info.mime, info.ext, info.sizeb, info.is_dir) == ("m", "e", 5, False)
    assert info.to_json()["meta"] == meta
    assert FileInfo.from_json({"size": 5, "meta": None}).sizeb == 5
    assert FileInfo._fields[:6] == ("team_id", "id", "user_id", "name", "hash", "path")


def test_items_fall_back_to_images() -> None:
    """Older instances count images only."""
    for cls in (ProjectInfo, DatasetInfo):
        assert cls.from_json({"imagesCount": 3}).items_count == 3
        assert cls.from_json({"imagesCount": 3, "itemsCount": 0}).items_count == 0


def test_pictures_and_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative in production, absolute in development; none is none."""
    monkeypatch.setenv("SERVER_ADDRESS", "https://host/")
    project = ProjectInfo.from_json(
        {"id": 1, "type": "images", "referenceImageUrl": "/image-converter/x"}
    )
    small = "/previews/x200,jpeg,q70/image-converter/x"
    assert project.image_preview_url == f"https://host{small}"
    assert project.url == "https://host/projects/1/datasets"
    monkeypatch.setenv("ENV", "production")
    assert project.image_preview_url == small
    assert project.url == "projects/1/datasets"
    assert project._replace(reference_image_url=None).image_preview_url is None
    clouds = project._replace(type="point_clouds").image_preview_url
    assert clouds is not None
    assert clouds.endswith(".png")
    data = {"referenceImageUrl": "/image-converter/x"}
    assert DatasetInfo.from_json(data).image_preview_url == small


def test_sessions_have_two_forms() -> None:
    """A started task, or a whole session."""
    started = {"taskId": 1, "userId": 2, "moduleId": 3, "appId": 4}
    assert SessionInfo.from_json(started) == (1, 2, 3, 4, {})
    whole = {"id": 1, "createdBy": 2, "moduleId": 3, "meta": {"app": {"id": 4}}}
    assert SessionInfo.from_json(whole) == (1, 2, 3, 4, whole)
    with pytest.raises(KeyError):
        SessionInfo.from_json({"taskId": 1})


def module(**config: Any) -> dict[str, Any]:
    return {
        "id": 1, "slug": "s", "name": "N", "type": "app", "config": config,
        "createdAt": "c", "updatedAt": "u", "repositoryModuleUrl": "r", "repo": "g",
    }  # fmt: skip


def test_a_module_is_read_without_touching_the_answer() -> None:
    """Names differ from JSON; the answer stays as it came; mandatory keys are."""
    data = module(contextMenu={"target": ["team"]})
    before = copy.deepcopy(data)
    info = ModuleInfo.from_json(data)
    assert (info.repo, info.github_repo, info.readme, info.meta) == (
        "r", "g", None, None,
    )  # fmt: skip
    assert info.config["context_menu"] == {"target": ["team"]}
    assert data == before
    for key in ("id", "slug", "name", "type", "config", "createdAt", "updatedAt"):
        with pytest.raises(KeyError):
            ModuleInfo.from_json({k: v for k, v in data.items() if k != key})


@pytest.mark.parametrize(
    ("meta", "release"),
    [
        (None, ""), ({}, ""), ({"releases": []}, ""),
        ({"releases": [{"version": "v2"}, {"version": "v1"}]}, {"version": "v2"}),
    ],
)  # fmt: skip
def test_the_newest_release(meta: Any, release: Any) -> None:
    """The first of the list, or the default."""
    info = ModuleInfo.from_json({**module(), "meta": meta})
    assert info.get_latest_release() == release


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_sets_its_key_and_leaves_the_config(target: str) -> None:
    """Each target has its key and its exact type; calls do not see one another."""
    state = {"a": {"b": 1}}
    info = ModuleInfo.from_json(
        module(contextMenu={"target": [target]}, modalTemplateState=state)
    )
    key, kind = TARGETS[target]
    value: Any = 7 if kind is int else "/x"
    arguments = info.get_arguments(**{target: value})
    assert arguments == {"a": {"b": 1}, key: value}
    arguments["a"]["b"] = 2
    assert state == {"a": {"b": 1}}
    with pytest.raises(ValueError, match=target):
        info.get_arguments()
    with pytest.raises(ValueError, match=kind.__name__):
        info.get_arguments(**{target: True})
    with pytest.raises(KeyError):
        info.get_arguments(**{target: value, "x": 1})
    with pytest.raises(KeyError):
        info.get_arguments(other=1)
    assert target in info.arguments_text()


def test_an_app_without_targets(capsys: pytest.CaptureFixture[str]) -> None:
    """It starts on nothing, and its help says so."""
    info = ModuleInfo.from_json(module(modalTemplateState={"a": 1}))
    assert info.get_arguments() == {"a": 1}
    assert info.get_context_menu_targets() == []
    info.arguments_help()
    assert "a = 1" in capsys.readouterr().out
    on = module(contextMenu={"target": ["ecosystem", "new_kind"]})
    assert ModuleInfo.from_json(on).get_arguments() == {}
    with pytest.raises(KeyError):
        ModuleInfo.from_json(on).get_arguments(ecosystem=1)
    with pytest.raises(KeyError):
        ModuleInfo.from_json(on).get_arguments(new_kind=1)
    assert "new_kind" not in ModuleInfo.from_json(on).arguments_text()


def test_kubernetes_settings() -> None:
    """Python and JSON names, numbers as text; None is left out, zero is not."""
    settings = KubernetesSettings(useHealthCheck=False, limit_cpus="0", unknown=1)  # type: ignore[call-arg, arg-type]
    assert settings.to_dict() == {"useHealthCheck": False, "limitCpus": 0}
    names = [field.alias for field in KubernetesSettings.model_fields.values()]
    assert names == [
        "useHealthCheck", "requestCpus", "limitCpus", "limitMemoryGb", "limitShmGb",
        "limitStorageGb", "limitGpus", "limitGpuMemoryMb", "limitGpuCoresPerc",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="limitCpus"):
        KubernetesSettings(limitCpus=1.5)  # type: ignore[call-arg]


class _SdkStatus(Enum):
    """An enum with the name that the platform's SDK gives it."""

    STARTED = "started"
    ERROR = "error"


_SdkStatus.__name__ = "Status"


def test_enums_equal_those_of_the_sdk() -> None:
    """A state compares equal with the SDK's, in either order, in sets and in lists."""
    assert Status.STARTED == _SdkStatus.STARTED
    assert _SdkStatus.STARTED == Status.STARTED
    assert Status.STARTED != _SdkStatus.ERROR
    assert Status.STARTED in {_SdkStatus.STARTED}
    assert _SdkStatus.ERROR in (Status.FINISHED, Status.ERROR)
    assert Status.STARTED != "started"
    assert RestartPolicy.NEVER != PluginTaskType.CUSTOM


def test_enums_are_words() -> None:
    """`str()` gives the word of the wire; values come in order."""
    assert [str(status) for status in Status] == Status.values()
    assert Status.values() == [
        "queued", "consumed", "started", "deployed", "error", "finished",
        "terminating", "stopped",
    ]  # fmt: skip
    assert Status.has_value("queued")
    assert not Status.has_value("new")
    assert PluginTaskType.SMART_TOOL.value == "smarttool"
    assert RestartPolicy.values() == ["never", "on_error"]
