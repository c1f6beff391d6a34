"""Tasks as the platform shows them: started, changed, logged, with their files."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from instance_fixture import InstanceFixture, edge_fact, form

from lineage.instance.platform.task_records import STATUSES


@pytest.fixture
def task(instance: InstanceFixture) -> int:
    """A task that was registered."""
    return int(
        instance.call("lineage.register.task", {"name": "Train", "id": 77})["id"]
    )


def test_a_task_given_by_facts_is_known(instance: InstanceFixture) -> None:
    """A task known from facts is a task of the platform's endpoints."""
    instance.call("lineage.facts.add", {"facts": [edge_fact(1, task_id=12)]})
    shown = instance.call("tasks.info", {"id": "12"})
    assert (shown["id"], shown["teamId"], shown["status"]) == (12, 1, "started")


def test_a_client_may_look_its_own_task_up_before_its_first_edge(
    instance: InstanceFixture,
) -> None:
    """`x-task-id` vouches for a task that is not known yet; others are 404."""
    shown = instance.call("tasks.info", {"id": "77"}, headers={"x-task-id": "77"})
    assert (shown["id"], shown["teamId"]) == (77, 1)
    assert instance.refusal("tasks.info", {"id": "78"})[0] == 404


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_of_the_platform_is_kept(
    instance: InstanceFixture, task: int, status: str
) -> None:
    """A status that was set is shown."""
    instance.call("tasks.status.update", {"id": task, "status": status})
    assert instance.call("tasks.info", {"id": task})["status"] == status


def test_an_unknown_status_is_refused(instance: InstanceFixture, task: int) -> None:
    """The refusal names the words that are allowed."""
    status, details = instance.refusal(
        "tasks.status.update", {"id": task, "status": "x"}
    )
    assert (status, details["field"]) == (400, "status")
    assert "finished" in details["allowed"]


def test_a_stopped_task_stays_as_it_ended(instance: InstanceFixture, task: int) -> None:
    """Stopping ends a running task and leaves a finished one alone."""
    assert instance.call("tasks.stop", {"id": task})["status"] == "stopped"
    other = instance.call("lineage.register.task", {"name": "b", "status": "finished"})
    assert instance.call("tasks.stop", {"id": other["id"]})["status"] == "finished"


def test_fields_are_set_appended_and_merged(
    instance: InstanceFixture, task: int
) -> None:
    """Fields are paths; `append` extends, `recursive` merges."""

    def put(field: str, payload: object, **how: bool) -> None:
        wanted = {"field": field, "payload": payload, **how}
        instance.call("tasks.data.set", {"taskId": task, "fields": [wanted]})

    put("data.a.b", 1)
    put("data.list", [1])
    put("data.list", [2], append=True)
    put("data.list", 3, append=True)
    put("data.text", "x")
    put("data.text", "y", append=True)
    put("data.a", {"c": 2}, recursive=True)
    names = ["data.a", "data.list", "data.text", "data.none"]
    got = instance.call("tasks.data.get", {"taskId": str(task), "fields": names})
    assert got["result"] == {
        "data.a": {"b": 1, "c": 2},
        "data.list": [1, 2, 3],
        "data.text": "xy",
    }


def test_one_bad_field_sets_none(instance: InstanceFixture, task: int) -> None:
    """Fields are set all or none."""
    deep = ".".join("x" * 40)
    wanted = [{"field": "good", "payload": 1}, {"field": deep, "payload": 1}]
    status, _ = instance.refusal("tasks.data.set", {"taskId": task, "fields": wanted})
    assert status == 400
    got = instance.call("tasks.data.get", {"taskId": task, "fields": ["good"]})
    assert got == {"result": {}}


def test_output_and_meta_are_shown_with_the_task(
    instance: InstanceFixture, task: int
) -> None:
    """What the task's card shows, and meta that was set, are in its info."""
    output = {"general": {"title": "report"}}
    instance.call("tasks.output.set", {"taskId": task, "output": output})
    folder = {"hostDir": "/h", "folder": "f"}
    instance.call("tasks.meta.update", {"id": task, "agentStorageFolder": folder})
    meta = instance.call("tasks.info", {"id": task})["meta"]
    assert (meta["output"], meta["agentStorageFolder"]) == (output, folder)


def test_content_of_a_running_app_is_kept(instance: InstanceFixture, task: int) -> None:
    """The private content update is accepted for a known task only."""
    payload = {"data": [{"op": "add"}], "state": {"a": 1}}
    assert instance.call("tasks.app-v2.data.set", {"taskId": task, "payload": payload})
    status, _ = instance.refusal("tasks.app-v2.data.set", {"taskId": 5, "payload": {}})
    assert status == 404


def test_logs_come_back_from_a_time_on(instance: InstanceFixture, task: int) -> None:
    """Lines are the caller's own task's, in order, cut by time and by limit."""
    lines = [
        {"message": f"m{n}", "level": "info", "timestamp": f"2026-03-30T14:28:0{n}Z"}
        for n in range(4)
    ]
    instance.call("tasks.logs.add", {"logs": lines}, headers={"x-task-id": str(task)})

    def read(**query: str) -> list[str]:
        answer = instance.send("tasks.log.download", query={"id": str(task), **query})
        return [line["message"] for line in json.loads(answer.content())]

    assert read() == ["m0", "m1", "m2", "m3"]
    assert read(sinceTime="2026-03-30T14:28:02Z", limit="0") == ["m2", "m3"]
    assert read(limit="1") == ["m0"]


def test_logs_without_a_task_are_refused(instance: InstanceFixture) -> None:
    """Only the header says whose lines they are."""
    status, details = instance.refusal("tasks.logs.add", {"logs": []})
    assert (status, details["field"]) == (400, "x-task-id")
    status, _ = instance.refusal(
        "tasks.logs.add", {"logs": []}, headers={"x-task-id": "9"}
    )
    assert status == 404


def test_files_of_a_task_go_once_each(instance: InstanceFixture, task: int) -> None:
    """Bytes are sent once; the next time their hash is enough."""
    content = b"weights" * 100
    value = base64.b64encode(hashlib.sha256(content).digest()).decode()
    described = json.dumps({"fullpath": "/out/w.pt", "hash": value}).encode()
    raw, headers = form([("0", None, described), ("0-file", "w.pt", content)])
    headers["x-task-id"] = str(task)
    assert (
        instance.send("tasks.files.bulk.upload", raw=raw, headers=headers).status == 200
    )
    assert instance.call("images.internal.hashes.list", [value]) == [value]
    known = {"taskId": task, "files": [{"name": "again.pt", "hash": value}]}
    assert instance.call("tasks.files.bulk.add-by-hash", known)
    unknown = {"taskId": task, "files": [{"name": "x", "hash": "?"}]}
    assert instance.refusal("tasks.files.bulk.add-by-hash", unknown)[0] == 404


def test_bytes_that_are_not_those_of_their_hash_are_refused(
    instance: InstanceFixture, task: int
) -> None:
    """A given hash must be the hash of the bytes."""
    raw, headers = form([("0", None, b'{"hash": "AAAA"}'), ("0-file", "w", b"x")])
    headers["x-task-id"] = str(task)
    status, details = instance.refusal(
        "tasks.files.bulk.upload", raw=raw, headers=headers
    )
    assert (status, details["field"]) == (400, "0.hash")


def test_the_context_names_team_and_workspace(
    instance: InstanceFixture, task: int
) -> None:
    """A task's context has its team and workspace with names."""
    context = instance.call("GetTaskContext", {"id": task})
    assert context["team"]["id"] == 1
    assert set(context["workspace"]) == {"id", "name"}


def test_a_running_app_cannot_be_reached(instance: InstanceFixture, task: int) -> None:
    """Commands for an app are refused for good, so that no client retries."""
    wanted = {"taskId": task, "command": "is_ready", "context": {}, "state": {}}
    assert instance.refusal("tasks.request.direct", wanted)[0] == 400


def test_tasks_keep_their_numbers_whatever_is_given_of_them(
    instance: InstanceFixture,
) -> None:
    """A task numbered by the instance stays itself when its status changes."""
    instance.call("lineage.facts.add", {"facts": [edge_fact(1, task="run-of-an-app")]})
    first = instance.call("lineage.register.task", {"name": "a"})["id"]
    second = instance.call("lineage.register.task", {"name": "b"})["id"]
    for number in (1, first, second):
        instance.call("tasks.status.update", {"id": number, "status": "stopped"})
        lines = {"logs": [{"message": "m"}]}
        instance.call("tasks.logs.add", lines, headers={"x-task-id": str(number)})
    page = instance.call("tasks.list", {"workspaceId": 1})
    assert [task["id"] for task in page["entities"]] == [1, first, second]
    assert {task["status"] for task in page["entities"]} == {"stopped"}


def test_a_task_that_ended_with_an_error_is_started_again(
    instance: InstanceFixture,
) -> None:
    """The platform starts apps again on an error; the state follows each step."""
    task = instance.call("lineage.register.task", {"name": "t"})["id"]
    for status in ("error", "started", "deployed", "error", "queued", "finished"):
        instance.call("tasks.status.update", {"id": task, "status": status})
        shown = instance.call("tasks.info", {"id": task})
        assert shown["status"] == status
        assert (shown["finishedAt"] is None) is (status not in ("error", "finished"))


def test_a_session_has_a_token_and_its_app(instance: InstanceFixture) -> None:
    """Apps read both, after a start and for a task registered with a module."""
    module = instance.call("lineage.register.module", {"name": "m"})["id"]
    body = {"moduleId": module, "appVersion": "v1", "workspaceId": 1}
    started = instance.call("tasks.run.app", body)[0]["taskId"]
    body = {"name": "t", "module_id": module}
    registered = instance.call("lineage.register.task", body)["id"]
    metas = [
        instance.call("tasks.info", {"id": id})["meta"] for id in (started, registered)
    ]
    assert metas[0]["app"]["id"] == metas[1]["app"]["id"] is not None
    assert metas[1]["app"]["version"] == "v1"
    assert metas[0]["sessionToken"] != metas[1]["sessionToken"]
    assert len(metas[0]["sessionToken"]) > 30


def test_further_fields_of_a_log_line_come_back(
    instance: InstanceFixture, task: int
) -> None:
    """Progress and events are fields of their own, and no part of the message."""
    line = {"message": "progress", "event_type": "PROGRESS", "current": 3, "total": 9}
    headers = {"x-task-id": str(task)}
    instance.call(
        "tasks.logs.add", {"logs": [line, {"message": "plain"}]}, headers=headers
    )
    answer = instance.send("tasks.log.download", query={"id": str(task)})
    progress, plain = json.loads(answer.content())
    assert {key: progress[key] for key in line} == line
    assert set(plain) == {"timestamp", "level", "message", "task_id"}
