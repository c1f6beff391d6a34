"""Tasks as the platform shows them: started, changed, logged, with their files."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from instance_fixture import World, edge_fact, form

from lineage.instance.platform.task_records import STATUSES


@pytest.fixture
def task(world: World) -> int:
    """A task that was registered."""
    return int(world.ask("lineage.register.task", {"name": "Train", "id": 77})["id"])


def test_a_task_given_by_facts_is_known(world: World) -> None:
    """A task known from facts is a task of the platform's endpoints."""
    world.ask("lineage.facts.add", {"facts": [edge_fact(1, task_id=12)]})
    shown = world.ask("tasks.info", {"id": "12"})
    assert (shown["id"], shown["teamId"], shown["status"]) == (12, 1, "started")


def test_a_client_may_ask_for_its_own_task_before_its_first_edge(world: World) -> None:
    """`x-task-id` vouches for a task that is not known yet; others are 404."""
    shown = world.ask("tasks.info", {"id": "77"}, headers={"x-task-id": "77"})
    assert (shown["id"], shown["teamId"]) == (77, 1)
    assert world.refusal("tasks.info", {"id": "78"})[0] == 404


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_of_the_platform_is_kept(
    world: World, task: int, status: str
) -> None:
    """A status that was set is shown."""
    world.ask("tasks.status.update", {"id": task, "status": status})
    assert world.ask("tasks.info", {"id": task})["status"] == status


def test_an_unknown_status_is_refused(world: World, task: int) -> None:
    """The refusal names the words that are allowed."""
    status, details = world.refusal("tasks.status.update", {"id": task, "status": "x"})
    assert (status, details["field"]) == (400, "status")
    assert "finished" in details["allowed"]


def test_a_stopped_task_stays_as_it_ended(world: World, task: int) -> None:
    """Stopping ends a running task and leaves a finished one alone."""
    assert world.ask("tasks.stop", {"id": task})["status"] == "stopped"
    other = world.ask("lineage.register.task", {"name": "b", "status": "finished"})
    assert world.ask("tasks.stop", {"id": other["id"]})["status"] == "finished"


def test_fields_are_set_appended_and_merged(world: World, task: int) -> None:
    """Fields are paths; `append` extends, `recursive` merges."""

    def put(field: str, payload: object, **how: bool) -> None:
        wanted = {"field": field, "payload": payload, **how}
        world.ask("tasks.data.set", {"taskId": task, "fields": [wanted]})

    put("data.a.b", 1)
    put("data.list", [1])
    put("data.list", [2], append=True)
    put("data.list", 3, append=True)
    put("data.text", "x")
    put("data.text", "y", append=True)
    put("data.a", {"c": 2}, recursive=True)
    names = ["data.a", "data.list", "data.text", "data.none"]
    got = world.ask("tasks.data.get", {"taskId": str(task), "fields": names})
    assert got["result"] == {
        "data.a": {"b": 1, "c": 2},
        "data.list": [1, 2, 3],
        "data.text": "xy",
    }


def test_one_bad_field_sets_none(world: World, task: int) -> None:
    """Fields are set all or none."""
    deep = ".".join("x" * 40)
    wanted = [{"field": "good", "payload": 1}, {"field": deep, "payload": 1}]
    status, _ = world.refusal("tasks.data.set", {"taskId": task, "fields": wanted})
    assert status == 400
    got = world.ask("tasks.data.get", {"taskId": task, "fields": ["good"]})
    assert got == {"result": {}}


def test_output_and_meta_are_shown_with_the_task(world: World, task: int) -> None:
    """What the task's card shows, and meta that was set, are in its info."""
    output = {"general": {"title": "report"}}
    world.ask("tasks.output.set", {"taskId": task, "output": output})
    folder = {"hostDir": "/h", "folder": "f"}
    world.ask("tasks.meta.update", {"id": task, "agentStorageFolder": folder})
    meta = world.ask("tasks.info", {"id": task})["meta"]
    assert (meta["output"], meta["agentStorageFolder"]) == (output, folder)


def test_content_of_a_running_app_is_kept(world: World, task: int) -> None:
    """The private content update is accepted for a known task only."""
    payload = {"data": [{"op": "add"}], "state": {"a": 1}}
    assert world.ask("tasks.app-v2.data.set", {"taskId": task, "payload": payload})
    status, _ = world.refusal("tasks.app-v2.data.set", {"taskId": 5, "payload": {}})
    assert status == 404


def test_logs_come_back_from_a_time_on(world: World, task: int) -> None:
    """Lines are the caller's own task's, in order, cut by time and by limit."""
    lines = [
        {"message": f"m{n}", "level": "info", "timestamp": f"2026-03-30T14:28:0{n}Z"}
        for n in range(4)
    ]
    world.ask("tasks.logs.add", {"logs": lines}, headers={"x-task-id": str(task)})

    def read(**query: str) -> list[str]:
        answer = world.send("tasks.log.download", query={"id": str(task), **query})
        return [line["message"] for line in json.loads(answer.content())]

    assert read() == ["m0", "m1", "m2", "m3"]
    assert read(sinceTime="2026-03-30T14:28:02Z", limit="0") == ["m2", "m3"]
    assert read(limit="1") == ["m0"]


def test_logs_without_a_task_are_refused(world: World) -> None:
    """Only the header says whose lines they are."""
    status, details = world.refusal("tasks.logs.add", {"logs": []})
    assert (status, details["field"]) == (400, "x-task-id")
    status, _ = world.refusal(
        "tasks.logs.add", {"logs": []}, headers={"x-task-id": "9"}
    )
    assert status == 404


def test_files_of_a_task_go_once_each(world: World, task: int) -> None:
    """Bytes are sent once; the next time their hash is enough."""
    content = b"weights" * 100
    value = base64.b64encode(hashlib.sha256(content).digest()).decode()
    described = json.dumps({"fullpath": "/out/w.pt", "hash": value}).encode()
    raw, headers = form([("0", None, described), ("0-file", "w.pt", content)])
    headers["x-task-id"] = str(task)
    assert world.send("tasks.files.bulk.upload", raw=raw, headers=headers).status == 200
    assert world.ask("images.internal.hashes.list", [value]) == [value]
    known = {"taskId": task, "files": [{"name": "again.pt", "hash": value}]}
    assert world.ask("tasks.files.bulk.add-by-hash", known)
    unknown = {"taskId": task, "files": [{"name": "x", "hash": "?"}]}
    assert world.refusal("tasks.files.bulk.add-by-hash", unknown)[0] == 404


def test_bytes_that_are_not_those_of_their_hash_are_refused(
    world: World, task: int
) -> None:
    """A given hash must be the hash of the bytes."""
    raw, headers = form([("0", None, b'{"hash": "AAAA"}'), ("0-file", "w", b"x")])
    headers["x-task-id"] = str(task)
    status, details = world.refusal("tasks.files.bulk.upload", raw=raw, headers=headers)
    assert (status, details["field"]) == (400, "0.hash")


def test_the_context_names_team_and_workspace(world: World, task: int) -> None:
    """A task's context has its team and workspace with names."""
    context = world.ask("GetTaskContext", {"id": task})
    assert context["team"]["id"] == 1
    assert set(context["workspace"]) == {"id", "name"}


def test_a_running_app_cannot_be_reached(world: World, task: int) -> None:
    """Commands for an app are refused for good, so that no client retries."""
    wanted = {"taskId": task, "command": "is_ready", "context": {}, "state": {}}
    assert world.refusal("tasks.request.direct", wanted)[0] == 400


def test_tasks_keep_their_numbers_whatever_is_given_of_them(world: World) -> None:
    """A task numbered by the instance stays itself when its status changes."""
    world.ask("lineage.facts.add", {"facts": [edge_fact(1, task="run-of-an-app")]})
    first = world.ask("lineage.register.task", {"name": "a"})["id"]
    second = world.ask("lineage.register.task", {"name": "b"})["id"]
    for number in (1, first, second):
        world.ask("tasks.status.update", {"id": number, "status": "stopped"})
        lines = {"logs": [{"message": "m"}]}
        world.ask("tasks.logs.add", lines, headers={"x-task-id": str(number)})
    page = world.ask("tasks.list", {"workspaceId": 1})
    assert [task["id"] for task in page["entities"]] == [1, first, second]
    assert {task["status"] for task in page["entities"]} == {"stopped"}


def test_a_task_that_ended_with_an_error_is_started_again(world: World) -> None:
    """The platform starts apps again on an error; the state follows each step."""
    task = world.ask("lineage.register.task", {"name": "t"})["id"]
    for status in ("error", "started", "deployed", "error", "queued", "finished"):
        world.ask("tasks.status.update", {"id": task, "status": status})
        shown = world.ask("tasks.info", {"id": task})
        assert shown["status"] == status
        assert (shown["finishedAt"] is None) is (status not in ("error", "finished"))


def test_a_session_has_a_token_and_its_app(world: World) -> None:
    """Apps read both, after a start and for a task registered with a module."""
    module = world.ask("lineage.register.module", {"name": "m"})["id"]
    body = {"moduleId": module, "appVersion": "v1", "workspaceId": 1}
    started = world.ask("tasks.run.app", body)[0]["taskId"]
    body = {"name": "t", "module_id": module}
    registered = world.ask("lineage.register.task", body)["id"]
    metas = [
        world.ask("tasks.info", {"id": id})["meta"] for id in (started, registered)
    ]
    assert metas[0]["app"]["id"] == metas[1]["app"]["id"] is not None
    assert metas[1]["app"]["version"] == "v1"
    assert metas[0]["sessionToken"] != metas[1]["sessionToken"]
    assert len(metas[0]["sessionToken"]) > 30


def test_further_fields_of_a_log_line_come_back(world: World, task: int) -> None:
    """Progress and events are fields of their own, and no part of the message."""
    line = {"message": "progress", "event_type": "PROGRESS", "current": 3, "total": 9}
    headers = {"x-task-id": str(task)}
    world.ask("tasks.logs.add", {"logs": [line, {"message": "plain"}]}, headers=headers)
    answer = world.send("tasks.log.download", query={"id": str(task)})
    progress, plain = json.loads(answer.content())
    assert {key: progress[key] for key in line} == line
    assert set(plain) == {"timestamp", "level", "message", "task_id"}
