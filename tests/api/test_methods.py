"""AppApi and TaskApi: for each method, what it sends and what it gives."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from api_recorder import Recorder, Reply, page

from lineage.api import Api
from lineage.api.errors import (
    ProjectNotFound,
    TaskFinishedWithError,
    WaitingTimeExceeded,
)
from lineage.errors import NotFoundError
from lineage.model.enums import RestartPolicy, Status
from lineage.model.infos import AppInfo, SessionInfo
from lineage.model.kubernetes import KubernetesSettings

SORT = {"sort": "id", "sort_order": "asc"}
APPS = {
    "teamId": 7, "filter": [], "context": [], "repositoryKey": None,
    "integratedInto": [], "sessionTags": [], "onlyRunning": False,
    "showDisabled": False, "withShared": True, "forceAllSessions": True, **SORT,
}  # fmt: skip
MODULE = {
    "id": 83, "slug": "a/b", "name": "App", "type": "app", "config": {},
    "createdAt": "x", "updatedAt": "y", "meta": {"releases": [{"version": "v1"}]},
}  # fmt: skip
TASK = {"taskId": 9, "userId": 1, "moduleId": 83, "appId": 4}
RUN = {
    "agentId": 3, "workspaceId": 2, "description": "", "params": {"state": {"x": 1}},
    "logLevel": "info", "usersIds": [], "appVersion": "v1", "isBranch": False,
    "taskName": "run-from-python", "restartPolicy": "never", "proxyKeepUrl": False,
    "advancedSettings": {"limitByWorkspace": False}, "moduleId": 83,
}  # fmt: skip
DIRECT = {
    "taskId": 5, "command": "m", "context": {"outside_request": True},
    "state": {"a": 1}, "skipResponse": False, "timeout": 60,
}  # fmt: skip
GREEN = {"color": "#33c94c", "backgroundColor": "#d9f7e4"}


def link(icon: str, title: str, url: str, download: Any, text: str) -> Any:
    icon_json = {"className": f"zmdi {icon}", **GREEN}
    general = {"icon": icon_json, "title": title, "titleUrl": url,
               "download": download, "description": text}  # fmt: skip
    return {"taskId": 1, "output": {"general": general}}


def text(icon: Any, **fields: Any) -> Any:
    return {"taskId": 1, "output": {"general": {"icon": icon, **fields}}}


RED_ICON = {"className": "zmdi zmdi-alert-octagon", "color": "#ff83a6",
            "backgroundColor": "#ffeae9"}  # fmt: skip
TEXT_ICON = {"className": "zmdi zmdi-comment-alt-text", **GREEN}
OUT = "tasks.output.set"

#: Method, arguments, what is answered, what is sent, what is given.
CASES: list[Any] = [
    ("task.get_info_by_id", (5,), {}, {"tasks.info": {"id": 5}},
     [("tasks.info", {"id": 5})], {"id": 5}),
    ("app.get_context", (5,), {}, {"GetTaskContext": {"team": {}}},
     [("GetTaskContext", {"id": 5})], {"team": {}}),
    ("app.get_status", (5,), {}, {"tasks.info": {"status": "deployed"}},
     [("tasks.info", {"id": 5})], Status.DEPLOYED),
    ("task.stop", (5,), {}, {"tasks.stop": {"status": "stopped"}},
     [("tasks.stop", {"id": 5})], Status.STOPPED),
    ("task.get_list", (5,), {}, {"tasks.list": page({"id": 1})},
     [("tasks.list", {"workspaceId": 5, "filter": [], **SORT})], [{"id": 1}]),
    ("task.get_list", (5, [{"field": "id"}]), {}, {"tasks.list": page()},
     [("tasks.list", {"workspaceId": 5, "filter": [{"field": "id"}], **SORT})], []),
    ("app.get_info_by_id", (5,), {}, {"apps.info": {"id": 5, "createdBy": 2}},
     [("apps.info", {"id": 5})],
     AppInfo(5, 2, *[None] * 10)),  # type: ignore[arg-type]
    ("app.get_info_by_id", (5,), {}, {"apps.info": Reply(404)},
     [("apps.info", {"id": 5})], None),
    ("app.get_list", (7,), {}, {"apps.list": page()}, [("apps.list", APPS)], []),
    ("app.get_list", (7, [{}], ["c"], "k", True, ["panel"], ["t"], True, False, True),
     {}, {"apps.list": page()},
     [("apps.list", {**APPS, "filter": [{}], "context": ["c"], "repositoryKey": "k",
                     "showDisabled": True, "integratedInto": ["panel"],
                     "sessionTags": ["t"], "onlyRunning": True, "withShared": False,
                     "forceAllSessions": False})], []),
    ("app.get_info", (83, "v1"), {}, {"ecosystem.info": MODULE},
     [("ecosystem.info", {"id": 83, "version": "v1"})], MODULE),
    ("app.get_ecosystem_module_id", ("a/b",), {}, {"ecosystem.list": page({"id": 3})},
     [("ecosystem.list", {"filter": [{"field": "slug", "operator": "=",
                                      "value": "a/b"}], **SORT})], 3),
    ("app.get_list_ecosystem_modules", (), {}, {"ecosystem.list": page({"id": 3})},
     [("ecosystem.list", SORT)], [{"id": 3}]),
    ("app.get_list_ecosystem_modules", ("s", ["c"], "and"), {},
     {"ecosystem.list": page({"id": 3})},
     [("ecosystem.list", {"search": "s", "categories": ["c"],
                          "categoriesOperation": "and", **SORT})], [{"id": 3}]),
    ("app.find_module_id_by_app_name", ("App",), {},
     {"ecosystem.list": page({"id": 3, "name": "App"}, {"id": 4, "name": "App 2"})},
     [("ecosystem.list", {"search": "App", **SORT})], 3),
    ("app.get_session_token", ("a/b",), {},
     {"instance.get-render-previews-session-token": b'"tok"'},
     [("instance.get-render-previews-session-token", {"slug": "a/b"})], '"tok"'),
    ("app.get_url", (5,), {}, {}, [], "/apps/sessions/5"),
    ("app.get_field", (5, "data.a"), {}, {"tasks.data.get": {"result": {"data.a": 1}}},
     [("tasks.data.get", {"taskId": 5, "fields": ["data.a"]})], 1),
    ("app.set_field", (5, "data.a", 1), {}, {},
     [("tasks.data.set", {"taskId": 5, "fields": [
         {"field": "data.a", "payload": 1, "append": False, "recursive": False}]})],
     {}),
    ("app.set_fields_from_dict", (5, {"a": 1, "b": None}), {}, {},
     [("tasks.data.set", {"taskId": 5, "fields": [
         {"field": "a", "payload": 1}, {"field": "b", "payload": None}]})], {}),
    ("app.initialize", (5, "<t>", {"a": 1}), {}, {},
     [("tasks.data.set", {"taskId": 5, "fields": [
         {"field": "template", "payload": "<t>"},
         {"field": "data", "payload": {"a": 1, "notifyDialog": None,
                                       "scrollIntoView": None}},
         {"field": "state", "payload": {}}]})], {}),
    ("task._update_app_content", (5,), {}, {},
     [("tasks.app-v2.data.set", {"taskId": 5, "payload": {}})], {}),
    ("task._update_app_content", (5, [{"op": "x"}], {"s": 1}), {}, {},
     [("tasks.app-v2.data.set",
       {"taskId": 5, "payload": {"data": [{"op": "x"}], "state": {"s": 1}}})], {}),
    ("app.send_request", (5, "m", {"a": 1}), {}, {"tasks.request.direct": {"r": 1}},
     [("tasks.request.direct", DIRECT)], {"r": 1}),
    ("app.send_request", (5, "m", {"a": 1}, {"c": 1}, True, 5, False), {}, {},
     [("tasks.request.direct", {**DIRECT, "context": {"c": 1, "outside_request": False},
                                "skipResponse": True, "timeout": 5})], {}),
    ("app.is_running", (5,), {}, {"tasks.request.direct": {}},
     [("tasks.request.direct", {**DIRECT, "command": "is_running", "state": {}})],
     True),
    ("app.is_running", (5,), {}, {"tasks.request.direct": Reply(404)}, None, False),
    ("app.is_running", (5,), {}, {"tasks.request.direct": {"running": False}}, None,
     False),
    ("app.is_running", (5,), {}, {"tasks.request.direct": [1]}, None, True),
    ("app.is_ready", (5,), {}, {"tasks.request.direct": {"status": "ready"}},
     [("tasks.request.direct", {**DIRECT, "command": "is_ready", "state": {}})], True),
    ("app.is_ready", (5,), {}, {"tasks.request.direct": {}}, None, False),
    ("app.is_ready", (5,), {}, {"tasks.request.direct": Reply(500)}, None, False),
    ("app.is_ready_for_api_calls", (5,), {}, {"tasks.request.direct": {"running": 1}},
     [("tasks.request.direct", {**DIRECT, "command": "is_running", "state": {},
                                "timeout": 1})], True),
    ("app.is_ready_for_api_calls", (5,), {}, {"tasks.request.direct": {}}, None, False),
    ("app.submit_logs", ([{"message": "x"}],), {}, {},
     [("tasks.logs.add", {"logs": [{"message": "x"}]})], None),
    ("app.update_status", (5, Status.FINISHED), {}, {},
     [("tasks.status.update", {"id": 5, "status": "finished"})], None),
    ("app.update_status", (5, "error"), {}, {},
     [("tasks.status.update", {"id": 5, "status": "error"})], None),
    ("app.update_meta", (5, {}, "/h", "f"), {}, {},
     [("tasks.meta.update", {"id": 5, "agentStorageFolder":
       {"hostDir": "/h", "folder": "f"}})], None),
    ("app.update_meta", (5, {"a": 1}), {}, {},
     [("tasks.meta.update", {"a": 1, "id": 5})], None),
    ("app.update_meta", (5, [1]), {}, {}, [("tasks.meta.update", [1])], None),
    ("app.set_output_report", (1, 2, "r"), {}, {},
     [(OUT, link("zmdi-receipt", "r", "/files/2", False, "Report"))], {}),
    ("app.set_output_archive", (1, 2, "a"), {},
     {"file-storage.info": {"id": 2, "storagePath": "/s"}},
     [("file-storage.info", {"id": 2}),
      (OUT, link("zmdi-archive", "a", "/s", True, "Download archive"))], {}),
    ("app.set_output_archive", (1, 2, "a", "/u"), {}, {},
     [(OUT, link("zmdi-archive", "a", "/u", True, "Download archive"))], {}),
    ("app.set_output_file_download", (1, 2, "a", "/u", False), {}, {},
     [(OUT, link("zmdi-file", "a", "/u", False, "Download file"))], {}),
    ("app.set_output_directory", (1, 2, "/d"), {}, {},
     [(OUT, link("zmdi-folder", "/d", "/files/2", False, "Directory"))], {}),
    ("app.set_output_error", (1, "t"), {}, {},
     [(OUT, text(RED_ICON, title="t", showLogs=True, isError=True))], {}),
    ("app.set_output_error", (1, "t", "d", False), {}, {},
     [(OUT, text(RED_ICON, title="t", showLogs=False, isError=True, description="d"))],
     {}),
    ("app.set_output_text", (1, "t"), {}, {},
     [(OUT, text(TEXT_ICON, title="t", showLogs=False, isError=False))], {}),
    ("app.set_output_text", (1, "t", "d", True, "i", "c", "b"), {}, {},
     [(OUT, text({"className": "zmdi i", "color": "c", "backgroundColor": "b"},
                 title="t", showLogs=True, isError=False, description="d"))], {}),
    ("app.set_output_experiment", (1, {"a": 1}), {}, {},
     [(OUT, {"taskId": 1, "output": {"experiment": {"data": {"a": 1}}}})], {}),
    ("app.set_output_project", (1, 2, "n"), {}, {},
     [(OUT, {"taskId": 1, "output": {"project": {"id": 2, "title": "n"}}})], {}),
    ("app.set_output_project", (1, 2, "n", "/p"), {}, {},
     [(OUT, {"taskId": 1, "output":
       {"project": {"id": 2, "title": "n", "preview": "/p"}}})], {}),
    ("app.set_output_project", (1, 2), {},
     {"projects.info": {"id": 2, "name": "P", "type": "images",
                        "referenceImageUrl": "http://h/image-converter/x"}},
     [("projects.info", {"id": 2}),
      (OUT, {"taskId": 1, "output": {"project": {"id": 2, "title": "P", "preview":
       "http://h/previews/x200,jpeg,q70/image-converter/x"}}})], {}),
    ("app.set_output_project", (1, 2), {},
     {"projects.info": {"id": 2, "name": "P", "type": "images"}},
     [("projects.info", {"id": 2}),
      (OUT, {"taskId": 1, "output": {"project": {"id": 2, "title": "P"}}})], {}),
    ("app.start", (3,), {"module_id": 83, "workspace_id": 2, "params": {"x": 1}},
     {"ecosystem.info": MODULE, "tasks.run.app": [TASK]},
     [("ecosystem.info", {"id": 83}), ("tasks.run.app", RUN)],
     SessionInfo(9, 1, 83, 4, {})),
    ("app.start", (3, 4, 2, "d", {"state": {}}, "debug", 5, "v2", True, "n",
                   RestartPolicy.ON_ERROR, True, None, {"a": 1},
                   KubernetesSettings(limit_cpus=0), True), {},
     {"tasks.run.app": [{"id": 9, "createdBy": 1, "moduleId": 83,
                         "meta": {"app": {"id": 4}}}]},
     [("tasks.run.app", {
         "agentId": 3, "workspaceId": 2, "description": "d", "params": {"state": {}},
         "logLevel": "debug", "usersIds": [5], "appVersion": "v2", "isBranch": True,
         "taskName": "n", "restartPolicy": "on_error", "proxyKeepUrl": True,
         "advancedSettings": {"limitByWorkspace": False, "limitCpus": 0},
         "redirectRequests": {"a": 1}, "appId": 4, "singleSessionMode": True})],
     SessionInfo(9, 1, 83, 4, {"id": 9, "createdBy": 1, "moduleId": 83,
                               "meta": {"app": {"id": 4}}})),
    ("task.start", (None,), {"module_id": 83}, {"tasks.run.app": [TASK]},
     [("tasks.run.app", {
         **RUN, "agentId": None, "workspaceId": None, "params": {"state": {}},
         "description": "application description", "appVersion": "",
         "taskName": "pythonSpawned"})], {**TASK, "id": 9}),
    ("task.start", (None,), {"app_id": 4, "limit_by_workspace": True,
                             "users_ids": [1], "params": {"x": 1},
                             "kubernetes_settings": {"limitGpus": 1}},
     {"tasks.run.app": [{"id": 6}]},
     [("tasks.run.app", {
         **{k: v for k, v in RUN.items() if k != "moduleId"}, "agentId": None,
         "workspaceId": None, "params": {"x": 1}, "usersIds": [1], "appVersion": "",
         "description": "application description", "taskName": "pythonSpawned",
         "advancedSettings": {"limitByWorkspace": True, "limitGpus": 1},
         "appId": 4})], {"id": 6}),
]  # fmt: skip


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
    """Logs are asked for by query, a limit of 0 included."""
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
        ("project.get_info_by_id", (1, "videos"),
         {"projects.info": {"id": 1, "type": "images"}}, TypeError),
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
def test_waiting_tells_whether_the_state_came(
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
    assert entry.pop("timestamp")
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
