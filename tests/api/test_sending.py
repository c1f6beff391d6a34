"""`send_edge`: recorded edges, resolved and sent once, through any api."""

# Longer than 400 lines: one table of what is sent and what is not.

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from api_recorder import Recorder, Reply, page, reset

from lineage.api import Api, check_workflow_compatibility
from lineage.api.errors import HttpError, IncompatibleInstanceError
from lineage.api.workflow import Workflow
from lineage.errors import ApiError, DeliveryError

N = {"teamId": 5, "node": {"type": "task", "id": "77"}}
IN, OUT = "workflow.node.add-input", "workflow.node.add-output"


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


def refused(body: dict[str, Any]) -> Reply:
    """An answer 400."""
    return Reply(400, json.dumps(body).encode())


def unchanged(version_id: int) -> Reply:
    """The platform's answer to a reservation for an unchanged project."""
    version = {"id": version_id, "version": 4}
    details = {"useExistingVersion": True, "version": version, "message": "no changes"}
    return refused({"error": "BAD_REQUEST", "details": details})


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
    platform.on("projects.info", {"id": 11, "version": {"id": 44}})
    platform.on("projects.versions.reserve", lambda r: (
        unchanged(44) if r.json["projectId"] == 11 else {"id": 45, "commitToken": "c"}
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
def test_what_can_never_be_sent_is_reported(
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
def test_a_failing_edge_shows_whether_to_wait(
    platform: Recorder,
    make_api: Callable[..., Api],
    is_foreign: bool,
    answer: Reply,
    is_retryable: bool,
    is_ambiguous: bool,
) -> None:
    """`send_edge` tries once, and its error says whether a later try may succeed."""
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


def test_a_foreign_api_that_forgot_its_version_is_queried_again(
    platform: Recorder,
) -> None:
    """The SDK keeps `unknown` for good; the gate asks past it."""
    api: Any = ForeignApi(platform.address, "unknown")
    assert check_workflow_compatibility(api, "6.9.31")
    platform.on("instance.version", Reply(500))
    assert not check_workflow_compatibility(api, "6.9.31")
    platform.on("instance.version", Reply(body=b"<html>"))
    assert not check_workflow_compatibility(api, "6.9.31")


class Broken:
    """An api whose `post` fails as configured, and takes no options."""

    task_id = "77"

    def __init__(self, error: Exception, version: str = "6.12") -> None:
        self.instance_version = version
        self._error = error

    def post(self, method: str, data: Any) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "is_retryable"),
    [
        (requests.HTTPError("no response"), False),
        (requests.exceptions.RetryError("used up"), True),
        (requests.ConnectionError("gone"), True),
        (requests.exceptions.InvalidURL("bad"), False),
        (HttpError("ours"), False),
    ],
)
def test_errors_of_other_apis_are_translated(
    error: Exception, is_retryable: bool
) -> None:
    """What an api raises comes out as an `ApiError` that says whether to wait."""
    with pytest.raises(ApiError) as caught:
        Workflow(Broken(error)).send_edge(edge())
    assert caught.value.is_retryable is is_retryable


@pytest.mark.parametrize("error", [HttpError("ours"), requests.ConnectionError("x")])
def test_a_version_that_cannot_be_queried_is_unknown(error: Exception) -> None:
    """An api that forgot its version, and fails to fetch it, keeps edges waiting."""
    with pytest.raises(IncompatibleInstanceError):
        Workflow(Broken(error, "unknown")).send_edge(edge())


def test_teams_of_many_tasks_are_not_kept_for_ever(
    workflow: Workflow, platform: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest is forgotten, and fetched again."""
    monkeypatch.setattr("lineage.api.lookups._REMEMBERED", 2)
    for task in (1, 2, 3, 3, 1):
        workflow.send_edge(edge(task_id=task))
    assert [body["id"] for body in platform.sent("tasks.info")] == [1, 2, 3, 1]


def test_a_path_is_looked_up_in_the_tasks_team_without_another(
    workflow: Workflow, platform: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`TEAM_ID` names the team of paths; without it the task's own serves."""
    monkeypatch.delenv("TEAM_ID")
    workflow.send_edge(edge(kind="file", id="/a/b.txt"))
    assert platform.last("file-storage.list")["teamId"] == 5


def _fails(*_: Any) -> None:
    raise ValueError("Unsupported project type: meshes")


@pytest.mark.parametrize("create", [lambda *_: None, _fails])
def test_a_version_that_could_not_be_made_is_not_replaced_by_the_last_one(
    platform: Recorder, create: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The edge names the whole project then, with one warning for many edges."""
    api: Any = ForeignApi(platform.address)
    version = type("Version", (), {"create": staticmethod(create)})
    api.project = type("Project", (), {"version": version})
    platform.on("projects.info", {"id": 11, "version": {"id": 44}})
    for _ in range(3):
        Workflow(api).send_edge(edge(kind="project", id=11, snapshot="x"))
    assert platform.last(IN) == {**N, "type": "project", "id": 11}
    assert caplog.text.count("has no version of its present state") == 1


def test_a_snapshot_waits_while_another_process_commits(
    workflow: Workflow, platform: Recorder
) -> None:
    """A reservation refused for the moment is tried again later; nothing is sent."""
    details = {"message": "Project is already committing by another process"}
    platform.on("projects.versions.reserve", refused({"details": details}))
    with pytest.raises(ApiError) as caught:
        workflow.send_edge(edge(kind="project", id=11, snapshot="x"))
    assert caught.value.is_retryable
    assert IN not in platform.methods


def test_a_snapshot_is_made_in_a_lineage_instance(
    workflow: Workflow, platform: Recorder
) -> None:
    """Our client reserves and commits a version, and the edge names it."""
    platform.on("instance.version", {
        "version": "6.18.3", "lineage": {"protocol": 1, "version": "1"},
    })  # fmt: skip
    platform.on("projects.versions.reserve", {"id": 70, "commitToken": "c"})
    platform.on("projects.versions.commit", {"success": True})
    workflow.send_edge(edge(kind="project", id=11, snapshot="before"))
    assert platform.last("projects.versions.commit") == {
        "id": 70, "commitToken": "c", "title": "before", "description": "before",
    }  # fmt: skip
    assert platform.last(IN)["id"] == 70


def test_a_card_without_a_link_stays(workflow: Workflow, platform: Recorder) -> None:
    """Only links have ids to be filled in."""
    meta = {"customNodeSettings": {"title": "{id}"}}
    workflow.send_edge(edge(meta=meta))
    assert platform.last(IN)["meta"] == meta


@pytest.mark.parametrize(
    ("app", "sent"),
    [
        ({"moduleId": 8, "id": 6}, "/apps/8/6/sessions/77"),
        ({"moduleId": 8}, "/apps/8/sessions/77"),
        ({}, "/apps/sessions/77"),
    ],
)
def test_an_unknown_id_leaves_its_part_of_the_link_out(
    workflow: Workflow, platform: Recorder, app: Any, sent: str
) -> None:
    """A task without a module still has the page of its session."""
    platform.on("tasks.info", {"teamId": 5, "meta": {"app": app}})
    link = {"url": "/apps/{module_id}/{app_id}/sessions/{task_id}", "title": "Open"}
    workflow.send_edge(edge(meta={"customNodeSettings": {"mainLink": link}}))
    assert platform.last(IN)["meta"]["customNodeSettings"]["mainLink"]["url"] == sent


@pytest.mark.parametrize("url", ["/apps/{module_id}", "/x?module={module_id}"])
def test_a_link_that_ends_in_an_unknown_id_is_left_out(
    workflow: Workflow, platform: Recorder, url: str
) -> None:
    """Such a link would lead to something else, so the card goes without it."""
    settings = {"title": "T", "mainLink": {"url": url, "title": "Open"}}
    workflow.send_edge(edge(meta={"customNodeSettings": settings}))
    assert platform.last(IN)["meta"]["customNodeSettings"] == {"title": "T"}


def test_a_relative_link_is_sent_as_it_is(
    workflow: Workflow, platform: Recorder
) -> None:
    """Public apps write `apps/sessions/5`, and the platform takes it."""
    settings = {"mainLink": {"url": "apps/sessions/5", "title": "Open"}}
    workflow.send_edge(edge(meta={"customNodeSettings": settings}))
    assert platform.last(IN)["meta"]["customNodeSettings"] == settings


@pytest.mark.parametrize("name", ["add_input_task", "add_output_task"])
def test_no_edge_belongs_to_task_zero(
    workflow: Workflow, platform: Recorder, name: str
) -> None:
    """`task_id=0` sends nothing, as the platform's SDK does."""
    assert getattr(workflow, name)(66, task_id=0) == {}
    assert platform.methods == ["instance.version"]


def test_a_version_made_for_an_edge_is_made_once(platform: Recorder) -> None:
    """When sending the edge fails, the next attempt sends the version that was made."""
    api: Any = ForeignApi(platform.address)
    made: list[int] = []

    class Version:
        @staticmethod
        def create(project: int, title: str, description: str) -> int:
            made.append(70 + len(made))
            return made[-1]

    api.project = type("Project", (), {"version": Version})
    workflow = Workflow(api)
    fact = edge(kind="project", id=11, snapshot="before", uid="seg-1")
    platform.on(IN, Reply(500, b"{}"))
    for _ in range(3):
        with pytest.raises(ApiError):
            workflow.send_edge(fact)
    platform.on(IN, {"success": True})
    workflow.send_edge(fact)
    assert made == [70]
    assert platform.last(IN)["id"] == 70
    workflow.send_edge({**fact, "uid": "seg-2"})
    assert made == [70, 71]
