"""Workflow: the bodies of the edges, and the contract of the methods."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import requests
from api_recorder import Recorder, Reply, page, reset
from freezegun import freeze_time

from lineage.api import Api, check_workflow_compatibility
from lineage.api.errors import HttpError, IncompatibleInstanceError
from lineage.api.workflow import Workflow
from lineage.errors import ApiError, DeliveryError
from lineage.model.infos import DatasetInfo, FileInfo, ProjectInfo
from lineage.model.meta import WorkflowMeta, WorkflowSettings

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


@pytest.fixture
def platform(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setenv("ENV", "production")
    monkeypatch.setenv("SUPERVISELY_TASK_ID", "77")
    monkeypatch.setenv("TEAM_ID", "9")
    server.on("instance.version", {"version": "6.12.0"})
    server.on("tasks.info", {"id": 77, "teamId": 5, "status": "started"})
    server.on("projects.versions.list", page({"id": 900, "version": 4}))
    server.on("file-storage.list", [{"id": 31, "path": "/a/b.txt"}])
    return server


@pytest.fixture
def workflow(platform: Recorder, make_api: Callable[..., Api]) -> Workflow:
    return make_api().app.workflow


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


def test_the_first_edge_asks_for_the_version_and_the_team_only(
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
    """An instance that tells no team is an error of that edge only."""
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
    """What was asked of the instance's version expires after ten minutes."""
    platform.on("instance.version", {"version": "6.0"}, {"version": "6.12"})
    with freeze_time("2026-01-01") as clock:
        assert workflow.add_input_job(1) is None
        clock.tick(599)
        assert workflow.add_input_job(1) is None
        clock.tick(2)
        assert workflow.add_input_job(1) == {}


def test_an_unknown_instance_recovers(workflow: Workflow, platform: Recorder) -> None:
    """A version that could not be asked for is asked again after half a minute."""
    platform.on("instance.version", Reply(404), {"version": "6.12"})
    with freeze_time("2026-01-01") as clock:
        assert workflow.add_input_job(1) is None
        clock.tick(31)
        assert workflow.add_input_job(1) == {}


def test_two_instances_do_not_share_a_verdict(
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


class ForeignApi:
    """An api with the SDK's attributes only, which remembers `unknown`."""

    def __init__(self, address: str, version: str = "6.12.0") -> None:
        self.task_id = "77"
        self.instance_version = version
        self._root = f"{address}/public/api/v3/"

    def post(self, method: str, data: Any, retries: Any = None, stream: bool = False,
             raise_error: bool = False) -> Any:  # fmt: skip
        response = requests.post(self._root + method, json=data, timeout=5)
        response.raise_for_status()
        return response


def edge(**fields: Any) -> dict[str, Any]:
    return {"f": "edge", "dir": "input", "kind": "job", "id": 4, "task": "k", **fields}


@pytest.mark.parametrize("is_foreign", [False, True])
@pytest.mark.parametrize(
    ("fact", "endpoint", "sent"),
    [
        (edge(), IN, {"type": "job", "id": 4}),
        (edge(id="4"), IN, {"type": "job", "id": 4}),
        (edge(kind="file", id="/a/b.txt", dir="output"), OUT,
         {"type": "file", "id": 31}),
        (edge(kind="file", id=3, is_model=True), IN, {"type": "model_weight", "id": 3}),
        (edge(kind="folder", id="a/b/"), IN, {"type": "folder", "id": "/a/b"}),
        (edge(kind="project", id=11), IN, {"type": "project", "id": 11}),
        (edge(kind="project", id=11, version_num=4), IN,
         {"type": "project_version", "id": 900}),
        (edge(kind="project", id=11, version_id=2), IN,
         {"type": "project_version", "id": 2}),
        (edge(kind="project", id=11, snapshot="before"), IN,
         {"type": "project_version", "id": 44}),
        (edge(kind="project", id=12, snapshot="before"), IN,
         {"type": "project", "id": 12}),
        (edge(kind="project", id=11, updates=True), IN,
         {"type": "project_version", "id": 44}),
        (edge(kind="project", id=11, updates=True, dir="output"), OUT,
         {"type": "project", "id": 11}),
        (edge(kind="app", id="run", module=True, dir="output"), OUT,
         {"type": "app_session", "id": "77"}),
        (edge(kind="app", id=9, dir="output"), OUT, {"type": "app_session", "id": 9}),
    ],
)  # fmt: skip
def test_a_recorded_edge_is_resolved_and_sent_once(
    platform: Recorder,
    make_api: Callable[..., Api],
    is_foreign: bool,
    fact: Any,
    endpoint: str,
    sent: Any,
) -> None:
    """A fact becomes the platform's edge, through our api and through any like it."""
    platform.on("projects.info", lambda r: (
        {"id": 11, "version": {"id": 44}} if r.json["id"] == 11 else {"id": 12}
    ))  # fmt: skip
    api: Any = ForeignApi(platform.address) if is_foreign else make_api()
    assert Workflow(api).send_edge(fact) == {}
    assert platform.last(endpoint) == {**N, **sent}


def test_a_circle_is_not_sent(workflow: Workflow, platform: Recorder) -> None:
    """The input of work in place on a project without versions is skipped."""
    platform.on("projects.info", {"id": 12, "version": None})
    assert workflow.send_edge(edge(kind="project", id=12, updates=True)) is None
    assert IN not in platform.methods


def test_the_sdks_snapshot_is_made(platform: Recorder) -> None:
    """With an api that can make project versions, a snapshot is made."""
    api: Any = ForeignApi(platform.address)

    class Version:
        @staticmethod
        def create(project: int, title: str, description: str) -> int:
            assert (project, title, description) == (11, "before", "before")
            return 70

    api.project = type("Project", (), {"version": Version})
    Workflow(api).send_edge(edge(kind="project", id=11, snapshot="before"))
    assert platform.last(IN)["id"] == 70


def test_links_of_cards_get_their_ids(workflow: Workflow, platform: Recorder) -> None:
    """`{id}`, `{task_id}` and `{module_id}` in a link stand for what was found."""
    platform.on("tasks.info", {"teamId": 5, "meta": {"app": {"moduleId": 8}}})
    url = "/apps/{module_id}/{task_id}/{id}"
    meta = {"customRelationSettings": {"mainLink": {"url": url, "title": "x"}}}
    workflow.send_edge(edge(meta=meta))
    link = platform.last(IN)["meta"]["customRelationSettings"]["mainLink"]
    assert link["url"] == "/apps/8/77/4"


def test_a_link_that_cannot_be_made_is_left_out(
    workflow: Workflow, platform: Recorder
) -> None:
    """A link to a module that the task does not have costs the link, not the edge."""
    settings = {"title": "t", "mainLink": {"url": "/apps/{module_id}", "title": "x"}}
    workflow.send_edge(edge(meta={"customNodeSettings": settings}))
    assert platform.last(IN)["meta"] == {"customNodeSettings": {"title": "t"}}


@pytest.mark.parametrize(
    "fact",
    [
        edge(kind="nothing"),
        edge(id=None),
        edge(id="abc"),
        edge(id=0),
        edge(kind="file", id="/nowhere"),
        edge(kind="file", id="s3://bucket/key"),
        edge(kind="project", id=11, version_num=99),
    ],
)
def test_what_can_never_be_sent_says_so(
    workflow: Workflow, platform: Recorder, fact: Any
) -> None:
    """An edge that names nothing is a `DeliveryError`; nothing leaves."""
    platform.on("projects.versions.list", page())
    with pytest.raises(DeliveryError):
        workflow.send_edge(fact)
    assert IN not in platform.methods


@pytest.mark.parametrize(
    ("answer", "is_retryable", "is_ambiguous"),
    [
        (Reply(400), False, False),
        (Reply(403), False, False),
        (Reply(404), False, False),
        (Reply(429, headers={"Retry-After": "7"}), True, False),
        (Reply(500), True, True),
        (Reply(503), True, False),
        (Reply(body=b"<html>"), True, True),
        (Reply(raw=reset), True, True),
    ],
)
@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_failing_edge_tells_whether_to_wait(
    platform: Recorder,
    make_api: Callable[..., Api],
    is_foreign: bool,
    answer: Reply,
    is_retryable: bool,
    is_ambiguous: bool,
) -> None:
    """`send_edge` tries once, and its error tells whether a later try may do."""
    platform.on(IN, answer)
    api: Any = ForeignApi(platform.address) if is_foreign else make_api()
    with pytest.raises(ApiError) as caught:
        Workflow(api).send_edge(edge())
    assert platform.methods.count(IN) == 1
    assert caught.value.is_retryable is is_retryable
    assert caught.value.is_ambiguous is is_ambiguous
    assert caught.value.endpoint == IN
    if answer.status == 429:
        assert caught.value.retry_after_s == 7


@pytest.mark.parametrize("version", ["6.0", "dev"])
def test_an_edge_waits_for_an_instance_that_takes_it(
    workflow: Workflow, platform: Recorder, version: str
) -> None:
    """Too old, or unknown: the error says to wait."""
    platform.on("instance.version", {"version": version})
    with pytest.raises(IncompatibleInstanceError) as caught:
        workflow.send_edge(edge())
    assert caught.value.is_retryable


def test_a_foreign_api_that_forgot_its_version_is_asked_anew(
    platform: Recorder,
) -> None:
    """The SDK keeps `unknown` for good; the gate asks past it."""
    api: Any = ForeignApi(platform.address, "unknown")
    assert check_workflow_compatibility(api, "6.9.31")
    platform.on("instance.version", Reply(500))
    assert not check_workflow_compatibility(api, "6.9.31")
    platform.on("instance.version", Reply(body=b"<html>"))
    assert not check_workflow_compatibility(api, "6.9.31")


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
