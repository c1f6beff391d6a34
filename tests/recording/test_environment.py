"""What the process runs in: found in its own thread, recorded once, asked later."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from journal_tools import run_script

import lineage
from lineage.model.environment import environment_digest
from lineage.recording.environment import EnvironmentLookup

MEMBERS = {"python": "3.12.1", "package:numpy": "2.2.0"}

APP = """
import lineage
for name in ("One", "Two"):
    with lineage.task(name) as task:
        task.uses_project(1)
"""


class Fixed:
    """Finds what it was given, once it may."""

    def __init__(self, members: Mapping[str, str], *, is_held: bool = False) -> None:
        self._members = members
        self.may_answer = threading.Event()
        self.thread = ""
        if not is_held:
            self.may_answer.set()

    def find(self) -> Mapping[str, str]:
        """Wait, and answer."""
        self.thread = threading.current_thread().name
        assert self.may_answer.wait(20)
        return self._members

    def stop(self) -> None:
        """Wait no longer."""
        self.may_answer.set()


def _lookup(finder: Fixed, mask: Any = str) -> EnvironmentLookup[str]:
    return EnvironmentLookup(lambda: finder, mask)


def _recorded(members: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads("{" + members[1:] + "}")
    return found


def test_the_first_task_records_all_and_later_ones_the_digest() -> None:
    """The digest is the one that an instance makes of the members."""
    lookup = _lookup(Fixed(MEMBERS))
    lookup.pending.extend(["a", "b"])
    (first, whole), (second, short) = lookup.answers(20)
    assert (first, second) == ("a", "b")
    assert _recorded(whole) == {"environment": MEMBERS}
    assert _recorded(short) == {"environment_digest": environment_digest(MEMBERS)}


def test_it_is_found_in_a_thread_of_its_own() -> None:
    """Whoever asks without time gets nothing, and waits for nothing."""
    finder = Fixed(MEMBERS, is_held=True)
    lookup = _lookup(finder)
    lookup.pending.append("a")
    assert list(lookup.answers(0)) == []
    finder.may_answer.set()
    assert [task for task, _ in lookup.answers(20)] == ["a"]
    assert finder.thread == "lineage-environment"


def test_given_up_it_is_left_out() -> None:
    """At the end of the process nothing is waited for."""
    lookup = _lookup(Fixed(MEMBERS, is_held=True))
    lookup.pending.append("a")
    assert list(lookup.answers(0)) == []
    lookup.give_up()
    assert "environment" not in "".join(text for _, text in lookup.answers(0))


def test_another_place_is_reported_everything_again() -> None:
    """The instance that facts go to from now on has not heard of it."""
    lookup = _lookup(Fixed(MEMBERS))
    lookup.pending.append("a")
    assert len(list(lookup.answers(20))) == 1
    lookup.record_again()
    lookup.pending.append("b")
    ((_, whole),) = lookup.answers(20)
    assert _recorded(whole) == {"environment": MEMBERS}


def test_values_are_masked_and_bounded() -> None:
    """A branch named after a secret is masked, and long texts are cut."""
    members = {"git.branch": "hunter2-fix", "image": "x" * 900}
    lookup = _lookup(Fixed(members), lambda text: text.replace("hunter2", "***"))
    lookup.pending.append("a")
    ((_, whole),) = lookup.answers(20)
    recorded = _recorded(whole)["environment"]
    assert recorded["git.branch"] == "***-fix"
    assert len(recorded["image"]) == 500


def _tasks(home: Path) -> list[Any]:
    lineage.configure(home=home)
    graph = lineage.graph()
    return [graph.task(t.node.key) for t in graph.tasks(sort="name").tasks]


def test_tasks_of_equal_processes_share_one_environment(
    tmp_path: Path, clean_environment: Path
) -> None:
    """It is recorded by itself, and asked by its digest."""
    for _ in range(2):
        run_script(APP, home=clean_environment)
    tasks = _tasks(clean_environment)
    digests = {task.environment_digest for task in tasks}
    assert len(tasks) == 4
    assert len(digests) == 1
    assert tasks[0].environment["package:pydantic"]
    (digest,) = digests
    found = lineage.graph().tasks(f"environment:{digest[7:15]}")
    assert len(found.tasks) == 4


def test_it_can_be_switched_off(clean_environment: Path) -> None:
    """`LINEAGE_ENVIRONMENT=off` records none."""
    run_script(APP, home=clean_environment, LINEAGE_ENVIRONMENT="off")
    tasks = _tasks(clean_environment)
    assert [task.environment_digest for task in tasks] == [None, None]


def test_it_is_no_node_of_the_graph(clean_environment: Path) -> None:
    """It drowns nothing: walks, impact and stale outputs know nothing of it."""
    run_script(APP, home=clean_environment)
    lineage.configure(home=clean_environment)
    answer = lineage.graph().get("kind:project")
    assert {node.kind for node in answer.nodes} == {"project", "task"}
