"""The table of methods: what is called, answered, sent and given."""

from __future__ import annotations

from typing import Any

from api_recorder import Reply, page

from lineage.model.enums import RestartPolicy, Status
from lineage.model.kubernetes import KubernetesSettings
from lineage.model.platform_types import AppInfo, SessionInfo

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
    ("app.get_info", (83,), {}, {"ecosystem.info": MODULE},
     [("ecosystem.info", {"id": 83})], MODULE),
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
