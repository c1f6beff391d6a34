"""Names of platform objects that an app gave only ids of."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from api_recorder import Recorder, Reply
from journal_tools import run_script, wait_for

import lineage
from lineage.delivery.platform_names import PlatformNames
from lineage.errors import ApiError

APP = """
import lineage
with lineage.task(name="Train") as task:
    task.uses_project(12)
    task.uses_dataset(7)
    task.uses_job(4)
    task.uses_task(66)
    task.produces_file(52)
"""
ANSWERS = {
    "projects.info": {"id": 12, "name": "Road signs"},
    "datasets.info": {"id": 7, "name": "day"},
    "jobs.info": {"id": 4, "name": "Label signs"},
    "tasks.info": {"id": 66, "meta": {"app": {"id": 6, "name": "Detector"}}},
    "file-storage.info": {"id": 52, "name": "best.pt"},
}


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A platform beside the embedded instance, in this process's environment."""
    recorder = Recorder()
    for method, answer in ANSWERS.items():
        recorder.on(method, answer)
    monkeypatch.setenv("SERVER_ADDRESS", recorder.address)
    monkeypatch.setenv("API_TOKEN", "t" * 128)
    monkeypatch.setenv("SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK", "1")
    yield recorder
    recorder.close()


def names() -> set[str]:
    """The names of what the runs named `Train` used and produced."""
    answer = lineage.graph().get("+app:Train+")
    return {node.name for node in answer.nodes}


def test_objects_that_were_given_by_id_get_their_names(
    platform: Recorder, clean_environment: Path
) -> None:
    """The recorder asks for each once, in the background; a search finds the name."""
    exec(APP, {})
    exec(APP, {})
    wanted = {"Train", "Road signs", "day", "Label signs", "Detector", "best.pt"}
    wait_for(lambda: lineage.flush(20) and names() == wanted)
    (hit,) = lineage.graph().search("road").hits
    assert hit.node.name == "Road signs"
    looked_up = sorted(method for method in platform.methods if method in ANSWERS)
    assert looked_up == sorted(ANSWERS)


@pytest.mark.parametrize(
    "more",
    [
        {"LINEAGE_NAMES": "off"},
        {"ENV": "production", "SUPERVISELY_TASK_ID": "77"},
    ],
    ids=["switched off", "the platform is the target"],
)
def test_the_platform_is_not_queried_where_nobody_needs_names(
    platform: Recorder, clean_environment: Path, more: dict[str, str]
) -> None:
    """Switched off, or where the platform itself shows the graph."""
    platform.on("instance.version", {"version": "6.18.3"})
    platform.on("tasks.info", {"id": 77, "teamId": 5})
    run_script(APP, home=clean_environment, **more)
    assert not {"projects.info", "datasets.info", "jobs.info"} & set(platform.methods)


def test_nothing_waits_for_a_platform_that_does_not_answer(
    platform: Recorder, clean_environment: Path
) -> None:
    """Flush and exit are done while the look-ups hang; ids stay."""
    is_over = threading.Event()

    def hang(_: Any) -> Reply:
        is_over.wait(60)
        return Reply(503)

    for method in ANSWERS:
        platform.on(method, hang)
    try:
        run_script(APP, home=clean_environment)
        assert names() == {
            "Train",
            "project 12",
            "dataset 7",
            "job 4",
            "task 66",
            "file 52",
        }
    finally:
        is_over.set()


class Platform:
    """Answers look-ups, and counts them."""

    def __init__(self, answer: Callable[[str, int], Any]) -> None:
        self.answer = answer
        self.calls: list[tuple[str, int]] = []
        self.written: list[dict[str, Any]] = []

    def __call__(self, method: str, body: Any) -> Any:
        self.calls.append((method, body["id"]))
        return self.answer(method, body["id"])

    def write(self, text: str) -> bool:
        self.written.append(json.loads(text))
        return True


def edge(id: Any, **more: Any) -> bytes:
    fact = {"f": "edge", "uid": f"a-{id}", "task": "t", "at": 1.5, "dir": "input"}
    return json.dumps({**fact, "kind": "project", "id": id, **more}).encode()


@pytest.fixture
def made() -> Iterator[Callable[..., tuple[Platform, PlatformNames]]]:
    """Makes a platform and what looks up its names."""
    all_names: list[PlatformNames] = []

    def make(
        answer: Callable[[str, int], Any], **options: Any
    ) -> tuple[Platform, PlatformNames]:
        platform = Platform(answer)
        all_names.append(PlatformNames(platform.write, lambda: platform, **options))
        return platform, all_names[-1]

    yield make
    for one in all_names:
        one.stop()


def test_a_name_follows_its_edge_and_later_edges_carry_it(made: Any) -> None:
    """The first edge leaves at once; what is known then rides on the others."""
    platform, found = made(lambda _, number: {"name": f"Project {number}"})
    first = edge(5)
    assert found.complete([first]) == [first]
    wait_for(lambda: platform.written)
    assert platform.written == [
        {"f": "evidence", "task": "t", "at": 1.5, "edge": "a-5", "name": "Project 5"}
    ]
    (later,) = found.complete([edge(5, dir="output")])
    assert json.loads(later)["name"] == "Project 5"
    assert platform.calls == [("projects.info", 5)]


def test_edges_with_names_or_paths_are_left_as_they_are(made: Any) -> None:
    """Nothing is looked up for what has a name, or is no platform object."""
    platform, found = made(lambda *_: {"name": "x"})
    texts = [
        edge(5, name="Own"), edge("/data/a.csv", kind="file"), edge(1, kind="app"),
        b'{"f":"params","uid":"a-9","task":"t","at":1,"params":{"id":3}}',
        b'{"f":"edge","kind":"project","id":5,',
    ]  # fmt: skip
    assert found.complete(texts) == texts
    found.complete([edge(6)])
    wait_for(lambda: platform.written)
    assert platform.calls == [("projects.info", 6)]


def test_a_platform_that_is_away_is_left_alone(made: Any) -> None:
    """After a failure edges keep their ids, and no further request is made."""
    failed = threading.Event()

    def away(*_: Any) -> None:
        failed.set()
        raise ApiError("away")

    platform, found = made(away)
    found.complete([edge(5)])
    assert failed.wait(20)
    wait_for(lambda: found._away_until)
    assert found.complete([edge(6), edge(5)]) == [edge(6), edge(5)]
    assert platform.calls == [("projects.info", 5)]
    assert platform.written == []


def test_what_the_platform_does_not_have_is_requested_once(made: Any) -> None:
    """A refusal is an answer: there is no name."""

    def refuse(_: str, number: int) -> Any:
        if number == 6:
            return {"name": "Six"}
        error = ApiError("not found")
        error.status = 404
        raise error

    platform, found = made(refuse)
    found.complete([edge(5)])
    wait_for(lambda: ("project", 5) in found._known)
    found.complete([edge(5), edge(6)])
    wait_for(lambda: platform.written)
    assert platform.calls == [("projects.info", 5), ("projects.info", 6)]


def test_what_waits_for_names_is_bounded(made: Any) -> None:
    """A platform that hangs keeps a thousand look-ups waiting, and no more."""
    go_on = threading.Event()
    platform, found = made(lambda *_: go_on.wait(60) and {})
    found.complete([edge(number) for number in range(1, 3000)])
    assert len(found._waiting) == 1000
    go_on.set()
    wait_for(lambda: not found._waiting)
    assert len(platform.calls) == 1000


def test_secrets_in_names_are_masked(made: Any) -> None:
    """What the platform answers goes through the recorder's mask."""
    platform, found = made(
        lambda *_: {"name": "for s3cret"}, mask=lambda text: text.replace("s3cret", "*")
    )
    found.complete([edge(5)])
    wait_for(lambda: platform.written)
    assert platform.written[0]["name"] == "for *"
