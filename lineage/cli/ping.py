"""Find out whether the instance answers, and what waits for it."""

from __future__ import annotations

from ..api import Api
from ..api.errors import describe_silence
from ..api.version import UNKNOWN
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
    server, found = redact(api.server_address), api.versions.get(warns=False)
    if found.announced is not None:
        return f"{server} answers, with lineage {found.announced.version}"
    if found.problem is not None:
        return f"{describe_silence(server, found.problem)}; facts wait in the journal"
    if found.version in (None, UNKNOWN):
        return f"{server} does not announce its version; facts wait in the journal"
    return f"{server} answers, a platform of version {found.version}"
