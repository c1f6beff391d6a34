"""Look at what is recorded: `tasks`, `show`, `search`."""

from __future__ import annotations

import argparse
import os
from typing import Final

from ..api import Api
from ..errors import ApiError, NotFoundError
from ..model.graph import (
    DataDetail,
    GraphAnswer,
    Node,
    SearchHit,
    TaskDetail,
    TasksPage,
    TaskSummary,
)
from .connect import instance
from .format import ago, count, duration, facts, state, styled, title
from .output import table
from .parser import Commands, with_moment, with_place
from .result import CommandResult, Line, StyledText, line
from .show_node import data_lines, task_lines
from .time_args import moment
from .tree import Way, draw

#: What an instance answers when nothing is known by a name.
NOT_FOUND: Final = 404


def add_commands(commands: Commands) -> None:
    """Add the commands of this theme."""
    tasks = commands.add(
        "tasks", run_tasks, "list the latest runs", example="lineage tasks --text train"
    )
    tasks.add_argument("--text", help="only runs whose name has this in it")
    tasks.add_argument("--status", help="only this status: finished, error, started …")
    tasks.add_argument("--since", metavar="WHEN", help="only runs started after this")
    tasks.add_argument("--limit", type=int, default=20, help="how many (20)")
    tasks.add_argument("--after", metavar="NEXT", help="go on where an answer was cut")
    show = commands.add(
        "show",
        run_show,
        "show a thing, where it came from and what became of it",
        example="lineage show model.joblib",
    )
    show.add_argument(
        "thing", metavar="THING", help="task:3, a name, a path, project:12, data:7 …"
    )
    show.add_argument("--up", type=int, metavar="HOPS", help="how far back (all)")
    show.add_argument("--down", type=int, metavar="HOPS", help="how far on (all)")
    search = commands.add(
        "search", run_search, "find things by name, path, id or digest",
        example="lineage search best.pt",
    )  # fmt: skip
    search.add_argument("text", help="part of a name, path, id or digest")
    search.add_argument("--kind", action="append", dest="kinds", help="only this kind")
    search.add_argument("--limit", type=int, default=20, help="how many (20)")
    search.add_argument("--after", metavar="NEXT", help="go on where an answer was cut")
    with_moment(show)
    for parser in (tasks, show, search):
        with_place(parser)


def run_tasks(args: argparse.Namespace) -> CommandResult:
    """List the latest runs."""
    with instance(args) as api:
        page = api.graph.tasks(
            text=args.text,
            status=args.status,
            since=moment(args.since),
            limit=args.limit,
            after=args.after,
        )
    is_filtered = bool(args.text or args.status or args.since)
    return CommandResult(page, _task_table(page, is_filtered=is_filtered))


def _task_table(page: TasksPage, *, is_filtered: bool) -> list[Line]:
    if not page.tasks and is_filtered:
        return [line("no task fits; see all with: lineage tasks")]
    if not page.tasks:
        return [line("no task yet; type: lineage demo")]
    lines = table([_task_row(task) for task in page.tasks])
    return lines + _go_on(page.next)


def _task_row(task: TaskSummary) -> list[StyledText]:
    node = task.node
    started, ended = node.started_at, node.ended_at
    length = duration(ended - started) if started and ended else ""
    return [
        state(node.status),
        StyledText(node.key, "dim"),
        StyledText(title(node), "task"),
        StyledText(ago(started) if started else "", "dim"),
        StyledText(length, "dim"),
        StyledText(f"{_names(task.inputs, task.input_count)} → "
             f"{_names(task.outputs, task.output_count)}"),
    ]  # fmt: skip


def _names(nodes: list[Node], total: int, *, shown: int = 3) -> str:
    names = [title(node) for node in nodes[:shown]]
    if not names:
        return "nothing"
    rest = total - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest > 0 else "")


def run_search(args: argparse.Namespace) -> CommandResult:
    """Find things."""
    with instance(args) as api:
        found = api.graph.search(
            args.text, kinds=args.kinds, limit=args.limit, after=args.after
        )
    if not found.hits:
        return CommandResult(found, [line(f"nothing matches {args.text!r}")])
    rows = table([_hit(hit) for hit in found.hits])
    return CommandResult(found, rows + _go_on(found.next))


def _hit(hit: SearchHit) -> list[StyledText]:
    return [styled(hit.node), StyledText(facts(hit.node), "dim"),
            StyledText(f"by its {hit.matched}", "dim")]  # fmt: skip


def _go_on(after: str | None) -> list[Line]:
    if after is None:
        return []
    return [line(StyledText(f"there is more; add: --after {after}", "dim"))]


def run_show(args: argparse.Namespace) -> CommandResult:
    """Show one thing with its upstream and downstream."""
    as_of = moment(args.as_of)
    with instance(args) as api:
        node = find(api, args.thing)
        up = api.graph.upstream(node.key, depth=args.up, as_of=as_of)
        down = api.graph.downstream(node.key, depth=args.down, as_of=as_of)
        detail, lines = _detail(api, node)
    lines += _side("Where it came from", up, "up", node)
    lines += _side("What became of it", down, "down", node)
    return CommandResult({"thing": detail, "upstream": up, "downstream": down}, lines)


def _detail(api: Api, node: Node) -> tuple[TaskDetail | DataDetail, list[Line]]:
    if node.type == "task":
        task = api.graph.task(node.key)
        return task, task_lines(task)
    data = api.graph.data(node.key)
    return data, data_lines(data)


def _side(heading: str, answer: GraphAnswer, way: Way, node: Node) -> list[Line]:
    if not answer.arrows:
        return []
    drawn = draw(answer, way=way, roots=[node.key])
    return [line(), line(StyledText(heading, "title")), *drawn, *_go_on(answer.next)]


def find(api: Api, thing: str) -> Node:
    """Find the one card that a person means.

    Raises:
        NotFoundError: Nothing, or several different things, fit.
    """
    found = _lying_at(api, thing) or _selected(api, thing)
    if not found:
        raise NotFoundError(_nothing(api, thing))
    if len({(node.type, node.kind, node.id) for node in found}) > 1:
        raise NotFoundError(_several(thing, found))
    return max(found, key=lambda node: node.created_at or 0.0)


def _lying_at(api: Api, thing: str) -> list[Node]:
    """Find what was recorded of the file or folder that lies at a path."""
    if not os.path.exists(thing):
        return []
    path = os.path.abspath(thing)
    kinds = ("folder",) if os.path.isdir(path) else ("file", "model_weight")
    return [node for kind in kinds for node in _selected(api, f"{kind}:{path}")]


def _selected(api: Api, selector: str) -> list[Node]:
    try:
        answer = api.graph.get(selector, up=0, down=0)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
        return []
    return [node for node in answer.nodes if node.key in answer.focus]


def _nothing(api: Api, thing: str) -> str:
    hits = api.graph.search(thing.rsplit(":", maxsplit=1)[-1], limit=3).hits
    near = ", ".join(f"{title(hit.node)} ({hit.node.key})" for hit in hits)
    if near:
        return f"nothing is called {thing!r}; near: {near}"
    return f"nothing is called {thing!r}; see what there is with: lineage tasks"


def _several(thing: str, nodes: list[Node]) -> str:
    shown = ", ".join(f"{node.key} ({title(node)})" for node in nodes[:8])
    return f"{count(len(nodes), 'thing')} fit {thing!r}, name one of them: {shown}"
