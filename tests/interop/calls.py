"""The calls that are made with both clients, in the words that they share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Make = Callable[[Any, Any, Path], Any]


def _files(folder: Path) -> list[str]:
    paths = [folder / "one.txt", folder / "two.txt"]
    for path in paths:
        path.write_text(path.name)
    return [str(path) for path in paths]


def _folder(folder: Path) -> Path:
    local = folder / "local"
    (local / "inner").mkdir(parents=True)
    (local / "inner" / "one.txt").write_text("one")
    return local


def _settings(client: Any) -> Any:
    relation = client.WorkflowSettings("T", "file", "#1", "#2", "/x", "X", "D")
    node = client.WorkflowSettings(title="N")
    return client.WorkflowMeta(relation, node)


def _workflow(name: str, /, *args: Any, **kwargs: Any) -> tuple[str, Make]:
    label = f"workflow.{name}{args or ''}{kwargs or ''}"
    return label, lambda api, *_: getattr(api.app.workflow, name)(*args, **kwargs)


def _call(room: str, name: str, /, *args: Any, **kwargs: Any) -> tuple[str, Make]:
    label = f"{room}.{name}{args or ''}{kwargs or ''}"
    return label, lambda api, *_: getattr(getattr(api, room), name)(*args, **kwargs)


CALLS: list[tuple[str, Make]] = [
    _workflow("add_input_project", 11),
    _workflow("add_input_project", 11, version_id=3),
    _workflow("add_input_project", 11, version_num=4),
    _workflow("add_input_dataset", 5, task_id=88),
    _workflow("add_input_file", 5, True),
    _workflow("add_input_file", "/a/b.txt"),
    _workflow("add_input_folder", "a/b"),
    _workflow("add_input_task", 66),
    _workflow("add_input_task", 66, task_id=0),
    _workflow("add_output_app", task_id=0),
    _workflow("add_input_file", "/a/b.txt", task_id=0),
    _workflow("add_input_task", 0),
    _workflow("add_input_job", 4),
    _workflow("add_output_app"),
    _workflow("add_output_app", task_id=88),
    _workflow("add_output_project", 1, version_id=2),
    _workflow("add_output_dataset", "5"),
    _workflow("add_output_file", "/a/b.txt"),
    _workflow("add_output_folder", "/x"),
    _workflow("add_output_task", 99),
    _workflow("add_output_job", 99),
    ("workflow with a card", lambda api, client, _: api.app.workflow.add_input_task(
        66, meta=_settings(client))),
    _call("project", "get_meta", 2),
    _call("project", "get_meta", 2, with_settings=True),
    _call("project", "update_meta", 2, {"classes": [], "tags": []}),
    _call("project", "remove", 2),
    _call("project", "remove_permanently", 2),
    _call("project", "remove_permanently", [2, 3, 4], 2),
    _call("project", "remove_permanently", list(range(1, 61)), 99),
    _call("dataset", "remove", 6),
    _call("dataset", "remove_permanently", [6, 7], 0),
    _call("project", "edit_info", 2, name="N", custom_data={"a": 1}),
    _call("project", "edit_info", 2),
    _call("project", "edit_info", 2, project_type="videos"),
    _call("project", "get_stats", 2),
    ("project.version.get_list", lambda api, *_: api.project.version.get_list(2)),
    ("project.version.get_info_by_id",
     lambda api, *_: api.project.version.get_info_by_id(2, 900)),
    ("project.version.get_info_by_number",
     lambda api, *_: api.project.version.get_info_by_number(2, 4)),
    ("project.version.get_id_by_number",
     lambda api, *_: api.project.version.get_id_by_number(2, "4")),
    ("project.version.reserve", lambda api, *_: api.project.version.reserve(2)),
    ("project.version.commit", lambda api, *_: api.project.version.commit(
        5, "c", "2026", 31, "t", "d")),
    ("project.version.cancel_reservation",
     lambda api, *_: api.project.version.cancel_reservation(5, "c")),
    ("project.version.restore",
     lambda api, *_: api.project.version.restore(2)),
    _call("dataset", "get_tree", 2),
    _call("dataset", "get_nested", 2, 6),
    _call("file", "listdir", 9, "/a"),
    _call("file", "get_url", 31),
    _call("file", "get_free_dir_name", 9, "/free/"),
    _call("file", "remove", 9, "/a/b.txt"),
    ("file.upload_directory", lambda api, _, folder: api.file.upload_directory(
        9, str(_folder(folder)), "free")),
    ("file.upload_directory onto another", lambda api, _, folder:
     api.file.upload_directory(9, str(_folder(folder)), "/a", False)),
    ("file.upload_directory over another", lambda api, _, folder:
     api.file.upload_directory(9, str(_folder(folder)), "/a", False, None, True)),
    _call("labeling_job", "get_info_by_id", 12),
    _call("labeling_job", "get_list", 5),
    _call("labeling_job", "get_list", 5, 1, 2, 3, 4, True, 6, queue_ids=7,
          exclude_statuses=["completed"]),
    _call("labeling_job", "get_list", 5, is_part_of_queue=False),
    _call("labeling_job", "get_list", 5, is_part_of_queue=False, queue_ids=[7]),
    _call("labeling_job", "get_list", 5, with_entities=True),
    _call("app", "get_list", 7),
    _call("app", "get_list", 7, only_running=True, repository_key="k"),
    _call("app", "get_info_by_id", 4),
    _call("app", "get_info", 83, "v1"),
    _call("app", "get_ecosystem_module_info", 83),
    _call("app", "get_ecosystem_module_id", "a/b"),
    _call("app", "get_list_ecosystem_modules", "s", ["c"]),
    _call("app", "find_module_id_by_app_name", "App"),
    _call("app", "get_sessions", 7, 83),
    _call("app", "get_session_token", "a/b"),
    _call("app", "get_context", 5),
    _call("app", "get_status", 5),
    _call("app", "stop", 5),
    ("app.wait", lambda api, *_: api.app.wait(5, api.app.Status.FINISHED)),
    _call("app", "is_ready", 5),
    _call("app", "is_running", 5),
    _call("app", "is_ready_for_api_calls", 5),
    _call("app", "send_request", 5, "m", {"a": 1}),
    _call("app", "get_fields", 5, ["a"]),
    _call("app", "set_field", 5, "data.a", 1),
    _call("app", "set_fields_from_dict", 5, {"a": 1}),
    _call("app", "initialize", 5, "<t>", {"a": 1}),
    _call("app", "update_meta", 5, {}, "/h", "f"),
    ("app.update_status", lambda api, *_: api.app.update_status(
        5, api.app.Status.FINISHED)),
    _call("app", "submit_logs", [{"message": "x"}]),
    _call("app", "get_logs", 5, "2026-03-30T14:28:58.816Z", 0),
    _call("app", "set_output_report", 5, 2, "r"),
    _call("app", "set_output_archive", 5, 2, "r"),
    _call("app", "set_output_file_download", 5, 2, "r"),
    _call("app", "set_output_directory", 5, 2, "/d"),
    _call("app", "set_output_error", 5, "t", "d"),
    _call("app", "set_output_text", 5, "t"),
    _call("app", "set_output_experiment", 5, {"a": 1}),
    _call("app", "set_output_project", 5, 2),
    _call("app", "set_output_project", 5, 2, "n", "/p"),
    _call("app", "start", 3, module_id=83, workspace_id=2, params={"x": 1}),
    _call("app", "start", 3, app_id=4, app_version="v", users_id=5),
    _call("task", "start", 3, module_id=83, redirect_requests={"a": 1}),
    _call("task", "get_list", 5),
    _call("task", "get_info_by_id", 5),
    ("task.upload_files", lambda api, _, folder: api.task.upload_files(
        5, _files(folder), ["a", "b"])),
    ("app.download_git_file", lambda api, _, folder: api.app.download_git_file(
        1, str(folder / "f"), file_path="f", version="v")),
    ("app.download_git_archive", lambda api, _, folder: api.app.download_git_archive(
        1, 2, None, str(folder / "a.tar"))),
    _call("project", "get_info_by_id", 2),
    _call("project", "get_list", 3),
    _call("dataset", "get_info_by_id", 6),
    _call("project", "get_info_by_id", 2, "videos"),
    _call("project", "get_info_by_name", 3, "P"),
    _call("project", "exists", 3, "P"),
    _call("project", "create", 3, "Q"),
    _call("project", "create", 3, "Q", "videos", "d", readme="r", settings={"a": 1},
          custom_data={"b": 2}),
    _call("project", "get_or_create", 3, "P"),
    _call("dataset", "get_list", 2),
    _call("dataset", "get_list", 2, None, True, include_custom_data=True),
    _call("dataset", "get_info_by_name", 2, "D"),
    _call("dataset", "get_info_by_name", 2, "D", None, 7),
    _call("dataset", "exists", 2, "D", 7),
    _call("dataset", "create", 2, "E"),
    _call("dataset", "create", 2, "E", "d", parent_id=7, custom_data={"a": 1}),
    _call("dataset", "get_or_create", 2, "D"),
    _call("file", "list", 9, "/a", False),
    _call("file", "get_info_by_path", 9, "/a/b.txt"),
    _call("file", "get_info_by_id", 31),
    _call("file", "exists", 9, "/a/b.txt"),
    _call("file", "dir_exists", 9, "/a/"),
    _call("file", "get_free_name", 9, "/a/c.txt"),
    ("file.upload", lambda api, _, folder: api.file.upload(
        9, _files(folder)[0], "/up/one.txt")),
    ("file.download", lambda api, _, folder: api.file.download(
        9, "/a/b.txt", str(folder / "b"))),
]  # fmt: skip
