"""Look at what is recorded: `show`, `search`."""

from __future__ import annotations

import argparse
from typing import Final

from ..model.details import DataDetail, TaskDetail
from ..model.graph import GraphAnswer
from ..model.lists import SearchAnswer, SearchHit
from .connect import Instance, instance
from .find import Found, find
from .format import ago, escape, facts, params_text, styled
from .output import table
from .parser import (
    DOWN_HELP,
    NAME_HELP,
    UP_HELP,
    Command,
    Parser,
    add_as_of_option,
    add_instance_options,
    add_page_options,
    hops,
    kind_word,
)
from .result import CommandResult, Line, StyledText, continue_lines, line
from .show_node import (
    MAX_VERSIONS,
    data_lines,
    environment_lines,
    step_lines,
    task_lines,
)
from .tree import Way, draw

#: Runs and artifacts of a set that are shown, unless more are asked for.
DEFAULT_LIMIT: Final = 20
#: Parameters of a run that was found.
MAX_PARAMS: Final = 3


def _show_options(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help=NAME_HELP)
    parser.add_argument("--up", type=hops, metavar="HOPS", help=UP_HELP)
    parser.add_argument("--down", type=hops, metavar="HOPS", help=DOWN_HELP)
    parser.add_argument(
        "--steps", action="store_true", help="what each step of a run used and produced"
    )
    parser.add_argument(
        "--environment",
        action="store_true",
        help="all packages and what else it ran in",
    )
    parser.add_argument(
        "--versions", action="store_true", help="all versions of an artifact"
    )
    parser.add_argument(
        "--limit",
        type=int,
        default=DEFAULT_LIMIT,
        metavar="N",
        help="how many runs and artifacts of a set (20)",
    )
    add_instance_options(add_as_of_option(parser))


def _search_options(parser: Parser) -> None:
    parser.add_argument(
        "text", metavar="TEXT",
        help="part of a name, path, id, digest or step; or step:clean, kind:model",
    )  # fmt: skip
    parser.add_argument(
        "--kind",
        action="append",
        type=kind_word,
        dest="kinds",
        metavar="KIND",
        help="only this kind: file, model, project, task …",
    )
    add_page_options(parser, 20)
    add_instance_options(parser)


def run_search(args: argparse.Namespace) -> CommandResult:
    """Find artifacts and runs."""
    with instance(args) as here:
        found = here.graph.search(
            args.text, kinds=args.kinds, limit=args.limit, after=args.after
        )
        page = here.page_lines(view="home", q=args.text)
    if not found.hits:
        text = (
            f"nothing matches {escape(args.text)!r}; list the runs with: lineage tasks"
        )
        return CommandResult(found, [line(text)])
    rows = table([_hit(hit) for hit in found.hits])
    more = [*continue_lines(found.next), *page]
    return CommandResult(found, rows + more)


def _hit(hit: SearchHit) -> list[StyledText]:
    node = hit.node
    at = node.started_at or node.created_at
    known = (
        facts(node),
        ago(at) if at else "",
        params_text(node.params or {}, most=MAX_PARAMS),
        "" if hit.matched == "selector" else f"by its {hit.matched}",
    )
    return [styled(node), *(StyledText(text, "dim") for text in known)]


def run_show(args: argparse.Namespace) -> CommandResult:
    """Show one node with its upstream and downstream, or list a set."""
    with instance(args) as here:
        found = find(here, args.name, as_of=args.as_of)
        if len(found.nodes) > 1:
            return _show_set(here, found, args.limit)
        return _show_one(here, found, args)


def _show_set(here: Instance, found: Found, limit: int) -> CommandResult:
    # One node is shown more often.
    from . import show_set

    page = here.page_lines(focus=found.selector)
    name = show_set.step_name(found.selector)
    if name is not None:
        total = sum(node.type == "task" for node in found.nodes)
        most = show_set.MAX_STEPPED if limit == DEFAULT_LIMIT else limit
        steps = show_set.read_steps(here, name, found.nodes, most)
        data = {"nodes": found.nodes, "steps": steps}
        return CommandResult(data, show_set.step_set_lines(steps, total) + page)
    lines = show_set.set_lines(found.nodes, limit)
    return CommandResult({"nodes": found.nodes}, lines + page)


def _show_one(here: Instance, found: Found, args: argparse.Namespace) -> CommandResult:
    node, as_of = found.node, args.as_of
    detail: TaskDetail | DataDetail
    if node.type == "task":
        detail = here.graph.task(node.key)
        lines = step_lines(detail) if args.steps else task_lines(detail)
        if args.environment:
            lines += [line(), *environment_lines(detail)]
    else:
        detail = here.graph.data(node.key)
        most = len(detail.versions) if args.versions else MAX_VERSIONS
        lines = data_lines(detail, versions=most)
    up = here.graph.upstream(node.key, depth=args.up, as_of=as_of)
    down = here.graph.downstream(node.key, depth=args.down, as_of=as_of)
    if not args.steps:
        lines += _side("Upstream", up, "up", node.key)
        lines += _side("Downstream", down, "down", node.key)
    lines = [*found.notes, *lines, *here.page_lines(focus=node.key)]
    return CommandResult({"thing": detail, "upstream": up, "downstream": down}, lines)


def _side(heading: str, answer: GraphAnswer, way: Way, key: str) -> list[Line]:
    if not answer.arrows:
        return []
    drawn = draw(answer, way=way, roots=[key])
    more = continue_lines(answer.next)
    return [line(), line(StyledText(heading, "title")), *drawn, *more]


COMMANDS: Final = (
    Command(
        "show", run_show,
        "show an artifact or a run, with what is upstream and downstream",
        answer="ShowAnswer", options=_show_options,
        example="lineage show model.joblib",
    ),
    Command(
        "search", run_search,
        "find artifacts and runs by name, path, id, digest, step or selector",
        answer=SearchAnswer, options=_search_options,
        example="lineage search best.pt",
    ),
    Command(
        "find", run_search, "the same as search",
        answer=SearchAnswer, options=_search_options,
        example="lineage find step:clean",
    ),
)  # fmt: skip
