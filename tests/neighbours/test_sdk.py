"""Widgets of the platform's SDK: handlers record by the declarations below them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from ways_of_running import recorded_tasks, run_program

pytestmark = pytest.mark.neighbours


def _need_sdk() -> None:
    # Not imported here: its warnings are errors in this process.
    if importlib.util.find_spec("supervisely") is None:
        pytest.skip("supervisely is not installed: nox -s neighbours")


def test_a_click_records_and_a_declaration_above_is_an_error(tmp_path: Path) -> None:
    """A widget hands back a route of its own, which no declaration can be above."""
    _need_sdk()
    code = """
    import supervisely as sly
    from fastapi.testclient import TestClient
    from supervisely.app.widgets import Button, Container, InputNumber
    right, wrong, number = Button("right"), Button("wrong"), InputNumber()
    app = sly.Application(layout=Container([right, wrong, number]))

    @right.click
    @uses_file("source")
    def clicked(source="s3://b/clicked"):
        plain("s3://b/inside")

    @number.value_changed
    @uses_file(lambda value: f"s3://b/value-{value}")
    def changed(value):
        return None

    try:
        @uses_file("source")
        @wrong.click
        def above(source="s3://b/above"):
            return None
    except lineage.DeclarationError as error:
        assert "write it below" in str(error) and "@button.click" in str(error)
    else:
        raise AssertionError("a declaration above @button.click is no error")

    client = TestClient(app.get_server())
    def post(widget, route):
        path = "/" + widget.get_route_path(route).lstrip("/")
        assert client.post(path, json={}).status_code == 200
    post(right, Button.Routes.CLICK)
    post(number, InputNumber.Routes.VALUE_CHANGED)
    """
    done = run_program(code, tmp_path, ENV="development")
    assert done.returncode == 0, done.stderr
    (task,) = recorded_tasks(tmp_path).values()
    values = {name for name in task.edges if name.startswith("value-")}
    assert task.edges - values == {"clicked", "inside"}
    assert len(values) == 1
