"""What follows from each setting, in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..settings import UNUSABLE, Origin, Settings

_Explain = Callable[[Settings], str]


def summary(settings: Settings) -> list[str]:
    """Describe what lineage does with this environment, in whole sentences."""
    if not settings.is_enabled:
        return ["Recording is off: decorators hand back the functions they got."]
    journal = settings.home / "journal"
    wait = f"{settings.flush_timeout_s:g} s"
    return [
        f"Recording is on; {_target(settings)}.",
        f"A recorded fact is first kept in {journal}, and {_sync(settings)}.",
        f"At exit an app waits up to {wait} for delivery.",
        "What is left is sent by the next process, or by: lineage flush",
    ]


def consequence(origin: Origin, settings: Settings) -> str:
    """Describe what follows from one setting's value."""
    explain = _FOLLOWS.get(origin.variable.field)
    return explain(settings) if explain else origin.variable.meaning


def _target(settings: Settings) -> str:
    """Describe where facts go, and why."""
    destination = settings.destination
    if destination == "instance":
        return f"facts go to {settings.server_address or 'SERVER_ADDRESS (unset!)'}"
    if destination == UNUSABLE:
        return f"facts go nowhere: {settings.unusable}"
    if destination != "local":
        return f"facts go to {settings.shown_destination}"
    place = f"facts go to the embedded instance in {settings.home}"
    if settings.target == "auto" and settings.server_address and settings.api_token:
        return f"{place}, because ENV is {settings.env!r} and not 'production'"
    return place


def _home(settings: Settings) -> str:
    there = "is there" if settings.home.exists() else "is made with the first fact"
    return f"{settings.home.absolute()} {there}"


def _sync(settings: Settings) -> str:
    if settings.journal_sync == "power":
        return "survives a power cut"
    return "survives the death of the process"


def _task(settings: Settings) -> str:
    if settings.task_id is None:
        return "the instance numbers the tasks"
    return f"this process is task {settings.task_id}"


def _env(settings: Settings) -> str:
    if settings.env == "production":
        return "facts go to the platform when SERVER_ADDRESS and API_TOKEN are set"
    return "facts never go to the platform by themselves"


def _token(settings: Settings) -> str:
    if settings.token:
        return "used for an address in LINEAGE_TARGET"
    return "API_TOKEN is used" if settings.api_token else "none is sent"


_FOLLOWS: Final[Mapping[str, _Explain]] = {
    "is_enabled": lambda s: "facts are recorded" if s.is_enabled else "nothing happens",
    "target": _target,
    "home": _home,
    "is_strict": lambda s: (
        "tracking errors raise" if s.is_strict else "tracking errors are logged"
    ),
    "flush_timeout_s": lambda s: f"exit waits up to {s.flush_timeout_s:g} s",
    "journal_sync": lambda s: f"a recorded fact {_sync(s)}",
    "journal_max_mb": lambda s: f"beyond {s.journal_max_mb:g} MB facts are dropped",
    "max_age_days": lambda s: (
        f"a fact that waits longer than {s.max_age_days:g} days is set aside"
    ),
    "lost_after_s": lambda s: (
        f"a task that is silent for {s.lost_after_s:g} s is lost"
        if s.lost_after_s
        else "no silence makes a task lost"
    ),
    "token": _token,
    "task_id": _task,
    "env": _env,
}
