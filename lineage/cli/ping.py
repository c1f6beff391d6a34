"""Find out whether the instance answers, and what waits for it."""

from __future__ import annotations

from ..api import Api
from ..delivery.status import read_status
from ..redaction import redact
from ..settings import UNUSABLE, Settings
from .connect import served
from .format import count


def reached(settings: Settings) -> str:
    """Describe in one sentence whether facts arrive where they go."""
    if not settings.is_enabled:
        return "Nothing is sent."
    waiting = read_status(settings.home).waiting
    waiting_text = f"; {count(waiting, 'fact')} waiting" if waiting else ""
    if settings.destination == "local":
        return f"The embedded instance needs no connection{waiting_text}."
    if settings.destination == UNUSABLE:
        return f"Nothing can be sent: {settings.unusable}{waiting_text}."
    if settings.destination == "instance" and not settings.server_address:
        return f"SERVER_ADDRESS is not set, so nothing can be sent{waiting_text}."
    return f"{_answer(served(settings))}{waiting_text}."


def _answer(api: Api) -> str:
    version = api.instance_version
    ours = api.announced()
    if ours is not None:
        return f"{redact(api.server_address)} answers, with lineage {ours.version}"
    if version in (None, "unknown"):
        return (
            f"{redact(api.server_address)} does not answer; facts wait in the journal"
        )
    return f"{redact(api.server_address)} answers, a platform of version {version}"
