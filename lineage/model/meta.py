"""Cards: how a node or a relation of the workflow is shown."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from ..errors import logger, warn_rarely


class Markup(str):
    """Text that is HTML on purpose, and so is not escaped in a card."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def escape(text: str) -> str:
    """Make text safe inside HTML; `Markup` stays as it is."""
    as_html = getattr(text, "__html__", None)
    return str(as_html()) if callable(as_html) else html.escape(text, quote=False)


@dataclass
class WorkflowSettings:
    """How one node or relation is shown; checked when sent.

    An icon needs its name and both colours, a link its address and its title: what
    is incomplete is left out of the card, with one line in the log.
    """

    title: str | None = None
    """Escaped, unless it is `Markup`."""
    icon: str | None = None
    """Name of a Material Design icon, with or without `zmdi-`."""
    icon_color: str | None = None
    icon_bg_color: str | None = None
    url: str | None = None
    """`https://…`, or a path within the instance, as `/apps/5` or `apps/5`."""
    url_title: str | None = None
    description: str | None = None
    """Escaped, unless it is `Markup`."""

    @property
    def as_dict(self) -> dict[str, Any]:
        """The settings as the wire has them."""
        result: dict[str, Any] = {}
        if self.title is not None:
            result["title"] = f"<h4>{escape(self.title)}</h4>"
        if self.description is not None:
            result["description"] = f"<small>{escape(self.description)}</small>"
        icon, link = self._icon(), self._link()
        if icon is not None:
            result["icon"] = icon
        if link is not None:
            result["mainLink"] = link
        return result

    def _icon(self) -> dict[str, str] | None:
        parts = (self.icon, self.icon_color, self.icon_bg_color)
        if self.icon is None or not all(parts):
            if any(parts):
                logger.info("card: no icon without name, colour and background")
            return None
        name = self.icon.removeprefix("zmdi ").removeprefix("zmdi-")
        return {
            "icon": f"zmdi-{name}",
            "color": str(self.icon_color),
            "backgroundColor": str(self.icon_bg_color),
        }

    def _link(self) -> dict[str, str] | None:
        if not self.url or not self.url_title:
            if self.url or self.url_title:
                logger.info("card: no link without address and title")
            return None
        if not is_safe_link(self.url):
            warn_rarely(
                f"card link {self.url}",
                "card: %r is no link; allowed are https://…, http://… and paths within "
                "the instance",
                self.url,
            )
            return None
        return {"url": self.url, "title": self.url_title}


@dataclass
class WorkflowMeta:
    """How an edge is shown: the artifact (`relation`) and the task's own node."""

    relation_settings: WorkflowSettings | None = None
    node_settings: WorkflowSettings | None = None

    @property
    def as_dict(self) -> dict[str, Any] | None:
        """The customisation as the wire has it; None when there is none."""
        result = {
            name: settings.as_dict
            for name, settings in (
                ("customRelationSettings", self.relation_settings),
                ("customNodeSettings", self.node_settings),
            )
            if settings is not None
        }
        return result or None

    @classmethod
    def create_as_dict(cls, **kwargs: Any) -> dict[str, Any] | None:
        """Make a customisation and give it as the wire has it."""
        return cls(**kwargs).as_dict


def is_safe_link(url: str) -> bool:
    """Return whether a link may be shown: the web, or a path within the instance.

    Args:
        url: `https://…`, `http://…`, `/apps/5`, or `apps/5`, which is relative.
    """
    if "\\" in url or any(ord(character) <= 32 for character in url):
        # Browsers read these in ways of their own: a backslash as a slash.
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme:
        return parts.scheme.lower() in ("http", "https") and bool(parts.netloc)
    return bool(parts.path) and not parts.netloc


def checked_meta(meta: Any) -> dict[str, Any] | None:
    """Return a customisation as it may be sent.

    Args:
        meta: A `WorkflowMeta` (ours or the SDK's), `WorkflowSettings` (of the
            relation), a dict in the wire's form, or None.

    Returns:
        None when there is none, or when the platform would refuse it: then a
        warning names the place, and the edge goes without it.
    """
    if meta is None:
        return None
    if isinstance(meta, WorkflowSettings):
        meta = WorkflowMeta(relation_settings=meta)
    value = meta if isinstance(meta, dict) else getattr(meta, "as_dict", meta)
    problem = problem_of(value)
    if problem is None:
        return dict(value)
    warn_rarely(
        f"meta {problem}",
        "The edge is sent without its card: %s. A card has customRelationSettings "
        "or customNodeSettings with title, description, icon and mainLink.",
        problem,
    )
    return None


class _Form(NamedTuple):
    """What an object on the wire may hold: text, or further objects."""

    members: dict[str, _Form | type[str]]
    is_whole: bool = False
    """Whether each member must be there."""


_SETTINGS: Final = _Form(
    {
        "icon": _Form({"icon": str, "color": str, "backgroundColor": str}, True),
        "title": str,
        "description": str,
        "mainLink": _Form({"url": str, "title": str}, True),
    }
)
_CARD: Final = _Form(
    {"customRelationSettings": _SETTINGS, "customNodeSettings": _SETTINGS}
)


def problem_of(value: Any) -> str | None:
    """Return what the platform would refuse in a card, or None."""
    if not isinstance(value, dict):
        return f"{type(value).__name__} is no card"
    if not value:
        return "it is empty"
    return _problem_in(value, _CARD, "")


def _problem_in(value: Any, form: _Form | type[str], place: str) -> str | None:
    if isinstance(form, type):
        is_text = isinstance(value, str)
        return None if is_text else f"{place} is {type(value).__name__}, not text"
    if not isinstance(value, dict):
        return f"{place} is {type(value).__name__}, not an object"
    within = f"{place}." if place else ""
    for name in value:
        if name not in form.members:
            return f"{within}{name} is unknown; allowed are {', '.join(form.members)}"
    for name, inner in form.members.items():
        if name in value:
            problem = _problem_in(value[name], inner, within + name)
            if problem is not None:
                return problem
        elif form.is_whole:
            return f"{within}{name} is missing"
    return None
