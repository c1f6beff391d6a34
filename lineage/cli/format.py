"""Times, sizes, names and states, as people read them."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Final

from ..model.details import Step
from ..model.graph import Node
from ..model.selector import shown_status
from ..model.value_text import value_text
from ..patterns import pattern
from .result import StyledText, columns_of

_STATES: Final = {
    "finished": ("✔", "good"),
    "deployed": ("●", "good"),
    "error": ("✘", "bad"),
    "stopped": ("■", "warn"),
    "terminating": ("■", "warn"),
    "lost": ("✘", "bad"),
}
_MARKUP: Final = re.compile(r"<[^>]*>")
#: Control characters, those that change the direction of writing, and bytes that are
#: no text, which a terminal cannot be sent.
_CONTROL: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LOCAL: Final = pattern(r"file://([^/]*)(/.*)", re.DOTALL)
#: Longest name that is shown whole.
MAX_NAME: Final = 60
#: Longest value of a parameter in a list.
MAX_VALUE: Final = 20


def escape(text: str) -> str:
    r"""Write control characters as `\x1b`, so that a terminal does not obey them."""
    return _CONTROL.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def clean(text: str) -> str:
    """Return a title without its markup, and its control characters escaped."""
    plain = _MARKUP.sub("", text)
    if "&" in plain:
        import html

        plain = html.unescape(plain)
    return escape(plain.strip())


def shorten(text: str, width: int = MAX_NAME) -> str:
    """Cut a text in the middle, where names differ least.

    Args:
        text: The text.
        width: How many columns of a terminal it may take.
    """
    if (len(text) <= width and text.isascii()) or columns_of(text) <= width:
        return text
    head = max(1, (width - 1) // 3)
    start, end = text[:head], text[-(width - 1 - head) :]
    while columns_of(start) > head:
        start = start[:-1]
    while columns_of(end) > width - 1 - head:
        end = end[1:]
    return f"{start}…{end}"


def title(node: Node) -> str:
    """Return what a node is shown as: the app's title, else its shortest path."""
    return clean(node.title or "") or name(node)


def name(node: Node) -> str:
    """Return the shortest unique path, else the name; never empty."""
    text = node.label or node.name
    return shorten(escape(text.strip())) or node.key


def place(id: int | str) -> str:
    """Return a path or id as people write it: a local path with its machine."""
    local = _LOCAL.fullmatch(str(id))
    if local is None:
        return str(id)
    return f"{local[2]} on {local[1]}" if local[1] else local[2]


def state(status: str | None) -> StyledText:
    """Return a task's status as one character with its colour."""
    mark, style = _STATES.get(status or "", ("…", "warn"))
    return StyledText(mark, style)


def step_state(step: Step) -> StyledText:
    """Return how a step ended as one character; one that never ended has no check."""
    if step.outcome is None and step.ended_at is None:
        return state(None)
    return state("error" if step.outcome == "error" else "finished")


def size(count: int) -> str:
    """Return a number of bytes in the largest fitting unit."""
    number = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    raise AssertionError("unreachable")


def duration(seconds: float) -> str:
    """Return a span of time in two units at most."""
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
    """Return a moment by its distance from now, and older ones by their date."""
    passed = (time.time() if now is None else now) - moment
    if passed < 60:
        return "just now"
    if passed < 3600:
        return f"{passed // 60:.0f} min ago"
    if passed < 86_400:
        return f"{passed // 3600:.0f} h ago"
    return date(moment)


def date(moment: float) -> str:
    """Return a moment as date and time (UTC)."""
    return f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%d %H:%M}"


def facts(node: Node) -> str:
    """Return what is known about a node in a few words."""
    if node.type == "task":
        parts = [node.key, *_task_facts(node)]
    else:
        parts = [node.kind.replace("_", " "), *_data_facts(node), node.key]
    return " · ".join(parts)


def _task_facts(node: Node) -> list[str]:
    status = shown_status(node.status)
    known = [status] if status and status != "finished" else []
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
    """Return a node's name in the colour of its type."""
    return StyledText(title(node), "task" if node.type == "task" else "data")


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def params_text(params: Mapping[str, object], *, most: int | None = None) -> str:
    """Write parameters as `name=value`, separated by spaces.

    Args:
        params: The parameters.
        most: How many, with long values cut; all in full when left out.
    """
    if most is None:
        return " ".join(
            f"{escape(k)}={escape(value_text(v))}" for k, v in params.items()
        )
    shown = [
        f"{escape(k)}={shorten(escape(value_text(v)), MAX_VALUE)}"
        for k, v in list(params.items())[:most]
    ]
    return " ".join([*shown, "…"] if len(params) > most else shown)
