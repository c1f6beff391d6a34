"""The latest runs: `tasks`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Final

from ..model.graph import Node
from ..model.lists import TasksPage, TaskSummary
from ..model.selector import Both, Either, Filter, parse, status_word
from ..records import replace
from .connect import Instance, instance
from .find import means_set
from .format import ago, count, duration, escape, params_text, state, title
from .output import table
from .parser import (
    Command,
    Parser,
    add_instance_options,
    add_page_options,
    moment,
    status_option,
)
from .result import CommandResult, Line, StyledText, continue_lines, line

#: Runs read for `--by app`, at most.
MAX_GROUPED: Final = 5000
_PAGE: Final = 500
#: Parameters of a run in the list; those in which runs of an app differ come first.
MAX_PARAMS: Final = 3
#: Filters whose value is a whole name.
_BY_NAME: Final = ("name", "app", "user", "step")


def _tasks_options(parser: Parser) -> None:
    parser.add_argument(
        "select", nargs="?", metavar="SELECTOR",
        help="only these: status:failed, user:maria, app:Train, since:7d …",
    )  # fmt: skip
    parser.add_argument("--text", help="only runs whose name contains this")
    parser.add_argument(
        "--status",
        type=status_option,
        metavar="STATUS",
        help="only this status: finished, failed, running …",
    )
    parser.add_argument(
        "--since", type=moment, metavar="WHEN",
        help="only runs started after this: 2026-01-31, 2026-01-31T12:00 (UTC) or 7d",
    )  # fmt: skip
    parser.add_argument("--by", choices=["app"], help="one line for each app")
    parser.add_argument(
        "--tree", action="store_true", help="put runs below the run that started them"
    )
    add_page_options(parser, 20)
    add_instance_options(parser)


def run_tasks(args: argparse.Namespace) -> CommandResult:
    """List the latest runs."""
    filters = (args.select, args.text, args.status, args.since)
    is_filtered = any(value is not None for value in filters)
    with instance(args) as here:
        page = _grouped_page(here, args) if args.by else _page(here, args, args.limit)
        known = {"q": args.text, "status": args.status and status_word(args.status)}
        state = {name: word for name, word in known.items() if word}
        address = here.page_lines(view="home", **state)
    if not page.tasks:
        text = _no_run(args.select)
        first = "no run is recorded yet; try: lineage demo"
        shown = (text if is_filtered else first) + here.waiting_hint()
        return CommandResult(page, [line(shown)])
    if args.by:
        groups = _groups(page.tasks)
        lines = [*_group_table(groups), *address]
        return CommandResult({"apps": groups}, lines)
    rows = _tree(page.tasks) if args.tree else [("", task) for task in page.tasks]
    names_of = _params_by_app(page.tasks)
    lines = table([_row(task, lead, names_of) for lead, task in rows])
    return CommandResult(page, [*lines, *continue_lines(page.next), *address])


def _no_run(selector: str | None) -> str:
    """Report that no run matches, and how the runs of an artifact are listed."""
    if selector is None or means_set(selector):
        whole = _whole_names(selector)
        hint = f"names are whole, and * stands for any letters: {whole}; " * bool(whole)
        return f"no run matches; {hint}list all with: lineage tasks"
    shown = escape(selector)
    return (
        f"no run is called '{shown}'; runs with this in their name: lineage tasks "
        f"--text '{shown}'; where it is an artifact, those that made or used it: "
        f"lineage tasks '1+{shown}+1'"
    )


def _whole_names(selector: str | None) -> str:
    """Return the first filter by a name that has no `*` in it, with one at its end."""
    parsed = parse(selector) if selector else None
    parts = parsed.parts if isinstance(parsed, (Both, Either)) else (parsed,)
    for part in parts:
        if (
            isinstance(part, Filter)
            and part.field in _BY_NAME
            and "*" not in part.value
        ):
            return escape(str(replace(part, value=part.value + "*")))
    return ""


def _page(
    here: Instance, args: argparse.Namespace, limit: int, after: str | None = None
) -> TasksPage:
    return here.graph.tasks(
        args.select,
        text=args.text,
        status=args.status,
        since=args.since,
        limit=limit,
        after=after or args.after,
    )


def _grouped_page(here: Instance, args: argparse.Namespace) -> TasksPage:
    """Read as many runs as are grouped."""
    whole = _page(here, args, _PAGE)
    while whole.next and len(whole.tasks) < MAX_GROUPED:
        more = _page(here, args, _PAGE, whole.next)
        whole.tasks += more.tasks
        whole.next = more.next
    return whole


def _groups(tasks: Sequence[TaskSummary]) -> list[dict[str, object]]:
    """Count the runs of each app, the app with the latest run first."""
    groups: dict[str, dict[str, object]] = {}
    for task in tasks:
        name = title(task.node)
        group = groups.setdefault(
            name,
            {
                "app": name, "runs": 0, "failed": 0, "last": task.node.key,
                "last_status": task.node.status, "last_at": task.node.started_at,
            },
        )  # fmt: skip
        group["runs"] = int(str(group["runs"])) + 1
        group["failed"] = int(str(group["failed"])) + (task.node.status == "error")
    return list(groups.values())


def _group_table(groups: Iterable[dict[str, object]]) -> list[Line]:
    return table([_group_row(group) for group in groups])


def _group_row(group: dict[str, object]) -> list[StyledText]:
    failed, last = group["failed"], group["last_at"]
    status = group["last_status"]
    when = ago(last) if isinstance(last, float) else ""
    return [
        state(status if isinstance(status, str) else None),
        StyledText(str(group["app"]), "task"),
        StyledText(count(int(str(group["runs"])), "run")),
        StyledText(f"{failed} failed" if failed else "", "bad"),
        StyledText(f"last {group['last']} {when}", "dim"),
    ]


def _tree(tasks: Sequence[TaskSummary]) -> list[tuple[str, TaskSummary]]:
    """Put each run below the run that started it, where that one is listed."""
    keys = {task.node.key for task in tasks}
    children: dict[str | None, list[TaskSummary]] = {}
    for task in tasks:
        above = task.parent if task.parent in keys else None
        children.setdefault(above, []).append(task)
    rows: list[tuple[str, TaskSummary]] = []
    pending = [("", task) for task in reversed(children.get(None, []))]
    while pending:
        lead, task = pending.pop()
        rows.append((lead, task))
        below = lead.replace("└─ ", "   ") + "└─ "
        pending += [
            (below, child) for child in reversed(children.pop(task.node.key, []))
        ]
    return rows


def _params_by_app(tasks: Sequence[TaskSummary]) -> dict[str, list[str]]:
    """Return the names of each app's parameters, first those whose values differ."""
    values: dict[str, dict[str, set[str]]] = {}
    for task in tasks:
        names = values.setdefault(task.node.name, {})
        for name, value in (task.node.params or {}).items():
            names.setdefault(name, set()).add(str(value))
    return {
        app: sorted(names, key=lambda name: len(names[name]) < 2)
        for app, names in values.items()
    }


def _row(
    task: TaskSummary, lead: str, names_of: dict[str, list[str]]
) -> list[StyledText]:
    node = task.node
    known = node.params or {}
    params = {name: known[name] for name in names_of[node.name] if name in known}
    started, ended = node.started_at, node.ended_at
    length = duration(ended - started) if started and ended else ""
    return [
        state(node.status),
        StyledText(node.key, "dim"),
        StyledText(lead + title(node), "task"),
        StyledText(ago(started) if started else "", "dim"),
        StyledText(length, "dim"),
        StyledText(escape(task.user or ""), "dim"),
        StyledText(params_text(params, most=MAX_PARAMS), "dim"),
        StyledText(f"{_names(task.inputs, task.input_count)} → "
             f"{_names(task.outputs, task.output_count)}"),
    ]  # fmt: skip


def _names(nodes: list[Node], total: int, *, shown: int = 3) -> str:
    names = [title(node) for node in nodes[:shown]]
    if not names:
        return "nothing"
    rest = total - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest > 0 else "")


COMMANDS: Final = (
    Command(
        "tasks", run_tasks, "list the latest runs of apps",
        answer="RunsAnswer", options=_tasks_options,
        example="lineage tasks 'status:failed & app:Train & since:7d'",
    ),
)  # fmt: skip
