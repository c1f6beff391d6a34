"""Times, sizes, names and states, in words."""

from __future__ import annotations

import html
import re
import time
from datetime import datetime, timezone
from typing import Final

from ..model.graph import Node
from .result import StyledText

_STATES: Final = {
    "finished": ("✔", "good"),
    "deployed": ("●", "good"),
    "error": ("✘", "bad"),
    "stopped": ("■", "warn"),
    "terminating": ("■", "warn"),
}
_MARKUP: Final = re.compile(r"<[^>]*>")
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


def clean(text: str) -> str:
    """Drop markup and control characters, which a terminal would obey."""
    return _UNSEEN.sub(" ", html.unescape(_MARKUP.sub("", text))).strip()


def title(node: Node) -> str:
    """Give the name a card shows: the app's title, else the thing's name."""
    return clean(node.title or "") or clean(node.name) or node.key


def state(status: str | None) -> StyledText:
    """Give a task's status as one character with its colour."""
    mark, style = _STATES.get(status or "", ("…", "warn"))
    return StyledText(mark, style)


def size(count: int) -> str:
    """Give a number of bytes as people say it."""
    number = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    raise AssertionError("unreachable")


def duration(seconds: float) -> str:
    """Give a span of time as people say it."""
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    if seconds < 86_400:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
    return f"{seconds / 86_400:.0f} days"


def ago(moment: float, *, now: float | None = None) -> str:
    """Give a moment by its distance from now, and older ones by their date."""
    passed = (time.time() if now is None else now) - moment
    if passed < 60:
        return "just now"
    if passed < 3600:
        return f"{passed // 60:.0f} min ago"
    if passed < 86_400:
        return f"{passed // 3600:.0f} h ago"
    return f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%d %H:%M}"


def facts(node: Node) -> str:
    """Give what is known of a card in a few words."""
    if node.type == "task":
        parts = [node.key, *_task_facts(node)]
    else:
        parts = [node.kind.replace("_", " "), *_data_facts(node), node.key]
    return " · ".join(parts)


def _task_facts(node: Node) -> list[str]:
    known = [node.status] if node.status and node.status != "finished" else []
    if node.started_at is not None and node.ended_at is not None:
        known.append(duration(node.ended_at - node.started_at))
    return known


def _data_facts(node: Node) -> list[str]:
    known = [node.version] if node.version else []
    if node.size is not None:
        known.append(size(node.size))
    if node.is_stale:
        known.append("stale")
    if node.is_deleted:
        known.append("deleted")
    return known


def styled(node: Node) -> StyledText:
    """Give a card's name in the colour of its type."""
    return StyledText(title(node), "task" if node.type == "task" else "data")


def count(number: int, one: str, many: str | None = None) -> str:
    """Give a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"
