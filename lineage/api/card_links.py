"""Links of cards whose ids are found only when the edge is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import DeliveryError, logger


def filled(
    meta: dict[str, Any] | None, sources: Mapping[str, Callable[[], Any]]
) -> dict[str, Any] | None:
    """Put ids into the links of a card.

    Args:
        meta: The card in the wire's form.
        sources: For each name that a link may carry as `{name}`, how to find it.

    Returns:
        The card; a link whose id cannot be found is left out of it.
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
    try:
        for name, find in sources.items():
            if f"{{{name}}}" in url:
                url = url.replace(f"{{{name}}}", str(find()))
    except DeliveryError as error:
        logger.info("card: no link to %s: %s", link["title"], error)
        return rest
    return {**rest, "mainLink": {**link, "url": url}}
