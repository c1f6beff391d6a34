"""Delivery of recorded facts: `flush`, `status`, `retry`."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from ..delivery.report import DeliveryReport, DeliveryStatus
from ..delivery.status import problem_of, read_status
from ..errors import JournalError
from ..journal.dead_letters import RejectedFact
from ..runtime import Runtime
from ..settings import UNUSABLE, Settings
from .connect import settings_of
from .format import ago, clean, count, duration
from .output import table
from .parser import Command, Parser, add_instance_options, seconds
from .result import FAILED, NO, CommandResult, Line, StyledText, line
from .waiting import WaitingFacts, waiting_facts


def _delivery_options(parser: Parser) -> None:
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="S",
        help="how many seconds it may take (60)",
    )
    add_instance_options(parser)


def run_status(args: argparse.Namespace) -> CommandResult:
    """Show what is waiting, what was rejected, and where facts go."""
    settings = settings_of(args)
    status = read_status(settings.home)
    return CommandResult(
        {**status_data(status), "destination": settings.shown_destination},
        _status_lines(status, settings),
        FAILED if status.problem else NO if status.refused else 0,
    )


def status_data(status: DeliveryStatus) -> dict[str, Any]:
    """Return a status as numbers, for programs and for the page's header."""
    return {
        "waiting": status.waiting,
        "refused": len(status.refused),
        "refusals": [{"uid": r.uid, "reason": r.reason} for r in status.refused[:100]],
        "oldest_s": status.oldest_s(time.time()),
        "dropped": status.dropped,
        "skipped": list(status.skipped),
        "problem": status.problem,
    }


def _status_lines(status: DeliveryStatus, settings: Settings) -> list[Line]:
    lines = [line("where to  ", StyledText(_where(settings), "data"))]
    if status.problem:
        lines.append(line(StyledText("✘ ", "bad"), status.problem))
    elif not settings.home.exists():
        lines.append(line("everything is delivered: nothing was recorded there yet"))
    elif not (status.waiting or status.refused or status.dropped):
        lines.append(line(StyledText("✔ ", "good"), "everything is delivered"))
    if status.waiting:
        waiting = waiting_facts(status, settings)
        age = duration(status.oldest_s(time.time()) or 0.0)
        text = f"{count(status.waiting, 'fact')} waiting, the oldest for {age}"
        is_here = not any(facts.is_elsewhere for facts in waiting)
        text += "; type: lineage flush" if is_here else ""
        lines.append(line(StyledText("… ", "warn"), text))
        lines += [] if is_here else _waiting_lines(waiting)
    lines += _refusals(status.refused)
    if status.dropped:
        text = f"{count(status.dropped, 'fact')} dropped: the journal was full"
        lines.append(line(StyledText("✘ ", "bad"), text))
    for name in status.skipped:
        lines.append(
            line(StyledText("! ", "warn"), f"could not be read, kept aside: {name}")
        )
    return lines


def _waiting_lines(waiting: Sequence[WaitingFacts]) -> list[Line]:
    return [
        line(StyledText("… ", "warn"), f"{facts}; to send them: {facts.command}")
        for facts in waiting
    ]


def _where(settings: Settings) -> str:
    if settings.destination == "local":
        return f"the embedded instance in {settings.home}"
    if settings.destination == "instance":
        return settings.server_address or "the platform (SERVER_ADDRESS is unset)"
    if settings.destination == UNUSABLE:
        return f"nowhere: {settings.unusable}"
    return settings.shown_destination


def _refusals(refused: tuple[RejectedFact, ...], *, shown: int = 10) -> list[Line]:
    if not refused:
        return []
    text = f"{count(len(refused), 'fact')} rejected; fix the cause, then: lineage retry"
    rows = [
        [StyledText(_about(refusal), "data"), StyledText(clean(refusal.reason)),
         StyledText(ago(refusal.at), "dim")]
        for refusal in refused[:shown]
    ]  # fmt: skip
    return [line(StyledText("✘ ", "bad"), text), *table(rows, indent="  ")]


def _about(refusal: RejectedFact) -> str:
    """Name a fact in two words."""
    try:
        fact = json.loads(refusal.fact)
    except ValueError:
        return refusal.uid
    if fact.get("f") != "edge":
        return str(fact.get("f"))
    return clean(f"{fact.get('dir')} {fact.get('kind')}:{fact.get('id')}")


def run_flush(args: argparse.Namespace) -> CommandResult:
    """Deliver what is left over in this home."""
    runtime = _runtime(args)
    try:
        report = runtime.flush(args.timeout)
    finally:
        runtime.close()
    return _report(report, runtime)


def run_retry(args: argparse.Namespace) -> CommandResult:
    """Put refused facts back in line, and deliver them."""
    runtime = _runtime(args)
    try:
        again = runtime.retry()
        report = runtime.flush(args.timeout)
    finally:
        runtime.close()
    if not again:
        return _report(report, runtime, [line("no fact was rejected")])
    return _report(report, runtime)


def _runtime(args: argparse.Namespace) -> Runtime:
    """Make a runtime that records nothing of its own.

    Raises:
        JournalError: The journal cannot be looked into.
    """
    home = settings_of(args).home
    problem = problem_of(home)
    if problem is not None:
        raise JournalError(problem, subject=home)
    return Runtime(replace(settings_of(args), flush_timeout_s=0.0))


def _report(
    report: DeliveryReport, runtime: Runtime, text: Sequence[Line] = ()
) -> CommandResult:
    problem = _problem(runtime)
    if problem is not None:
        lines = [line(StyledText("✘ ", "bad"), problem), line(str(report))]
        return CommandResult(report, lines, FAILED)
    status = read_status(runtime.settings.home)
    waiting = waiting_facts(status, runtime.settings)
    elsewhere = _waiting_lines([facts for facts in waiting if facts.is_elsewhere])
    if report:
        delivered = f"{count(report.delivered, 'fact')} delivered"
        done = text or [line(StyledText("✔ ", "good"), delivered)]
        return CommandResult(report, [*done, *elsewhere])
    lines = [line(StyledText("… ", "warn"), str(report)), *_refusals(report.refused)]
    return CommandResult(report, lines + elsewhere, NO)


def _problem(runtime: Runtime) -> str | None:
    """Name what keeps the journal's files from being delivered at all."""
    folder = runtime.journal.folder
    if folder.closed:
        why = next(iter(folder.closed.values()))
        return (
            f"{count(len(folder.closed), 'file')} in {folder.path} cannot be opened "
            f"for writing ({why}), so what waits there is not delivered; flush as a "
            "user who may write it, or copy the folder to where it can be written"
        )
    return read_status(folder.home).problem


COMMANDS: Final = (
    Command(
        "flush", run_flush, "deliver what finished or killed processes left behind",
        answer="FlushAnswer", options=_delivery_options,
    ),
    Command(
        "status", run_status,
        "show what waits to be delivered, what was rejected, and why",
        answer="StatusAnswer", options=add_instance_options,
    ),
    Command(
        "retry", run_retry, "deliver rejected facts again, once the cause is fixed",
        answer="FlushAnswer", options=_delivery_options,
    ),
)  # fmt: skip
