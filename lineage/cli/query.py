"""Questions: where it came from, what depends on it, what differs, what is stale."""

from __future__ import annotations

import argparse
from typing import Final

from ..errors import ApiError
from ..model.comparisons import DiffAnswer, ImpactAnswer, StaleAnswer, WhyAnswer
from ..model.details import ProvenanceAnswer
from ..model.graph import GraphAnswer, Node
from ..model.lists import HealthAnswer
from ..model.parameters import HOWS
from .connect import Instance, instance
from .find import NOT_FOUND, Found, find, find_one
from .format import escape, title
from .parser import (
    NAME_HELP,
    ONE_HELP,
    Command,
    Parser,
    add_as_of_option,
    add_instance_options,
    add_page_options,
    hops,
    kind_word,
)
from .render import (
    diff_lines,
    health_lines,
    impact_lines,
    indirect_lines,
    stale_lines,
    why_lines,
)
from .result import NO, CommandResult, Line, StyledText, line
from .tree import Way, draw


def _walk_options(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help=NAME_HELP)
    parser.add_argument(
        "--depth",
        type=hops,
        metavar="HOPS",
        help="how many hops; from a run to an artifact is one (all)",
    )
    parser.add_argument(
        "--kind",
        action="append",
        type=kind_word,
        dest="kinds",
        metavar="KIND",
        help="only artifacts of this kind: file, model, project …",
    )
    parser.add_argument(
        "--only", action="append", choices=HOWS, metavar="HOW",
        help=f"only links that are known like this: {', '.join(HOWS)}",
    )  # fmt: skip
    add_page_options(parser, 1000, "how many nodes")
    add_instance_options(add_as_of_option(parser))


def run_upstream(args: argparse.Namespace) -> CommandResult:
    """Show what something came from."""
    return _walk(args, "up")


def run_downstream(args: argparse.Namespace) -> CommandResult:
    """Show what was made from something."""
    return _walk(args, "down")


def _walk(args: argparse.Namespace, way: Way) -> CommandResult:
    with instance(args) as here:
        as_of = args.as_of
        found = find(here, args.name, as_of=as_of)
        walk = here.graph.upstream if way == "up" else here.graph.downstream
        answer = walk(
            found.selector,
            depth=args.depth,
            kinds=args.kinds,
            only=args.only,
            as_of=as_of,
            limit=args.limit,
            after=args.after,
        )
        hops = "all" if args.depth is None else str(args.depth)
        up, down = (hops, "0") if way == "up" else ("0", hops)
        page = here.page_lines(focus=found.selector, up=up, down=down)
    lines = _graph_lines(answer, way, [node.key for node in found.nodes])
    return CommandResult(answer, [*found.notes, *lines, *page])


def _graph_lines(answer: GraphAnswer, way: Way, roots: list[str]) -> list[Line]:
    lines = draw(answer, way=way, roots=roots)
    if answer.truncated:
        cut = "the answer is cut here" + (
            f"; to go on add: --after {answer.next}" if answer.next else ""
        )
        lines.append(line(StyledText(cut, "warn")))
    return lines


def _impact_options(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help=NAME_HELP)
    parser.add_argument(
        "--if-unchanged", metavar="FINGERPRINT",
        help="fail unless the answer is still the one with this fingerprint",
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help="how many of each (50)"
    )
    add_instance_options(add_as_of_option(parser))


def run_impact(args: argparse.Namespace) -> CommandResult:
    """List what depends on something."""
    with instance(args) as here:
        found, answer = _find_impact(here, args)
        has_any = answer.remake or answer.loses_source or answer.possibly
        waiting = [] if has_any else here.waiting_lines()
        page = here.page_lines(view="impact", focus=found.selector)
    lines = [
        *found.notes,
        *impact_lines(answer, limit=args.limit),
        *waiting,
        *page,
    ]
    return CommandResult(answer, lines)


def _find_impact(
    here: Instance, args: argparse.Namespace
) -> tuple[Found, ImpactAnswer]:
    """Find what is meant, and what depends on it; one answer mostly says both."""
    answers: dict[str, ImpactAnswer] = {}

    def matches(selector: str) -> list[Node]:
        answer = answers[selector] = here.graph.impact(selector)
        if len(answer.focus) == 1:
            answers[answer.focus[0].key] = answer
        return answer.focus

    as_of = args.as_of
    is_plain = as_of is None and args.if_unchanged is None
    found = find(here, args.name, matches if is_plain else None, as_of=as_of)
    answer = answers.get(found.all_versions)
    if answer is None:
        answer = here.graph.impact(
            found.all_versions, as_of=as_of, if_unchanged=args.if_unchanged
        )
    return found, answer


def _provenance_options(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help=ONE_HELP)
    add_instance_options(add_as_of_option(parser))


def run_provenance(args: argparse.Namespace) -> CommandResult:
    """Show how something was made."""
    with instance(args) as here:
        as_of = args.as_of
        found = find_one(here, args.name, as_of=as_of)
        key = found.node.key
        answer = here.graph.provenance(key, as_of=as_of)
        page = here.page_lines(view="provenance", focus=key)
    lines = [*found.notes, *draw(answer.graph, way="up", roots=[key])]
    for task in answer.tasks:
        code = f"git {task.git_commit[:12]}" if task.git_commit else "no git commit"
        dirty = ", uncommitted changes" if task.git_dirty else ""
        lines.append(line(StyledText(f"{task.node.key}: {code}{dirty}", "dim")))
    if answer.truncated:
        lines.append(
            line(StyledText("the answer is cut; there is more upstream", "warn"))
        )
    return CommandResult(answer, [*lines, *page])


def _diff_options(parser: Parser) -> None:
    parser.add_argument(
        "a",
        metavar="A",
        help="a run: task:3, Train@-2; or a version: data:7, model.pt@-2",
    )
    parser.add_argument("b", metavar="B", help="the run or version to compare it with")
    add_instance_options(parser)


def run_diff(args: argparse.Namespace) -> CommandResult:
    """Compare two runs, or the runs that made two versions."""
    with instance(args) as here:
        first, second = find_one(here, args.a).node, find_one(here, args.b).node
        answer = here.graph.diff(first.key, second.key)
        page = here.page_lines(view="diff", a=answer.a.key, b=answer.b.key)
    if answer.a.key == answer.b.key and first.key != second.key:
        text = (
            f"{title(first)} and {title(second)} belong to one run, {answer.a.key}: "
            "there are no two runs to compare"
        )
        is_same = first.same_as == second.same_as
        return CommandResult(answer, [line(text), *page], 0 if is_same else NO)
    lines = [*diff_lines(answer), *page]
    return CommandResult(answer, lines, 0 if answer.is_same else NO)


def _why_options(parser: Parser) -> None:
    parser.add_argument("a", metavar="A", help=ONE_HELP)
    parser.add_argument(
        "b",
        nargs="?",
        metavar="B",
        help="what to compare it with, older or newer (the version or run before A)",
    )
    add_instance_options(parser)


def run_why(args: argparse.Namespace) -> CommandResult:
    """Explain why two versions or runs differ."""
    with instance(args) as here:
        first = find_one(here, args.a)
        other = None if args.b is None else find_one(here, args.b).selector
        answer = here.graph.why(first.selector, other)
        page = _page_of_why(here, answer)
    lines = [*first.notes, *why_lines(answer), *page]
    return CommandResult(answer, lines)


def _page_of_why(here: Instance, answer: WhyAnswer) -> list[Line]:
    """Return the address of two runs beside each other, or of the version."""
    if answer.b is None or answer.a.type == "data":
        return here.page_lines(focus=answer.a.key)
    return here.page_lines(view="diff", a=answer.b.key, b=answer.a.key)


def _stale_options(parser: Parser) -> None:
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="only this artifact, or what these runs made: app:Train",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="also outputs of which a newer version exists",
    )
    parser.add_argument(
        "--indirect",
        action="store_true",
        help="also what was made of stale outputs, directly or through others",
    )
    add_page_options(parser, 50)
    add_instance_options(parser)


def run_stale(args: argparse.Namespace) -> CommandResult:
    """List outputs whose inputs have newer versions."""
    with instance(args) as here:
        of = find(here, args.name).selector if args.name else None
        answer = here.graph.stale(
            of=of,
            all=args.all,
            indirect=args.indirect,
            limit=args.limit,
            after=args.after,
        )
        lines = stale_lines(answer)
        is_indirect = args.indirect
        if of is not None and not answer.items and not args.indirect:
            # A person who names an output wants to know whether to rely on it.
            made = indirect_lines(here.graph.stale(of=of, indirect=True))
            lines += made
            is_indirect = bool(made)
        if not answer.items:
            lines += here.waiting_lines()
        page = here.page_lines(**_page_of_stale(of, args.all, is_indirect))
    return CommandResult(answer, [*lines, *page])


def _page_of_stale(of: str | None, is_all: bool, is_indirect: bool) -> dict[str, str]:
    """Return what the page shows to list the same outputs."""
    state = {"view": "stale"}
    if of is not None:
        state["focus"] = of
    for name, is_on in (("all", is_all), ("indirect", is_indirect)):
        if is_on:
            state[name] = "1"
    return state


def _path_options(parser: Parser) -> None:
    parser.add_argument("a", metavar="A", help=ONE_HELP)
    parser.add_argument("b", metavar="B", help="where the path ends, named alike")
    add_instance_options(add_as_of_option(parser))


def run_path(args: argparse.Namespace) -> CommandResult:
    """Show how something became something else."""
    as_of = args.as_of
    with instance(args) as here:
        source = find_one(here, args.a, as_of=as_of).node
        target = find_one(here, args.b, as_of=as_of).node
        try:
            answer = here.graph.path(source.key, target.key, as_of=as_of)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            text = f"no path connects {escape(args.a)} and {escape(args.b)}"
            nothing = GraphAnswer(nodes=[], arrows=[])
            return CommandResult(nothing, [line(text)], NO)
        ends_of = [edge.target for edge in answer.arrows]
        is_turned = source.key in ends_of and target.key not in ends_of
        first, last = (target, source) if is_turned else (source, target)
        ends = {"from": first.key, "to": last.key}
        page = here.page_lines(focus=first.key, down="all", **ends)
    lines = [*_graph_lines(answer, "down", []), *page]
    if is_turned:
        text = f"{title(source)} comes from {title(target)}, so the path begins there"
        lines.insert(0, line(StyledText(text, "dim")))
    return CommandResult(answer, lines)


def run_health(args: argparse.Namespace) -> CommandResult:
    """Count how complete the graph is."""
    with instance(args) as here:
        answer = here.graph.health()
    return CommandResult(answer, health_lines(answer))


#: The questions, in the order of the help.
COMMANDS: Final = (
    Command(
        "upstream", run_upstream, "show what something came from",
        answer=GraphAnswer, options=_walk_options,
        example="lineage upstream model.joblib",
    ),
    Command(
        "downstream", run_downstream, "show what was made from something",
        answer=GraphAnswer, options=_walk_options,
        example="lineage downstream model.joblib",
    ),
    Command(
        "impact", run_impact, "list what depends on something, and the runs to repeat",
        answer=ImpactAnswer, options=_impact_options,
        example="lineage impact project:12",
    ),
    Command(
        "provenance", run_provenance, "show how something was made: runs, inputs, code",
        answer=ProvenanceAnswer, options=_provenance_options,
        example="lineage provenance model.joblib",
    ),
    Command(
        "diff", run_diff,
        "compare two runs, or those that made two versions (exit code 1: they differ)",
        answer=DiffAnswer, options=_diff_options,
        example="lineage diff task:3 task:4",
    ),
    Command(
        "why", run_why, "explain why a version or a run differs from the one before",
        answer=WhyAnswer, options=_why_options,
        example="lineage why model.joblib",
    ),
    Command(
        "stale", run_stale, "list outputs made from inputs that have newer versions",
        answer=StaleAnswer, options=_stale_options,
        example="lineage stale app:Train",
    ),
    Command(
        "path", run_path, "show how something became something else",
        answer=GraphAnswer, options=_path_options,
        example="lineage path digits.csv readings.csv",
    ),
    Command(
        "health", run_health, "count how complete the graph is",
        answer=HealthAnswer, options=add_instance_options,
    ),
)  # fmt: skip
