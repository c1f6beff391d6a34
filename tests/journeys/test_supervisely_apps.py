"""Apps built as the platform's are leave true graphs in a served instance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from journey_tools import EXAMPLES, all_tasks, edges_of, opened, run_python

from lineage.api.client import Api
from lineage.model.details import TaskDetail

EDGES = {
    "Import files": {
        ("input", "folder", "import"),
        ("input", "file", "1"),
        ("input", "file", "2"),
        ("output", "project", "2"),
        ("output", "dataset", "3"),
        ("output", "dataset", "4"),
    },
    "Export project": {
        ("input", "project", "1"),
        ("output", "file", "4"),
    },
    "Train model": {
        ("input", "project", "1"),
        ("input", "model_weight", "3"),
        ("output", "model_weight", "7"),
        ("output", "file", "8"),
    },
    "Serve model": {
        ("input", "project", "1"),
        ("input", "model_weight", "7"),
        ("output", "project", "3"),
        ("output", "project", "4"),
    },
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an instance for which the platform was played once."""
    folder = tmp_path_factory.mktemp("platform")
    script = EXAMPLES / "supervisely_apps" / "play.py"
    done = run_python(script, folder / "home", home=folder / "unused", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder / "home"


@pytest.fixture
def api(home: Path) -> Iterator[Api]:
    """The instance that the apps filled."""
    with opened(home) as api:
        yield api


def _task(api: Api, name: str) -> TaskDetail:
    return next(task for task in all_tasks(api) if task.node.name == name)


@pytest.mark.parametrize("name", EDGES)
def test_each_app_has_exactly_its_edges(api: Api, name: str) -> None:
    """No edge is missing, and none is invented; each app ran to its end."""
    task = _task(api, name)
    assert edges_of(task) == EDGES[name]
    assert task.node.status == "finished"


def test_the_apps_are_the_tasks_that_the_platform_gave_them(api: Api) -> None:
    """Facts belong to the ids in the environment, not to new ones."""
    assert [task.node.id for task in all_tasks(api)] == [1, 2, 3, 4]


def _weights(task: TaskDetail, direction: str) -> str:
    edges = (edge for edge in task.edges if edge.direction == direction)
    return next(edge.data.key for edge in edges if edge.data.kind == "model_weight")


def test_each_imported_file_leads_to_its_own_dataset(api: Api) -> None:
    """A loop of declared calls gives one true arrow for each round."""
    edges = _task(api, "Import files").edges
    datasets = [e for e in edges if e.data.kind == "dataset"]
    assert [len(edge.derived_from or []) for edge in datasets] == [1, 1]
    assert datasets[0].derived_from != datasets[1].derived_from


def test_the_model_server_used_what_the_trainer_made(api: Api) -> None:
    """A look-up by path finds the very checkpoint: one card, two tasks."""
    made = _weights(_task(api, "Train model"), "output")
    used = _weights(_task(api, "Serve model"), "input")
    assert made == used


def test_cards_have_titles_and_links(api: Api) -> None:
    """The presets of `lineage.cards` name the artifact and say where to open it."""
    trained = _task(api, "Train model")
    report = next(e.data for e in trained.edges if str(e.data.id) == "8")
    assert "report.json" in (report.title or "")
    assert report.link is not None
    assert report.link.title == "Open report"


def test_requests_on_threads_belong_to_the_server_s_task(api: Api) -> None:
    """Two requests on two threads: two steps of one task."""
    steps = [step.name for step in _task(api, "Serve model").steps]
    assert steps.count("predict") == 2
