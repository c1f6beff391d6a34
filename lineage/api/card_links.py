"""Links of cards whose ids are found only when the edge is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import DeliveryError, logger


def filled(
    meta: dict[str, Any] | None, sources: Mapping[str, Callable[[], Any]]
) -> dict[str, Any] | None:
    """Put ids into the links of a card.

    An id that is not known leaves its part of the path out, so that
    `/apps/{module_id}/sessions/{task_id}` becomes `/apps/sessions/77`.

    Args:
        meta: The card in the wire's form.
        sources: For each name that a link may carry as `{name}`, how to find it.

    Returns:
        The card, without a link whose last part, or whose query, needs an unknown id.
    """
    if meta is None:
        return None
    return {name: _settings(settings, sources) for name, settings in meta.items()}


def _settings(
    settings: dict[str, Any], sources: Mapping[str, Callable[[], Any]]
) -> dict[str, Any]:
    link = settings.get("mainLink")
    if link is None:
        return settings
    rest = {key: value for key, value in settings.items() if key != "mainLink"}
    url = link["url"]
    for name, find in sources.items():
        sign = f"{{{name}}}"
        if sign not in url:
            continue
        try:
            url = url.replace(sign, str(find()))
        except DeliveryError as error:
            if f"{sign}/" not in url or sign in url.replace(f"/{sign}/", "/"):
                logger.info("card: no link to %s: %s", link["title"], error)
                return rest
            url = url.replace(f"/{sign}/", "/")
    return {**rest, "mainLink": {**link, "url": url}}
