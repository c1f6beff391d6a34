"""App modules, the apps made of them, and their sessions."""

from __future__ import annotations

import io
import tarfile

import pytest
from instance_fixture import InstanceFixture


@pytest.fixture
def module(instance: InstanceFixture) -> int:
    """A module that was registered."""
    wanted = {
        "name": "Train YOLO",
        "slug": "org/train-yolo",
        "config": {"categories": ["neural network", "train"]},
        "readme": "Reads.",
        "files": {"src/main.py": "print()\n"},
    }
    return int(instance.call("lineage.register.module", wanted)["id"])


def start(instance: InstanceFixture, module: int, **wanted: object) -> dict[str, int]:
    """Start the module's app."""
    body = {
        "moduleId": module,
        "agentId": None,
        "workspaceId": 2,
        "params": {},
        **wanted,
    }
    started: dict[str, int] = instance.call("tasks.run.app", body)[0]
    return started


def test_a_module_is_found_by_id_slug_search_and_category(
    instance: InstanceFixture, module: int
) -> None:
    """Every way to look up a module leads to it, with its keys."""
    shown = instance.call("ecosystem.info", {"id": module})
    keys = {"id", "slug", "name", "type", "config", "createdAt", "updatedAt", "meta"}
    assert set(shown) >= keys
    assert shown["meta"]["releases"][0]["version"] == "v1"
    assert instance.call("ecosystem.info", {"slug": "org/train-yolo"}) == shown
    for wanted in (
        {"search": "yolo"},
        {"categories": ["train", "other"]},
        {"categories": ["train", "neural network"], "categoriesOperation": "and"},
        {"filter": [{"field": "slug", "operator": "=", "value": "org/train-yolo"}]},
    ):
        assert instance.call("ecosystem.list", wanted)["entities"] == [shown]
    nothing = {"categories": ["train", "other"], "categoriesOperation": "and"}
    assert instance.call("ecosystem.list", nothing)["entities"] == []


def test_starting_an_app_makes_a_task_and_the_app(
    instance: InstanceFixture, module: int
) -> None:
    """A started app is a queued task with the app, module and state it was given."""
    first = start(instance, module, params={"state": {"x": 1}}, taskName="mine")
    second = start(instance, module)
    assert first["appId"] == second["appId"]
    task = instance.call("tasks.info", {"id": first["taskId"]})
    assert task["status"] == "queued"
    assert task["meta"]["app"]["moduleId"] == module
    assert task["settings"]["message"]["state"] == {"x": 1}
    page = instance.call("tasks.list", {"workspaceId": 2, "filter": []})
    assert [t["id"] for t in page["entities"]] == [first["taskId"], second["taskId"]]


def test_apps_and_sessions_are_listed(instance: InstanceFixture, module: int) -> None:
    """A team's apps come with their tasks; sessions are filtered by status."""
    started = start(instance, module)
    instance.call("tasks.stop", {"id": start(instance, module)["taskId"]})
    wanted = {
        "teamId": 1,
        "filter": [{"field": "moduleId", "operator": "=", "value": module}],
        "onlyRunning": False,
    }
    (app,) = instance.call("apps.list", wanted)["entities"]
    assert (app["id"], len(app["tasks"])) == (started["appId"], 2)
    (running,) = instance.call("apps.list", {**wanted, "onlyRunning": True})["entities"]
    assert [task["id"] for task in running["tasks"]] == [started["taskId"]]
    assert instance.call("apps.info", {"id": app["id"]})["moduleId"] == module
    wanted = [{"field": "status", "operator": "in", "value": ["stopped"]}]
    sessions = instance.call(
        "apps.tasks.list", {"teamId": 1, "appId": app["id"], "filter": wanted}
    )
    (session,) = sessions["entities"]
    assert session["meta"]["app"]["id"] == app["id"]
    assert session["createdBy"] == 1


@pytest.mark.parametrize("wanted", [{}, {"moduleId": 1, "appId": 1}])
def test_an_app_is_started_by_exactly_one_id(
    instance: InstanceFixture, wanted: dict[str, int]
) -> None:
    """Neither or both ids are refused."""
    status, details = instance.refusal("tasks.run.app", wanted)
    assert (status, details["field"]) == (400, "moduleId")


def test_files_of_a_module_are_sent_alone_or_packed(
    instance: InstanceFixture, module: int
) -> None:
    """A file has its exact length; an archive holds all files."""
    one = instance.send(
        "ecosystem.file.download", {"moduleId": module, "filePath": "src/main.py"}
    )
    assert one.content() == b"print()\n"
    assert one.headers["content-length"] == "8"
    packed = instance.send(
        "ecosystem.file.download",
        {"moduleId": module, "version": None, "isArchive": True},
    )
    with tarfile.open(fileobj=io.BytesIO(packed.content())) as archive:
        assert set(archive.getnames()) == {"config.json", "README.md", "src/main.py"}


def test_what_a_module_does_not_have_is_refused(
    instance: InstanceFixture, module: int
) -> None:
    """An unknown file, and no file at all, are refused."""
    method = "ecosystem.file.download"
    assert instance.refusal(method, {"moduleId": module, "filePath": "no"})[0] == 404
    assert instance.refusal(method, {"moduleId": module})[0] == 400
    assert instance.refusal(method, {})[0] == 400
    assert instance.refusal("ecosystem.info", {})[0] == 400
    assert instance.refusal("ecosystem.info", {"slug": "none"})[0] == 404


def test_a_preview_token_is_plain_text(instance: InstanceFixture) -> None:
    """The token's answer is text, not JSON."""
    wanted = {"slug": "x"}
    answer = instance.send("instance.get-render-previews-session-token", wanted)
    assert answer.headers["content-type"] == "text/plain"
    assert b'"' not in answer.content()


def test_apps_are_filtered_by_their_config_and_their_repository(
    instance: InstanceFixture,
) -> None:
    """Tags of sessions, places of the interface and the repository narrow the list."""
    for slug, config in (
        ("a/one", {"session_tags": ["deployed_nn"], "integrated_into": ["files"]}),
        ("a/two", {"session_tags": ["other"], "integrated_into": ["files", "panel"]}),
    ):
        body = {"name": slug, "slug": slug, "config": config}
        module = instance.call("lineage.register.module", body)["id"]
        instance.call("tasks.run.app", {"moduleId": module, "appVersion": "v1"})

    def slugs(**wanted: object) -> list[str]:
        listed = instance.call("apps.list", {"teamId": 1, **wanted})["entities"]
        return [app["slug"] for app in listed]

    assert slugs() == ["a/one", "a/two"]
    assert slugs(sessionTags=["deployed_nn", "x"]) == ["a/one"]
    assert slugs(integratedInto=["files"]) == ["a/one", "a/two"]
    assert slugs(integratedInto=["panel"], sessionTags=["deployed_nn"]) == []
    assert slugs(repositoryKey="a/two") == ["a/two"]
    assert slugs(onlyRunning=True, repositoryKey="a/two") == ["a/two"]


def test_only_running_sessions_are_shown_unless_all_are_wanted(
    instance: InstanceFixture,
) -> None:
    """Without `forceAllSessions` an app is listed with the sessions that run."""
    module = instance.call("lineage.register.module", {"name": "m"})["id"]
    body = {"moduleId": module, "appVersion": "v1"}
    ended, running = (
        instance.call("tasks.run.app", body)[0]["taskId"] for _ in range(2)
    )
    instance.call("tasks.stop", {"id": ended})

    def sessions(is_all: bool) -> list[int]:
        listing = {"teamId": 1, "forceAllSessions": is_all}
        (app,) = instance.call("apps.list", listing)["entities"]
        return [task["id"] for task in app["tasks"]]

    assert sessions(True) == [ended, running]
    assert sessions(False) == [running]


def test_a_release_that_is_not_there_is_refused(instance: InstanceFixture) -> None:
    """A module is shown for its own releases; the refusal names them."""
    body = {"name": "m", "version": "v1.2"}
    module = instance.call("lineage.register.module", body)["id"]
    assert (
        instance.call("ecosystem.info", {"id": module, "version": "v1.2"})["name"]
        == "m"
    )
    wrong = {"id": module, "version": "v9"}
    status, details = instance.refusal("ecosystem.info", wrong)
    assert (status, details["field"], details["allowed"]) == (404, "version", "v1.2")
