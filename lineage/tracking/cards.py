"""Cards: how a node is shown, made from the recorded artifact."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ..errors import SourceError
from ..model.meta import Markup, WorkflowMeta, WorkflowSettings, checked_meta
from ..recording.json_text import compact
from .coercion import ArtifactRef, info_kind

if TYPE_CHECKING:
    from ..redaction import Masker

__all__ = [
    "Card",
    "CardPreset",
    "Markup",
    "checkpoint",
    "download",
    "folder",
    "project",
    "report",
    "session",
]

#: What the platform puts in when the fact is sent: known only then.
_ID: Final = "{id}"
_TASK: Final = "{task_id}"

_FILE_LINK: Final = f"/files/{_ID}"
_FOLDER_LINK: Final = f"/files/{_ID}/true"
_PROJECT_LINK: Final = f"/projects/{_ID}/datasets"
_SESSION_LINK: Final = f"/apps/sessions/{_TASK}"


@dataclass(frozen=True, slots=True)
class CardPreset:
    """A ready card; called with an artifact it returns that artifact's settings.

    The title is the artifact's name, the link is made when the fact is sent.
    """

    icon: str
    icon_color: str
    icon_bg_color: str
    url: str
    url_title: str
    title: str | None = None
    """Instead of the artifact's name."""

    def __call__(self, artifact: Any) -> WorkflowSettings:
        """Make the settings for an artifact."""
        return WorkflowSettings(
            title=self.title or name_of(artifact),
            icon=self.icon,
            icon_color=self.icon_color,
            icon_bg_color=self.icon_bg_color,
            url=self.url,
            url_title=self.url_title,
        )

    def titled(self, title: str) -> CardPreset:
        """Return the same card with another title (escaped, unless it is `Markup`)."""
        return replace(self, title=title)


#: What `card=` takes.
Card = (
    WorkflowSettings | WorkflowMeta | CardPreset | Callable[[Any], Any] | dict[str, Any]
)

download: Final = CardPreset("download", "#33a2ff", "#e5f3ff", _FILE_LINK, "Download")
folder: Final = CardPreset("folder", "#ffb84d", "#fff3e0", _FOLDER_LINK, "Open folder")
report: Final = CardPreset(
    "assignment", "#674ea7", "#ccccff", "/model-benchmark?id=" + _ID, "Open report"
)
checkpoint: Final = CardPreset(
    "grain", "#2ca02c", "#e3f4e3", _FOLDER_LINK, "Open folder"
)
session: Final = CardPreset(
    "desktop-windows", "#3a6ea5", "#e4edf6", _SESSION_LINK, "Open session"
)
project: Final = CardPreset(
    "collection-image", "#e0912f", "#fdf1e1", _PROJECT_LINK, "Open"
)


def name_of(artifact: Any) -> str | None:
    """Return the name of an artifact, as its card shows it."""
    name = getattr(artifact, "name", None)
    if isinstance(name, str) and name:
        return name
    if isinstance(artifact, (str, os.PathLike)):
        path = os.fspath(artifact)
        text = path if isinstance(path, str) else os.fsdecode(path)
        return os.path.basename(text.rstrip("/")) or text
    known = info_kind(artifact)
    return None if known is None and not isinstance(artifact, int) else f"{artifact}"


def relation_meta(card: Any, target: ArtifactRef) -> dict[str, Any] | None:
    """Return an artifact's card in the wire's form; None when it made none.

    Raises:
        SourceError: The card is none.
    """
    made = _made(card, target.value)
    if made is None:
        return None
    if _is_settings(made):
        made = WorkflowMeta(relation_settings=made)
    checked = checked_meta(made)
    if checked is None and not isinstance(made, (dict, WorkflowMeta)):
        raise SourceError(f"{type(made).__name__} is no card", subject=made)
    return None if checked is None else _resolved(checked, target)


def own_node_meta(card: Any, target: ArtifactRef) -> dict[str, Any] | None:
    """Return the card of the task's own node in the wire's form, made of an artifact.

    Raises:
        SourceError: The card is none.
    """
    made = _made(card, target.value)
    if made is None:
        return None
    return {"customNodeSettings": _node_settings(made)}


def _made(card: Any, artifact: Any) -> Any:
    return card(artifact) if callable(card) and not isinstance(card, type) else card


def node_text(card: Any, artifact: Any, mask: Masker) -> str:
    """Return the card of a task's own node as JSON text (`customNodeSettings`).

    Raises:
        SourceError: The card is none.
    """
    return compact(mask.within(_node_settings(_made(card, artifact))))


def _node_settings(made: Any) -> dict[str, Any]:
    """Return the settings of a node as the wire has them.

    Raises:
        SourceError: The card is none.
    """
    settings = made if isinstance(made, dict) else getattr(made, "as_dict", None)
    if isinstance(settings, dict) and "customNodeSettings" in settings:
        settings = settings["customNodeSettings"]
    checked = checked_meta({"customNodeSettings": settings})
    if checked is None:
        raise SourceError(f"{type(made).__name__} is no card of a task", subject=made)
    node: dict[str, Any] = checked["customNodeSettings"]
    return node


def _is_settings(made: Any) -> bool:
    """Whether it is a `WorkflowSettings`, ours or the SDK's."""
    return any(cls.__name__ == "WorkflowSettings" for cls in type(made).__mro__)


def _resolved(meta: dict[str, Any], target: ArtifactRef) -> dict[str, Any]:
    """Put the id into a link of ours, where it is known already."""
    settings = meta.get("customRelationSettings", {})
    link = settings.get("mainLink") if isinstance(settings, dict) else None
    if link is None or not isinstance(target.id, int) or _ID not in link["url"]:
        return meta
    known = {**link, "url": link["url"].replace(_ID, str(target.id))}
    return {**meta, "customRelationSettings": {**settings, "mainLink": known}}
