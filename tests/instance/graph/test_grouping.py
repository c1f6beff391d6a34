"""Grouping makes few items of many members, and counts every member once."""

from __future__ import annotations

from typing import Any

import pytest

from lineage.instance.graph.grouping import GROUP_FROM, Grouper
from lineage.instance.graph.members import Member
from lineage.model.overview import DEFAULT_ITEMS, OPEN_STEP

TASK = -1


def member(ref: int, **more: Any) -> Member:
    """Make a task (below zero) or a version."""
    is_task = ref < 0
    fields: dict[str, Any] = {
        "view": 0, "ref": ref, "team": 1, "at": 0.0, "hops": 1, "is_upstream": False,
        "key": f"task:{-ref}" if is_task else f"data:{ref}",
        "kind": "task" if is_task else "file",
        "family": f"app:{ref}" if is_task else f"artifact:{ref}",
        "name": f"n{ref}",
    }  # fmt: skip
    return Member(**{**fields, **more})


def grouped(
    members: list[Member],
    lines: list[tuple[int, int]],
    *,
    by: str = "run",
    keep: tuple[int, ...] = (),
    opened: tuple[str, ...] = (),
) -> Grouper:
    """Group members that are joined by lines between refs."""
    ends = [((0, source), (0, target)) for source, target in lines]
    grouper = Grouper(
        members, ends, keep={(0, ref) for ref in keep}, opened=list(opened)
    )
    grouper.group(by, DEFAULT_ITEMS)
    return grouper


FILES = [member(ref) for ref in range(1, 38)]
STORY = [*FILES, member(TASK), member(99)]
LINES = [*((file.ref, TASK) for file in FILES), (TASK, 99)]


def test_many_like_ones_become_one() -> None:
    """What has the very same neighbours is one item."""
    items = grouped(STORY, LINES).items.values()
    assert sorted((item.grouping, item.count) for item in items) == [
        ("like", 37), ("single", 1), ("single", 1),
    ]  # fmt: skip


def test_few_like_ones_stay_themselves() -> None:
    """A handful is drawn as it is."""
    few = FILES[: GROUP_FROM - 1]
    grouper = grouped([*few, member(TASK)], [(file.ref, TASK) for file in few])
    assert len(grouper.items) == GROUP_FROM


def test_what_is_kept_stays_out_of_a_group() -> None:
    """A chosen node does not disappear among others, however many there are."""
    grouper = grouped(STORY, LINES, keep=(7,))
    assert grouper.items["data:7"].grouping == "single"
    chain = [member(ref, hops=9) for ref in range(300)]
    far = grouped(chain, [(ref, ref + 1) for ref in range(299)], keep=(250,))
    assert far.items["data:250"].grouping == "single"


def test_opening_a_group_shows_so_many_and_then_the_next() -> None:
    """A group keeps its key and counts what is left of it."""
    key = grouped(STORY, LINES).item_of[0, 1]
    once = grouped(STORY, LINES, opened=(key,))
    assert len(once.items) == 3 + OPEN_STEP
    assert (once.items[key].count, once.items[key].opened) == (17, OPEN_STEP)
    twice = grouped(STORY, LINES, opened=(key, key))
    assert len(twice.items) == len(STORY)


def test_failed_tasks_do_not_hide_among_finished_ones() -> None:
    """Runs of an app with another end are another group."""
    tasks = [
        member(-at, name="Export", status="error" if at < 7 else "finished")
        for at in range(1, 13)
    ]
    grouper = grouped([*tasks, member(1)], [(1, task.ref) for task in tasks])
    groups = [item for item in grouper.items.values() if item.grouping == "like"]
    assert [item.count for item in groups] == [6, 6]


def test_versions_and_runs_are_one_item_each() -> None:
    """By artifact, an artifact is one item and an app is one, the newest first."""
    runs = [member(-at, family="app:train", at=at) for at in (1, 2, 3)]
    versions = [member(at, family="artifact:best", at=at) for at in (1, 2, 3)]
    grouper = grouped(
        [*runs, *versions], [(-at, at) for at in (1, 2, 3)], by="artifact"
    )
    assert {item.grouping: item.count for item in grouper.items.values()} == {
        "app": 3, "artifact": 3,
    }  # fmt: skip
    best = grouper.items["artifact:best"]
    assert [one.key for one in best.members] == ["data:3", "data:2", "data:1"]


@pytest.mark.parametrize("by", ["run", "artifact"])
@pytest.mark.parametrize("size", [40, 61, 500, 2000])
def test_a_first_view_is_bounded_and_counts_every_member_once(
    size: int, by: str
) -> None:
    """However many there are, the items are few and nothing is lost."""
    members = [
        member(-at if at % 2 else at, hops=at % 7, at=float(at))
        for at in range(1, size + 1)
    ]
    lines = [
        (members[at * 7919 % (at + 1)].ref, one.ref)
        for at, one in enumerate(members[1:])
    ]
    grouper = grouped(members, lines, by=by)
    assert len(grouper.items) <= DEFAULT_ITEMS
    shown = [one.ref for item in grouper.items.values() for one in item.members]
    assert sorted(shown) == sorted(one.ref for one in members)
