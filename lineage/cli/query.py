"""Ask the graph what came from what, what would break, what differs, what is stale."""

from __future__ import annotations

import argparse

from ..errors import ApiError
from ..model.graph import GraphAnswer
from .connect import instance
from .parser import Commands, Parser, Run, with_moment, with_place
from .render import diff_lines, health_lines, impact_lines, stale_lines
from .result import NO, CommandResult, Line, StyledText, line
from .show import NOT_FOUND, find
from .time_args import moment
from .tree import Way, draw

_THING = "task:3, a name, a path, project:12, data:7 …"


def add_commands(commands: Commands) -> None:
    """Add the commands of this theme."""
    _add_walk(commands, "upstream", run_upstream, "tell where a thing came from")
    _add_walk(commands, "downstream", run_downstream, "tell what became of a thing")
    _add_impact(commands)
    provenance = commands.add(
        "provenance", run_provenance, "tell how a thing was made: runs, inputs, code",
        example="lineage provenance model.joblib",
    )  # fmt: skip
    provenance.add_argument("thing", metavar="THING", help=_THING)
    with_place(with_moment(provenance))
    diff = commands.add(
        "diff", run_diff, "tell what differs between two runs (exit code 1)",
        example="lineage diff task:3 task:4",
    )  # fmt: skip
    diff.add_argument("a", metavar="A", help="a task: task:3 or its name")
    diff.add_argument("b", metavar="B", help="another task")
    with_place(diff)
    _add_stale(commands)
    path = commands.add(
        "path", run_path, "tell how one thing became another",
        example="lineage path digits.csv readings.csv",
    )  # fmt: skip
    path.add_argument("a", metavar="A", help=_THING)
    path.add_argument("b", metavar="B", help=_THING)
    with_place(with_moment(path))
    with_place(commands.add("health", run_health, "tell how complete the graph is"))


def _add_impact(commands: Commands) -> None:
    impact = commands.add(
        "impact", run_impact, "tell what would break if a thing were deleted",
        example="lineage impact project:12",
    )  # fmt: skip
    impact.add_argument("thing", metavar="THING", help=_THING)
    impact.add_argument(
        "--if-unchanged", metavar="FINGERPRINT",
        help="fail when the answer is no longer the one with this fingerprint",
    )  # fmt: skip
    with_place(with_moment(impact))


def _add_stale(commands: Commands) -> None:
    stale = commands.add(
        "stale", run_stale, "list what was made from something that is newer by now"
    )
    stale.add_argument("thing", nargs="?", metavar="THING", help="only what led to it")
    stale.add_argument("--limit", type=int, default=50, help="how many (50)")
    stale.add_argument("--after", metavar="NEXT", help="go on where an answer was cut")
    with_place(stale)


def _add_walk(commands: Commands, name: str, run: Run, help: str) -> Parser:
    parser = commands.add(name, run, help, example=f"lineage {name} model.joblib")
    parser.add_argument("thing", metavar="THING", help=_THING)
    parser.add_argument("--depth", type=int, metavar="HOPS", help="how far (all)")
    parser.add_argument("--kind", action="append", dest="kinds", help="only this kind")
    parser.add_argument("--limit", type=int, default=1000, help="how many cards (1000)")
    parser.add_argument("--after", metavar="NEXT", help="go on where an answer was cut")
    return with_place(with_moment(parser))


def run_upstream(args: argparse.Namespace) -> CommandResult:
    """Tell where a thing came from."""
    return _walk(args, "up")


def run_downstream(args: argparse.Namespace) -> CommandResult:
    """Tell what became of a thing."""
    return _walk(args, "down")


def _walk(args: argparse.Namespace, way: Way) -> CommandResult:
    with instance(args) as api:
        node = find(api, args.thing)
        ask = api.graph.upstream if way == "up" else api.graph.downstream
        answer = ask(
            node.key,
            depth=args.depth,
            kinds=args.kinds,
            as_of=moment(args.as_of),
            limit=args.limit,
            after=args.after,
        )
    return CommandResult(answer, _graph_lines(answer, way, [node.key]))


def _graph_lines(answer: GraphAnswer, way: Way, roots: list[str]) -> list[Line]:
    lines = draw(answer, way=way, roots=roots)
    if answer.truncated:
        cut = "the answer is cut here" + (
            f"; to go on add: --after {answer.next}" if answer.next else ""
        )
        lines.append(line(StyledText(cut, "warn")))
    return lines


def run_impact(args: argparse.Namespace) -> CommandResult:
    """Tell what would break if a thing were deleted."""
    with instance(args) as api:
        node = find(api, args.thing)
        answer = api.graph.impact(
            node.key, as_of=moment(args.as_of), if_unchanged=args.if_unchanged
        )
    return CommandResult(answer, impact_lines(answer))


def run_provenance(args: argparse.Namespace) -> CommandResult:
    """Tell how a thing was made."""
    with instance(args) as api:
        node = find(api, args.thing)
        answer = api.graph.provenance(node.key, as_of=moment(args.as_of))
    lines = draw(answer.graph, way="up", roots=[node.key])
    for task in answer.tasks:
        code = f"git {task.git_commit[:12]}" if task.git_commit else "no git commit"
        dirty = ", uncommitted changes" if task.git_dirty else ""
        lines.append(line(StyledText(f"{task.node.key}: {code}{dirty}", "dim")))
    if answer.truncated:
        lines.append(
            line(StyledText("the answer is cut; there is more behind it", "warn"))
        )
    return CommandResult(answer, lines)


def run_diff(args: argparse.Namespace) -> CommandResult:
    """Tell what differs between two tasks."""
    with instance(args) as api:
        first, second = find(api, args.a), find(api, args.b)
        answer = api.graph.diff(first.key, second.key)
    return CommandResult(answer, diff_lines(answer), 0 if answer.is_same else NO)


def run_stale(args: argparse.Namespace) -> CommandResult:
    """List outputs whose inputs have newer versions."""
    with instance(args) as api:
        of = find(api, args.thing).key if args.thing else None
        answer = api.graph.stale(of=of, limit=args.limit, after=args.after)
    return CommandResult(answer, stale_lines(answer))


def run_path(args: argparse.Namespace) -> CommandResult:
    """Tell how one thing became another."""
    as_of = moment(args.as_of)
    with instance(args) as api:
        source, target = find(api, args.a), find(api, args.b)
        try:
            answer = api.graph.path(source.key, target.key, as_of=as_of)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            told = f"no way leads from {args.a} to {args.b}, or back"
            return CommandResult(None, [line(told)], NO)
    return CommandResult(answer, _graph_lines(answer, "down", []))


def run_health(args: argparse.Namespace) -> CommandResult:
    """Tell how complete the graph is."""
    with instance(args) as api:
        answer = api.graph.health()
    return CommandResult(answer, health_lines(answer))
