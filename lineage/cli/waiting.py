"""Facts that wait, by where they go, each with the command that sends them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from ..delivery.report import DeliveryStatus
from ..journal.segments import short_destination
from ..settings import UNUSABLE, Settings
from .format import count

_OPENLINEAGE = "openlineage "


class WaitingFacts(NamedTuple):
    """Facts of one target that wait."""

    number: int
    target: str
    """Where they go, in words."""
    command: str
    """What sends them."""
    is_elsewhere: bool
    """Whether the present settings send other facts only."""

    def __str__(self) -> str:
        verb = "waits" if self.number == 1 else "wait"
        return f"{count(self.number, 'fact')} {verb} for {self.target}"


def waiting_facts(status: DeliveryStatus, settings: Settings) -> list[WaitingFacts]:
    """Return what waits in a home, what the present settings send first."""
    found = list(_found(status, settings))
    return sorted(found, key=lambda facts: (facts.is_elsewhere, facts.target))


def _found(status: DeliveryStatus, settings: Settings) -> Iterator[WaitingFacts]:
    ours = {short_destination(settings.journal_destination), UNUSABLE, ""}
    if settings.openlineage_url:
        ours.add(short_destination(f"{_OPENLINEAGE}{settings.openlineage_url}"))
    here = sum(status.by_target.get(name, 0) for name in ours)
    if here:
        yield WaitingFacts(here, "delivery", "lineage flush", is_elsewhere=False)
    for name, number in status.by_target.items():
        if name not in ours:
            target, command = _how(unquote(name), settings)
            yield WaitingFacts(number, target, command, is_elsewhere=True)


def _how(name: str, settings: Settings) -> tuple[str, str]:
    """Return a target in words, and the command that sends its facts."""
    home = shlex.quote(str(settings.home))
    flush = f"lineage flush --home {home}"
    if name == "local":
        return "the embedded instance", flush
    if name == "instance":
        variables = f"LINEAGE_TARGET=instance LINEAGE_HOME={home}"
        return "the platform", f"{variables} lineage flush"
    if name.startswith(_OPENLINEAGE):
        url = name.removeprefix(_OPENLINEAGE)
        return url, f"LINEAGE_OPENLINEAGE_URL={shlex.quote(url)} {flush}"
    if name.startswith(("http://", "https://")):
        return name, f"{flush} --server {shlex.quote(name)}"
    program = "the program that recorded them sends them when it runs again"
    return "another receiver", program
