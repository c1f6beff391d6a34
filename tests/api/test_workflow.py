"""Workflow: the bodies of the edges, and the contract of the methods."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from api_recorder import Recorder, Reply, page, reset
from freezegun import freeze_time

from lineage.api import Api
from lineage.api.errors import HttpError
from lineage.api.workflow import Workflow
from lineage.model.meta import WorkflowMeta, WorkflowSettings
from lineage.model.platform_types import DatasetInfo, FileInfo, ProjectInfo

N = {"teamId": 5, "node": {"type": "task", "id": "77"}}
SETTINGS = WorkflowSettings("T", "file", "#1", "#2", "/x", "X", "D")
META = WorkflowMeta(SETTINGS, WorkflowSettings("N"))
META_JSON = {
    "customRelationSettings": {
        "title": "<h4>T</h4>",
        "description": "<small>D</small>",
        "icon": {"icon": "zmdi-file", "color": "#1", "backgroundColor": "#2"},
        "mainLink": {"url": "/x", "title": "X"},
    },
    "customNodeSettings": {"title": "<h4>N</h4>"},
}


def info(cls: Any, **fields: Any) -> Any:
    return cls(**{**dict.fromkeys(cls._fields), **fields})


IN, OUT = "workflow.node.add-input", "workflow.node.add-output"
OTHER = {"teamId": 5, "node": {"type": "task", "id": 88}}
GOLDEN = [
    ("add_input_project", (11,), {}, IN, {**N, "type": "project", "id": 11}),
    ("add_input_project", ("11",), {}, IN, {**N, "type": "project", "id": 11}),
    ("add_input_project", (info(ProjectInfo, id=11),), {}, IN,
     {**N, "type": "project", "id": 11}),
    ("add_input_project", (11,), {"version_id": 3}, IN,
     {**N, "type": "project_version", "id": 3}),
    ("add_input_project", (), {"version_id": 3}, IN,
     {**N, "type": "project_version", "id": 3}),
    ("add_input_project", (11,), {"version_num": 4}, IN,
     {**N, "type": "project_version", "id": 900}),
    ("add_input_dataset", (5,), {"task_id": 88}, IN,
     {**OTHER, "type": "dataset", "id": 5}),
    ("add_input_dataset", (info(DatasetInfo, id=6),), {}, IN,
     {**N, "type": "dataset", "id": 6}),
    ("add_input_file", (5, True), {}, IN, {**N, "type": "model_weight", "id": 5}),
    ("add_input_file", (info(FileInfo, id=8),), {}, IN, {**N, "type": "file", "id": 8}),
    ("add_input_file", ("/a/b.txt",), {}, IN, {**N, "type": "file", "id": 31}),
    ("add_input_file", ("a/b.txt",), {}, IN, {**N, "type": "file", "id": 31}),
    ("add_input_folder", ("a/b",), {}, IN, {**N, "type": "folder", "id": "/a/b"}),
    ("add_input_folder", ("//a//b/",), {}, IN, {**N, "type": "folder", "id": "/a/b"}),
    ("add_input_task", (66,), {}, IN, {**N, "type": "task", "id": 66}),
    ("add_input_task", (0,), {}, IN, {**N, "type": "task"}),
    ("add_input_job", (4,), {}, IN, {**N, "type": "job", "id": 4}),
    ("add_output_app", (), {}, OUT, {**N, "type": "app_session", "id": "77"}),
    ("add_output_app", (), {"task_id": 88}, OUT,
     {**OTHER, "type": "app_session", "id": 88}),
    ("add_output_project", (1,), {"version_id": 2}, OUT,
     {**N, "type": "project_version", "id": 2}),
    ("add_output_project", (1,), {}, OUT, {**N, "type": "project", "id": 1}),
    ("add_output_dataset", ("5",), {}, OUT, {**N, "type": "dataset", "id": "5"}),
    ("add_output_file", ("/a/b.txt",), {}, OUT,
     {**N, "type": "file", "id": "/a/b.txt"}),
    ("add_output_file", (7, True), {}, OUT, {**N, "type": "model_weight", "id": 7}),
    ("add_output_folder", ("/",), {}, OUT, {**N, "type": "folder", "id": "/"}),
    ("add_output_task", (99,), {}, OUT, {**N, "type": "task", "id": 99}),
    ("add_output_job", (99,), {}, OUT, {**N, "type": "job", "id": 99}),
    ("add_input_task", (66,), {"meta": META}, IN,
     {**N, "type": "task", "id": 66, "meta": META_JSON}),
    ("add_input_task", (66,), {"meta": META_JSON}, IN,
     {**N, "type": "task", "id": 66, "meta": META_JSON}),
    ("add_input_task", (66,), {"meta": {"customNodeSettings": {}}}, IN,
     {**N, "type": "task", "id": 66, "meta": {"customNodeSettings": {}}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "kwargs", "endpoint", "body"), GOLDEN)
def test_each_method_sends_the_body_of_the_platform(
    workflow: Workflow,
    platform: Recorder,
    name: str,
    args: Any,
    kwargs: Any,
    endpoint: str,
    body: Any,
) -> None:
    """Every method sends exactly the body that the wire reference gives."""
    platform.on(endpoint, {"answer": 1})
    assert getattr(workflow, name)(*args, **kwargs) == {"answer": 1}
    assert platform.last(endpoint) == body
    assert list(platform.last(endpoint))[:3] == ["teamId", "node", "type"]


def test_the_first_edge_looks_up_the_version_and_the_team_only(
    workflow: Workflow, platform: Recorder
) -> None:
    """A first edge costs two requests more, every later one a single request."""
    workflow.add_input_task(1)
    workflow.add_input_task(2)
    assert platform.methods == ["instance.version", "tasks.info", IN, IN]
    assert platform.sent("tasks.info") == [{"id": "77"}]


def test_lookups_are_the_platforms(workflow: Workflow, platform: Recorder) -> None:
    """A version number and a path are looked up with the bodies of the reference."""
    workflow.add_input_project(11, version_num=4)
    workflow.add_input_file("/a/b.txt")
    assert platform.last("projects.versions.list") == {
        "projectId": 11,
        "filter": [{"field": "version", "operator": "=", "value": 4}],
        "sort": "id",
        "sort_order": "asc",
    }
    assert platform.last("file-storage.list") == {
        "teamId": 9,
        "path": "/a/b.txt",
        "recursive": True,
    }


def test_each_task_has_its_own_team(workflow: Workflow, platform: Recorder) -> None:
    """The team is looked up for every task, and once for each."""
    platform.on("tasks.info", lambda r: {"teamId": int(r.json["id"]) * 10})
    for task in (1, 2, 1):
        workflow.add_input_job(4, task_id=task)
    assert [body["teamId"] for body in platform.sent(IN)] == [10, 20, 10]
    assert platform.methods.count("tasks.info") == 2


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("add_input_project", (), {}),
        ("add_input_project", (11,), {"version_id": 1, "version_num": 2}),
        ("add_input_project", (), {"version_num": 2}),
        ("add_input_project", (True,), {}),
        ("add_input_project", (11,), {"version_id": 0}),
        ("add_input_file", ("s3://bucket/x",), {}),
        ("add_input_file", ("/nowhere",), {}),
        ("add_input_file", (1.5,), {}),
        ("add_input_folder", (5,), {}),
        ("add_input_folder", ("../x",), {}),
        ("add_output_folder", ("https://host/x",), {}),
    ],
)
def test_what_names_nothing_gives_an_empty_answer_and_a_cause(
    workflow: Workflow,
    platform: Recorder,
    caplog: pytest.LogCaptureFixture,
    name: str,
    args: Any,
    kwargs: Any,
) -> None:
    """A caller's mistake is logged with its cause; no edge is sent."""
    with caplog.at_level(logging.WARNING):
        assert getattr(workflow, name)(*args, **kwargs) == {}
    assert name in caplog.text
    assert IN not in platform.methods
    assert OUT not in platform.methods


def test_an_unknown_version_number_is_no_whole_project(
    workflow: Workflow, platform: Recorder
) -> None:
    """A version that is not there is an error, rather than an edge to the project."""
    platform.on("projects.versions.list", page())
    assert workflow.add_input_project(11, version_num=4) == {}
    assert IN not in platform.methods


def test_without_a_task_nothing_is_sent(
    platform: Recorder, make_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that is not known costs the edge and a log line."""
    monkeypatch.delenv("SUPERVISELY_TASK_ID")
    assert make_api().app.workflow.add_input_job(1) == {}


def test_a_task_without_a_team_gives_an_empty_answer(
    workflow: Workflow, platform: Recorder
) -> None:
    """An instance that names no team is an error of that edge only."""
    platform.on("tasks.info", {"id": 77}, {"teamId": 3})
    assert workflow.add_input_job(1) == {}
    assert workflow.add_input_job(1) == {}
    assert platform.last(IN)["teamId"] == 3


def test_task_id_is_also_read_from_the_plain_variable(
    platform: Recorder, make_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`TASK_ID` names the task where the platform's own variable is not set."""
    monkeypatch.delenv("SUPERVISELY_TASK_ID")
    monkeypatch.setenv("TASK_ID", "12")
    make_api().app.workflow.add_input_job(1)
    assert platform.last(IN)["node"]["id"] == "12"


@pytest.mark.parametrize("meta", [{}, {"x": 1}, 5, WorkflowMeta(),
                                  {"customNodeSettings": {"title": None}}])  # fmt: skip
def test_a_card_that_would_be_refused_is_left_out(
    workflow: Workflow, platform: Recorder, meta: Any
) -> None:
    """An invalid card is warned of, and the edge goes without it."""
    assert workflow.add_input_job(1, meta=meta) == {}
    assert "meta" not in platform.last(IN)


def test_disabled_gives_none_and_one_warning(
    workflow: Workflow, platform: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """A disabled workflow sends nothing, and says so once a minute."""
    workflow.disable()
    assert workflow.add_input_job(1) is None
    assert workflow.add_input_job(1) is None
    assert not workflow.is_enabled()
    assert len([r for r in caplog.records if "disabled" in r.message]) <= 1
    assert platform.methods == []
    workflow.enable()
    assert workflow.add_input_job(1) == {}
    assert IN in platform.methods


@pytest.mark.parametrize(
    ("variables", "is_enabled"),
    [
        ({}, False),
        ({"ENV": "production"}, True),
        ({"ENV": "Production"}, False),
        ({"ENV": "production", "LINEAGE_ENABLED": "false"}, False),
        ({"LINEAGE_TARGET": "instance"}, True),
        ({"LINEAGE_TARGET": "local"}, False),
    ],
)
def test_who_starts_enabled(
    make_api: Callable[..., Api],
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    is_enabled: bool,
) -> None:
    """Production and an explicit target enable; `LINEAGE_ENABLED` switches off."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert make_api().app.workflow.is_enabled() is is_enabled


@pytest.mark.parametrize(
    ("version", "project", "job"),
    [
        ("6.9.31", True, False),
        ("6.11.11", True, True),
        ("6.9.30", False, False),
        ("6.9.31rc1", False, False),
        ("v7", True, True),
        ("6.12.4-abc123", True, True),
        ("dev", False, False),
        (None, False, False),
    ],
)
def test_each_kind_has_its_least_version(
    workflow: Workflow, platform: Recorder, version: Any, project: bool, job: bool
) -> None:
    """Edges of jobs need a newer instance than the others; too old gives None."""
    platform.on("instance.version", {} if version is None else {"version": version})
    assert (workflow.add_input_project(1) is not None) is project
    assert (workflow.add_input_job(1) is not None) is job


def test_an_upgraded_instance_is_noticed(
    workflow: Workflow, platform: Recorder
) -> None:
    """The instance's version expires after ten minutes."""
    platform.on("instance.version", {"version": "6.0"}, {"version": "6.12"})
    with freeze_time("2026-01-01") as clock:
        assert workflow.add_input_job(1) is None
        clock.tick(599)
        assert workflow.add_input_job(1) is None
        clock.tick(2)
        assert workflow.add_input_job(1) == {}


def test_an_unknown_instance_recovers(workflow: Workflow, platform: Recorder) -> None:
    """A version that could not be fetched is fetched again after half a minute."""
    platform.on("instance.version", Reply(404), {"version": "6.12"})
    with freeze_time("2026-01-01") as clock:
        assert workflow.add_input_job(1) is None
        clock.tick(31)
        assert workflow.add_input_job(1) == {}


def test_two_instances_do_not_share_a_result(
    platform: Recorder, make_api: Callable[..., Api]
) -> None:
    """The gate belongs to one api, not to the process."""
    old, new = make_api(), make_api()
    platform.on("instance.version", {"version": "6.0"}, {"version": "6.12"})
    assert old.app.workflow.add_input_job(1) is None
    assert new.app.workflow.add_input_job(1) == {}


@pytest.mark.parametrize(
    "answer",
    [Reply(400), Reply(403), Reply(404), Reply(500), Reply(body=b"<html>"),
     Reply(raw=reset)],
)  # fmt: skip
def test_a_failing_instance_never_raises(
    platform: Recorder, make_api: Callable[..., Api], answer: Reply
) -> None:
    """Whatever the instance answers to an edge, the method gives `{}`."""
    platform.on(IN, answer)
    assert make_api(retry_count=2).app.workflow.add_input_job(1) == {}


def test_strict_mode_raises(
    platform: Recorder, make_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`LINEAGE_STRICT` lets the cause out."""
    monkeypatch.setenv("LINEAGE_STRICT", "true")
    platform.on(IN, Reply(403, b'{"error": "no", "details": {"message": "why"}}'))
    with pytest.raises(HttpError) as caught:
        make_api().app.workflow.add_input_job(1)
    assert (caught.value.server_error, caught.value.server_message) == ("no", "why")


def test_the_gate_is_a_decorator_for_other_classes(
    platform: Recorder, make_api: Callable[..., Api]
) -> None:
    """`check_instance_compatibility` guards methods of any class like `Workflow`."""

    class Mine(Workflow):
        @Workflow.check_instance_compatibility("6.12.0")
        def newer(self, value: int) -> int:
            """Say it."""
            return value

        @Workflow.check_instance_compatibility()
        def older(self) -> int:
            return 2

    mine = Mine(make_api())
    assert (mine.newer(3), mine.older(), mine.newer.__doc__) == (3, 2, "Say it.")
    mine.disable()
    assert mine.newer(3) is None
    mine.enable()
    platform.on("instance.version", {"version": "6.11.0"})
    mine._api.versions.forget()
    assert (mine.newer(3), mine.older()) == (None, 2)


def test_each_cause_is_logged(
    workflow: Workflow, platform: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """The traceback comes once a minute, the cause every time."""
    with caplog.at_level(logging.INFO):
        for path in ("/one", "/two"):
            workflow.add_input_file(path)
    assert "/one is not in Team Files" in caplog.text
    assert "/two is not in Team Files" in caplog.text
    assert len([r for r in caplog.records if r.exc_info]) == 1
