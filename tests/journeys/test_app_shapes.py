"""The shapes of public apps, against a platform in every state that it can be in."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from api_recorder import Reply, reset
from journal_tools import wait_for
from storing_platform import StoringPlatform

APPS = Path(__file__).parents[2] / "examples" / "supervisely_apps"
TASK = 77
IN, OUT = "workflow.node.add-input", "workflow.node.add-output"

#: Lines of an app that speak of lineage, at most.
LINES = {
    "detector_trainer": 12,
    "classifier_trainer": 6,
    "session_server": 5,
    "benchmark_runner": 9,
    "version_keeper": 8,
    "labeling_assistant": 5,
    "importer": 8,
    "exporter": 7,
    "trainer": 11,
    "model_server": 8,
}
#: Those that create and upload, and what the platform has for them.
PROJECT = 101
START, EPOCH = "/models/start.pt", "/training/Street scenes/checkpoints/epoch_3.pt"
REPORT = "/training/Street scenes/report.json"

#: Files that the apps make, whether or not anything is recorded.
MADE = {EPOCH, REPORT, "/export/Street scenes.json"}

JOBS = {(IN, "job", 4), (IN, "job", 5)}
EDGES = {
    "detector_trainer": {
        (IN, "project_version", 900), (IN, "model_weight", 31),
        (OUT, "folder", "/training/yolo"), (OUT, "model_weight", 32),
        (OUT, "file", 33),
    },
    "classifier_trainer": {(IN, "project", 12), (OUT, "model_weight", 52)},
    "session_server": {(IN, "model_weight", 31), (OUT, "app_session", TASK)},
    "benchmark_runner": {
        (IN, "project", 13), (IN, "task", 66), (OUT, "project", 14),
        (OUT, "file", 116),
    },
    "version_keeper": {(IN, "project_version", 44), (OUT, "project", 15)},
    "labeling_assistant": {*JOBS, (OUT, "dataset", 74)},
    "importer": {
        (IN, "folder", "/import"), (IN, "file", "/import/day.csv"),
        (IN, "file", "/import/night.csv"), (OUT, "project", "Imported scenes"),
        (OUT, "dataset", "day"), (OUT, "dataset", "night"),
    },
    "exporter": {
        (IN, "project", "Street scenes"), (OUT, "file", "/export/Street scenes.json"),
    },
    "trainer": {
        (IN, "project_version", 44), (IN, "model_weight", START),
        (OUT, "model_weight", EPOCH), (OUT, "file", REPORT),
    },
    "model_server": {
        (IN, "model_weight", START), (IN, "project", "Street scenes"),
        (OUT, "project", "Labels of project 101"),
        (OUT, "project", "Labels of project 101_001"),
    },
}  # fmt: skip
ALL = {edge for edges in EDGES.values() for edge in edges}

_RUN = """
import runpy, sys
for path in sys.argv[1:]:
    runpy.run_path(path, run_name="__main__")
"""


@pytest.fixture
def platform() -> Iterator[StoringPlatform]:
    """A platform that records what it is sent, and has what apps look up."""
    recorder = StoringPlatform()
    app = {"id": 6, "moduleId": 8}
    recorder.on("instance.version", {"version": "6.18.3"})
    recorder.on("tasks.info", {"id": TASK, "teamId": 5, "meta": {"app": app}})
    recorder.add_project(15, version={"id": 44, "version": 2})
    recorder.add_project(PROJECT, name="Street scenes")
    recorder.add_file(START, b"start weights", 201)
    for number, name in enumerate(("day", "night"), 101):
        recorder.add_file(f"/import/{name}.csv", b"1,2,3")
        recorder.add_dataset(number, PROJECT, f"{name} scenes")
    details = {"useExistingVersion": True, "version": {"id": 44, "version": 2}}
    refusal = json.dumps({"error": "Bad request", "details": details}).encode()
    recorder.on("projects.versions.reserve", Reply(400, refusal))
    yield recorder
    recorder.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def use_model(port: int) -> None:
    """Wait until the model server is ready, send it two requests, and stop it."""
    address = f"http://127.0.0.1:{port}"

    def is_ready() -> bool:
        try:
            return requests.get(address, timeout=5).ok
        except requests.ConnectionError:
            return False

    wait_for(is_ready)
    for path in ("", "", "/stop"):
        body = {"projectId": PROJECT}
        requests.post(f"{address}{path}", json=body, timeout=30).raise_for_status()


def run(address: str, home: Path, names: Any = LINES, **more: str | None) -> float:
    """Run apps one after the other in one process of the platform; return seconds."""
    port = free_port()
    environ = {
        **os.environ, "ENV": "production", "SERVER_ADDRESS": address,
        "API_TOKEN": "t" * 128, "SUPERVISELY_TASK_ID": str(TASK), "TEAM_ID": "5",
        "SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK": "1",
        "LINEAGE_HOME": str(home), "LINEAGE_FLUSH_TIMEOUT_S": "30",
        "SUPERVISELY_PUBLIC_API_RETRY_SLEEP_SEC": "0.1", "WORKSPACE_ID": "3",
        "PROJECT_ID": str(PROJECT), "FOLDER": "/import/", "WEIGHTS": START,
        "APP_PORT": str(port), **more,
    }  # fmt: skip
    known = {name: value for name, value in environ.items() if value is not None}
    scripts = [str(APPS / f"{name}.py") for name in names]
    user = threading.Thread(target=use_model, args=(port,))
    if "model_server" in names:
        user.start()
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *scripts],
        env=known, cwd=home, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if user.ident is not None:
        user.join()
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def edges(platform: StoringPlatform) -> set[tuple[str, str, Any]]:
    """The edges that the platform took, each once; what it made, by its name."""
    objects: dict[str, dict[int, Any]] = {
        "project": {id: p["name"] for id, p in platform.projects.items() if id > 100},
        "dataset": {id: d["name"] for id, d in platform.datasets.items()},
        "file": {file["id"]: file["path"] for file in platform.files.values()},
    }
    objects["model_weight"] = objects["file"]
    return {
        (
            method,
            body["type"],
            objects.get(body["type"], {}).get(body["id"], body["id"]),
        )
        for method in (IN, OUT)
        for body in platform.sent(method)
    }


@pytest.mark.parametrize("name", LINES)
def test_an_app_records_what_it_is_declared_to(
    platform: StoringPlatform, tmp_path: Path, name: str
) -> None:
    """Each app's edges arrive, all of them and no others, for its own task."""
    run(platform.address, tmp_path, [name])
    assert edges(platform) == EDGES[name]
    nodes = {str(body["node"]["id"]) for m in (IN, OUT) for body in platform.sent(m)}
    assert nodes == {str(TASK)}


def _slow(answer: Any) -> Callable[[Any], Any]:
    def give(_: Any) -> Any:
        time.sleep(0.05)
        return answer

    return give


def test_a_slow_platform_gets_every_edge(
    platform: StoringPlatform, tmp_path: Path
) -> None:
    """Each answer takes its time; the apps do not wait, and nothing is lost."""
    for method in (IN, OUT):
        platform.on(method, _slow({}))
    run(platform.address, tmp_path)
    assert edges(platform) == ALL


def test_a_recovering_platform_gets_every_edge(
    platform: StoringPlatform, tmp_path: Path
) -> None:
    """Refusals for the moment are tried again until the platform is back."""
    platform.on(IN, Reply(503), Reply(502), {})
    platform.on(OUT, Reply(503), {})
    run(platform.address, tmp_path)
    assert edges(platform) == ALL


def test_a_platform_without_jobs_gets_the_other_edges(
    platform: StoringPlatform, tmp_path: Path
) -> None:
    """Edges of jobs wait for a newer instance; they hold back no others."""
    platform.on("instance.version", {"version": "6.11.0"})
    run(platform.address, tmp_path, LINEAGE_FLUSH_TIMEOUT_S="3")
    assert edges(platform) == ALL - JOBS


@pytest.mark.parametrize(
    "more",
    [
        {"LINEAGE_ENABLED": "false"},
        {"SUPERVISELY_TASK_ID": None},
    ],
    ids=["off", "no task id"],
)
def test_nothing_is_sent_where_nothing_is_recorded_for(
    platform: StoringPlatform, tmp_path: Path, more: dict[str, str | None]
) -> None:
    """Switched off, or outside of a task of the platform, the apps just work."""
    run(platform.address, tmp_path, LINEAGE_FLUSH_TIMEOUT_S="3", **more)
    assert edges(platform) == set()
    assert platform.files.keys() >= MADE


def test_an_old_platform_gets_nothing(
    platform: StoringPlatform, tmp_path: Path
) -> None:
    """An instance without workflows is asked for its version, and sent no edge."""
    platform.on("instance.version", {"version": "6.9.0"})
    run(platform.address, tmp_path, LINEAGE_FLUSH_TIMEOUT_S="3")
    assert edges(platform) == set()
    assert platform.files.keys() >= MADE


def test_a_platform_that_is_down_holds_no_app_up(
    platform: StoringPlatform, tmp_path: Path
) -> None:
    """The apps end well; the next process delivers what they left."""
    platform.on("instance.version", Reply(raw=reset))
    took = run(platform.address, tmp_path, LINEAGE_FLUSH_TIMEOUT_S="3")
    assert took < 30
    assert edges(platform) == set()
    platform.on("instance.version", {"version": "6.18.3"})
    run(platform.address, tmp_path, ["classifier_trainer"])
    assert edges(platform) == ALL


@pytest.mark.parametrize(("name", "most"), LINES.items())
def test_an_app_needs_few_lines(name: str, most: int) -> None:
    """The lines that speak of lineage, imports included, stay as few as they are."""
    tree = ast.parse((APPS / f"{name}.py").read_text("utf-8"))
    imported: set[str] = set()
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or node.names[0].name
            if module == "lineage":
                imported |= {alias.asname or alias.name for alias in node.names}
                lines |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in imported:
            lines.add(node.lineno)
    assert 0 < len(lines) <= most, sorted(lines)


def _shapes() -> str:
    """The table of the shapes, from the apps themselves."""
    rows = [
        "| shape | lines that speak of lineage, at most | example |",
        "|---|---|---|",
    ]
    for name, most in LINES.items():
        tree = ast.parse((APPS / f"{name}.py").read_text("utf-8"))
        shape = (ast.get_docstring(tree) or "").splitlines()[0].rstrip(".")
        rows.append(f"| {shape} | {most} | `{name}.py` |")
    return "\n".join(rows)


def test_the_document_lists_the_shapes_as_they_are() -> None:
    """Whoever changes an app or its number of lines copies this table."""
    document = (APPS.parents[1] / "docs" / "migrating.md").read_text("utf-8")
    assert f"\n{_shapes()}\n" in document, _shapes()
