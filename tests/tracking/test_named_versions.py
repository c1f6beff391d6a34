"""`version=` of files, folders and datasets: what the app itself calls the version."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any
from uuid import UUID

import pytest

import lineage
from lineage import (
    produces_file,
    updates_project,
    uses,
    uses_dataset,
    uses_file,
    uses_folder,
)
from lineage.testing import Recorded


def versions(recorded: Recorded) -> list[Any]:
    """List the versions that were recorded."""
    return [edge.get("version") for edge in recorded.edges]


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("r17", "r17"),
        (17, "17"),
        (date(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, tzinfo=timezone.utc), "2024-01-02T00:00:00+00:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (None, None),
        ("x" * 2000, "x" * 1023 + "…"),
    ],
)
def test_a_version_is_what_the_app_calls_it(
    recorded: Recorded, version: Any, text: str | None
) -> None:
    """In a block and on the handle the value is the version itself."""
    with uses_file("s3://b/a", version=version), lineage.task(name="t") as task:
        task.produces_folder("s3://b/d", version=version)
    assert versions(recorded) == [text, text]


def test_a_decorator_takes_a_source_of_the_version(recorded: Recorded) -> None:
    """The grammar is that of every other option of a declaration."""

    @uses_dataset("id", version="info.tag")
    @uses_folder("folder", version=lambda info: info["tag"])
    @produces_file("result", version="info[tag]")
    def train(id: int, folder: str, info: Any) -> str:
        return "s3://b/out"

    class Info(dict[str, str]):
        tag = "v3"

    train(7, "s3://b/d", Info(tag="v3"))
    assert versions(recorded) == ["v3"] * 3


def test_another_version_is_another_fact(recorded: Recorded) -> None:
    """The same artifact in two versions is used twice."""
    with lineage.task(name="t") as task:
        for version in ("a", "b", "a"):
            task.uses_file("s3://b/a", version=version)
    assert versions(recorded) == ["a", "b"]


@pytest.mark.parametrize(
    ("named", "member"),
    [
        ({"version": 4}, {"version_num": 4}),
        ({"version": {"id": 900, "version": 4}}, {"version_id": 900}),
        ({"version_id": 900}, {"version_id": 900}),
        ({"version": lineage.snapshot("before")}, {"snapshot": "before"}),
    ],
)
def test_an_update_names_the_version_before_it(
    recorded: Recorded, named: dict[str, Any], member: dict[str, Any]
) -> None:
    """The output is what the body made of it, whichever way it is declared."""

    @updates_project("project", **named)
    def clean(project: int) -> None:
        pass

    clean(11)
    with lineage.task(name="t") as task:
        task.updates_project(12, **named)
    with updates_project(13, **named):
        pass
    names = ("version_num", "version_id", "snapshot")
    found = [
        (edge["dir"], {name: edge[name] for name in names if name in edge})
        for edge in recorded.edges
    ]
    assert found[::2] == [("input", member)] * 3
    assert found[1::2] == [("output", {})] * 3


def test_what_is_no_name_costs_the_edge_its_warning(recorded: Recorded) -> None:
    """A value of another kind is refused with what is allowed."""
    with uses(lineage.file("s3://b/a"), version=[1]):
        pass
    assert recorded.edges == []
    assert sum(recorded.not_recorded.values()) == 1


def test_a_secret_in_a_version_is_masked(recorded: Recorded) -> None:
    """A version passes the same mask as a name."""
    with uses_file("s3://b/a", version="https://u:secret-word@h/x"):
        pass
    assert "secret-word" not in versions(recorded)[0]
