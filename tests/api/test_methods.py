"""AppApi and TaskApi: for each method, what it sends and what it gives."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from api_cases import APPS, CASES, MODULE, OUT, RUN, SORT, TASK
from api_recorder import Recorder, Reply, page

from lineage.api import Api
from lineage.api.errors import (
    ExpectedProjectTypeMismatch,
    HttpError,
    ProjectNotFound,
    TaskFinishedWithError,
    WaitingTimeExceeded,
)
from lineage.errors import NotFoundError
from lineage.model.enums import Status
from lineage.model.platform_types import AppInfo, SessionInfo


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "answers", "sent", "given"),
    CASES,
    ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)],
)
def test_each_method_sends_and_gives_what_the_platforms_does(
    server: Recorder,
    make_api: Callable[..., Api],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    args: Any,
    kwargs: Any,
    answers: Any,
    sent: Any,
    given: Any,
) -> None:
    """Bodies, presence of keys and nulls, and results; arguments stay as given."""
    monkeypatch.setenv("ENV", "production")
    for endpoint, answer in answers.items():
        server.on(endpoint, answer)
    api = make_api(retry_count=2)
    room, _, method = name.partition(".")
    before = copy.deepcopy((args, kwargs))
    assert getattr(getattr(api, room), method)(*args, **kwargs) == given
    assert (args, kwargs) == before
    if sent is not None:
        assert [(r.path, r.json) for r in server.requests] == sent


def test_the_keys_of_start_come_in_the_platforms_order(
    server: Recorder, api: Api
) -> None:
    """A reader of the traffic finds the keys where the SDK puts them."""
    server.on("tasks.run.app", [TASK])
    api.app.start(3, module_id=83, app_version="v1")
    assert list(server.last("tasks.run.app")) == list(RUN)


def test_get_logs_is_the_only_get(server: Recorder, api: Api) -> None:
    """Logs are requested by query, a limit of 0 included."""
    server.on("tasks.log.download", [])
    assert api.app.get_logs(5, "2026-03-30T14:28:58.816Z", 0) == []
    api.app.get_logs(5)
    first, second = server.requests
    assert first.verb == "GET"
    assert first.query == "id=5&sinceTime=2026-03-30T14%3A28%3A58.816Z&limit=0"
    assert second.query == "id=5"


@pytest.mark.parametrize(
    ("name", "args", "error"),
    [
        ("app.start", (1, 2), ValueError),
        ("app.start", (1, 2, 3, "", None, "info", None, "v", False, "n", "never",
                       False, 4), ValueError),
        ("app.start", (1, 2, 3, "", None, "info", ["x"], "v"), ValueError),
        ("app.start", (1, None, 3), ValueError),
        ("task.start", (1,), ValueError),
        ("app.set_output_experiment", (1, 5), TypeError),
        ("app.send_request", (1, "m", [1]), TypeError),
        ("app.set_fields", (1, [{"field": "a"}]), KeyError),
        ("app.update_status", (1, "gone"), ValueError),
        ("app.update_meta", (1, {}, "/h"), ValueError),
        ("app.update_meta", (1, {}, None, "f"), ValueError),
        ("app.get_ecosystem_module_info", (), ValueError),
        ("app.get_ecosystem_module_info", (1, None, "s"), ValueError),
        ("app.download_git_file", (1, "/x"), ValueError),
        ("task.upload_files", (1, ["a"], []), RuntimeError),
        ("project.get_list", (1, None, [], 2), ValueError),
        ("file.list", (1, "/", True, "x"), ValueError),
        ("file.upload_bulk", (1, ["a"], []), ValueError),
        ("app.create_task_detached", (1,), RuntimeError),
        ("app.deploy_model", (1, 2), RuntimeError),
        ("app.download_import_file", (1, "a", "b"), RuntimeError),
        ("app.get_import_files_list", (1,), RuntimeError),
        ("app.get_training_metrics", (1,), RuntimeError),
        ("app.run_dtl", (1, {}), RuntimeError),
        ("app.run_inference", (1, 2, 3, "x"), RuntimeError),
        ("app.run_train", (1, 2, 3, "x"), RuntimeError),
        ("app.upload_files", (1, [], []), RuntimeError),
        ("task.info_sequence", (), NotImplementedError),
        ("task.info_tuple_name", (), NotImplementedError),
        ("task.convert_info_to_json", (1,), NotImplementedError),
    ],
)  # fmt: skip
def test_a_wrong_call_raises_before_anything_is_sent(
    server: Recorder, api: Api, name: str, args: Any, error: type[Exception]
) -> None:
    """A caller's mistake raises at once, and costs no request."""
    room, _, method = name.partition(".")
    with pytest.raises(error):
        getattr(getattr(api, room), method)(*args)
    assert server.requests == []


@pytest.mark.parametrize(
    ("name", "args", "answers", "error"),
    [
        ("app.get_status", (5,), {"tasks.info": Reply(404)}, NotFoundError),
        ("app.get_status", (5,), {"tasks.info": {"status": "new"}}, ValueError),
        ("app.get_field", (5, "a"), {"tasks.data.get": {"result": {}}}, KeyError),
        ("app.get_fields", (5, ["a"]), {"tasks.data.get": {}}, KeyError),
        ("app.get_ecosystem_module_id", ("s",), {"ecosystem.list": page()}, KeyError),
        ("app.get_ecosystem_module_info", (1,), {"ecosystem.info": {}}, KeyError),
        ("app.find_module_id_by_app_name", ("s",), {"ecosystem.list": page()},
         KeyError),
        ("app.find_module_id_by_app_name", ("s",),
         {"ecosystem.list": page({"id": 1, "name": "a"}, {"id": 2, "name": "b"})},
         ValueError),
        ("app.get_sessions", (1, 2), {"apps.list": page({"id": 1}, {"id": 2})},
         KeyError),
        ("app.set_output_project", (1, 2), {"projects.info": Reply(404)},
         ProjectNotFound),
        ("task.start", (1, 2), {"tasks.run.app": []}, IndexError),
        ("app.start", (1, None, None, "", None, "info", None, None, False, "n",
                       "never", False, 3), {"ecosystem.info": {"meta": None}},
         ValueError),
        ("project.get_info_by_id", (1, "videos", True),
         {"projects.info": {"id": 1, "type": "images"}}, ExpectedProjectTypeMismatch),
        ("project.get_info_by_name", (1, "P", "videos", True),
         {"projects.list": page({"id": 1, "type": "images"})},
         ExpectedProjectTypeMismatch),
        ("project.get_info_by_name", (1, "P", None, True),
         {"projects.list": page()}, ProjectNotFound),
        ("dataset.get_info_by_name", (1, "D"),
         {"datasets.list": page({"id": 1}, {"id": 2})}, RuntimeError),
        ("dataset.get_info_by_id", (1, True), {"datasets.info": Reply(404)},
         NotFoundError),
    ],
)  # fmt: skip
def test_an_answer_that_will_not_do_raises(
    server: Recorder, api: Api, name: str, args: Any, answers: Any, error: Any
) -> None:
    """What the instance answers decides the exception of the reference."""
    for endpoint, answer in answers.items():
        server.on(endpoint, answer)
    room, _, method = name.partition(".")
    with pytest.raises(error):
        getattr(getattr(api, room), method)(*args)


def test_kubernetes_settings_of_another_type(server: Recorder, api: Api) -> None:
    """Neither a dict nor `KubernetesSettings` is a TypeError."""
    with pytest.raises(TypeError):
        api.task.start(1, 2, kubernetes_settings=5)  # type: ignore[arg-type]


def test_settings_of_the_sdk_are_taken_by_shape(server: Recorder, api: Api) -> None:
    """The SDK has classes of its own for settings and enums; they are sent alike."""

    class KubernetesSettings:
        def to_dict(self) -> dict[str, Any]:
            return {"limitCpus": 2}

    class RestartPolicy(Enum):
        ON_ERROR = "on_error"

    server.on("tasks.run.app", [{"id": 9}])
    settings: Any = KubernetesSettings()
    policy: Any = RestartPolicy.ON_ERROR
    api.task.start(1, 2, kubernetes_settings=settings, restart_policy=policy)
    sent = server.last("tasks.run.app")
    assert sent["advancedSettings"] == {"limitByWorkspace": False, "limitCpus": 2}
    assert sent["restartPolicy"] == "on_error"


def test_sessions_are_listed_for_each_app(server: Recorder, api: Api) -> None:
    """Apps first, then each app's sessions; names are compared here."""
    session = {"id": 9, "createdBy": 1, "meta": {"name": "a", "app": {"id": 4}}}
    other = {"id": 8, "createdBy": 1, "meta": {"name": "b", "app": {"id": 4}}}
    server.on("apps.list", page({"id": 4})).on("apps.tasks.list", page(session, other))
    found = api.app.get_sessions(1, 83, session_name="a", statuses=[Status.DEPLOYED])
    details = {**session, "moduleId": 83}
    assert found == [SessionInfo(9, 1, 83, 4, details)]
    condition = {"field": "moduleId", "operator": "=", "value": 83}
    assert server.last("apps.list") == {
        **APPS, "teamId": 1, "filter": [condition], "withShared": False,
        "forceAllSessions": False,
    }  # fmt: skip
    assert server.last("apps.tasks.list") == {
        "teamId": 1, "appId": 4, "showDisabled": False, "withShared": False,
        "sort": "startedAt", "sort_order": "desc",
        "filter": [{"field": "status", "operator": "in", "value": ["deployed"]}],
    }  # fmt: skip
    api.app.get_sessions(1, 83)
    assert "filter" not in server.last("apps.tasks.list")
    server.on("apps.list", page())
    assert api.app.get_sessions(1, 83) == []


@pytest.mark.parametrize(
    ("states", "target", "given"),
    [
        (["queued", "started", "deployed"], Status.DEPLOYED, True),
        (["finished"], Status.DEPLOYED, False),
        (["started", "stopped"], Status.FINISHED, False),
        (["error"], Status.ERROR, True),
        (["started", "started"], "started", True),
    ],
)
def test_waiting_shows_whether_the_state_came(
    server: Recorder, api: Api, states: list[str], target: Any, given: bool
) -> None:
    """True for the state, False for another end."""
    server.on("tasks.info", *({"status": state} for state in states))
    pauses: list[float] = []
    api.transport.sleep = pauses.append
    assert api.app.wait(1, target) is given
    assert pauses == [1] * (len(server.requests) - 1)


def test_waiting_has_its_ends(server: Recorder, api: Api) -> None:
    """An error and a spent number of looks are exceptions; 0 means none at all."""
    api.transport.sleep = lambda _: None
    server.on("tasks.info", {"status": "error"})
    with pytest.raises(TaskFinishedWithError):
        api.task.wait(1, Status.FINISHED)
    server.on("tasks.info", {"status": "started"})
    server.requests.clear()
    with pytest.raises(WaitingTimeExceeded):
        api.task.wait(1, Status.FINISHED, wait_attempts=3, wait_attempt_timeout_sec=5)
    assert len(server.requests) == 3
    with pytest.raises(WaitingTimeExceeded):
        api.task.wait(1, Status.FINISHED, wait_attempts=0)
    assert len(server.requests) == 3


def test_waiting_for_a_session_to_answer(server: Recorder, api: Api) -> None:
    """Looks until the app answers, or the looks are spent."""
    api.transport.sleep = lambda _: None
    server.on("tasks.request.direct", {}, {"running": True})
    assert api.app.wait_until_ready_for_api_calls(5)
    server.on("tasks.request.direct", {})
    assert not api.app.wait_until_ready_for_api_calls(5, attempts=2)


def test_an_import_app_keeps_its_history(
    server: Recorder, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its output, an import is noted in the project's own data."""
    monkeypatch.setenv("APP_CATEGORIES", '["import"]')
    monkeypatch.setenv("UPLOAD_COUNT", '{"7": 3}')
    monkeypatch.setenv("UPLOADED_IDS", '{"7": [1, 2, 3]}')
    task = {
        "status": "started", "userId": 1, "teamId": 2,
        "meta": {"app": {"moduleId": 83, "name": "I", "version": "v1"}},
        "settings": {"message": {"state": {"s": 1}}},
    }  # fmt: skip
    server.on("tasks.info", task).on("ecosystem.info", MODULE)
    server.on("projects.info", {"id": 2, "customData": {"mine": 1}})
    api.app.set_output_project(1, 2, "n")
    assert server.methods == [
        "tasks.info", "ecosystem.info", "projects.info", "projects.editInfo", OUT,
    ]  # fmt: skip
    custom = server.last("projects.editInfo")["customData"]
    (entry,) = custom["import_history"]["tasks"]
    assert custom["mine"] == 1
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}", entry.pop("timestamp"))
    assert entry == {
        "task_id": 1, "app": {"name": "I", "version": "v1"}, "slug": "a/b",
        "status": "started", "user_id": 1, "team_id": 2, "source_state": {"s": 1},
        "items_count": 3,
        "datasets": [{"id": 7, "items_count": 3, "uploaded_images": [1, 2, 3]}],
    }  # fmt: skip


def test_module_info_by_slug(server: Recorder, api: Api) -> None:
    """A module is found by its slug, too."""
    server.on("ecosystem.info", MODULE)
    info = api.app.get_ecosystem_module_info(slug="a/b", version="v1")
    assert server.last("ecosystem.info") == {"slug": "a/b", "version": "v1"}
    assert info.get_latest_release() == {"version": "v1"}


def test_raise_for_status(api: Api) -> None:
    """Only an error raises, as a member or as a word."""
    api.app.raise_for_status(Status.FINISHED)
    for status in (Status.ERROR, "error"):
        with pytest.raises(TaskFinishedWithError):
            api.app.raise_for_status(status)  # type: ignore[arg-type]


def test_infos_are_described_as_by_the_sdk(api: Api) -> None:
    """The descriptors of fields, and the way back to JSON."""
    sequence = api.app.info_sequence()
    assert len(sequence) == 12
    assert sequence[:3] == ["id", (["createdBy"], "created_by_id"), "moduleId"]
    assert api.app.info_tuple_name() == "AppInfo"
    info = AppInfo.from_json({"id": 1, "createdBy": 2, "unknown": 3})
    assert list(api.app.convert_info_to_json(info))[:3] == [
        "id",
        "createdBy",
        "moduleId",
    ]
    for room in (api.project, api.dataset, api.file):
        assert room.info_sequence()[0] in ("id", "teamId")


def test_projects_and_datasets(server: Recorder, api: Api) -> None:
    """Look-ups and lists of projects, versions and datasets."""
    server.on("projects.info", {"id": 1, "type": "images", "imagesCount": 4})
    found = api.project.get_info_by_id(1, "images", extra_fields=["x"])
    assert (found.id, found.items_count) == (1, 4)
    assert server.last("projects.info") == {"id": 1, "extraFields": ["x"]}
    server.on("projects.info", Reply(404))
    assert api.project.get_info_by_id(1) is None
    server.on("projects.list", page({"id": 2}))
    assert api.project.get_list(3)[0].id == 2
    assert server.last("projects.list") == {
        "filter": [], "fields": [], "workspaceId": 3, **SORT,
    }  # fmt: skip
    api.project.get_list(team_id=4, fields=["x", "id"])
    assert server.last("projects.list")["groupId"] == 4
    assert server.last("projects.list")["fields"][-1] == "x"
    server.on("projects.versions.list", page({"id": 9, "version": 3}))
    assert api.project.version.get_list(1)[0].version == 3
    assert api.project.version.get_id_by_number(1, 3) == 9
    server.on("projects.versions.list", page())
    assert api.project.version.get_id_by_number(1, 4) is None
    server.on("datasets.info", {"id": 5, "itemsCount": 2})
    assert api.dataset.get_info_by_id(5).items_count == 2
    server.on("datasets.info", Reply(404))
    assert api.dataset.get_info_by_id(5) is None
    server.on("datasets.list", page({"id": 6, "imagesCount": 1}))
    assert api.dataset.get_list(1)[0].items_count == 1
    assert server.last("datasets.list") == {
        "projectId": 1, "filter": [], "recursive": False, **SORT,
    }  # fmt: skip
    api.dataset.get_list(1, parent_id=8)
    assert server.last("datasets.list")["recursive"] is True


def test_a_lookup_lets_other_refusals_out(server: Recorder, api: Api) -> None:
    """Only 404 means that there is no such object."""
    server.on("tasks.info", Reply(403))
    with pytest.raises(HttpError):
        api.task.get_info_by_id(1)
