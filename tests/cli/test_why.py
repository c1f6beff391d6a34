"""`lineage why` where nothing is known of what was in some inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lineage.api import Api

Type = Callable[..., Any]
START = 1_700_000_000.0


def _run(number: int, projects: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Yield the facts of a run that uses projects, of which no version is known."""
    at = START + 100 * number
    edges = [
        {"f": "edge", "dir": "input", "kind": "project", "id": id} for id in projects
    ]
    rows = [{"f": "task", "name": "Train"}, *edges]
    rows.append({"f": "task_end", "status": "finished"})
    for place, row in enumerate(rows):
        uid = f"w{number}-{place}"
        yield {"uid": uid, "task": f"run-{number}", "at": at + place, **row}


def test_what_differs_is_named_before_what_may(type_: Type, empty_home: Api) -> None:
    """Inputs without a known version are one row, and no part of the sentence."""
    for number, projects in enumerate(((1, 2), (1, 2, 3), (1, 2, 3))):
        assert empty_home.facts.add(list(_run(number, projects))).refused == []
    second = type_("why", "task:2").out
    assert second.startswith("Train changed because project 3 was used as well\n")
    assert second.count("unknown") == 1
    third = type_("why", "task:3").out.splitlines()
    assert "nothing that is known differs" in third[0]
    assert all(f"project {number}" in third[0] for number in (1, 2, 3))
    assert len([row for row in third if row.startswith("  ?")]) == 3
