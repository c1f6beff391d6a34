"""The address of the page that shows what a command shows."""

from __future__ import annotations

from urllib.parse import urlencode

from ..api import Api
from .connect import EMBEDDED_ADDRESS as _EMBEDDED
from .result import Line, StyledText, line


def page_address(api: Api, **state: str) -> str | None:
    """Return the page's address for a state such as `focus="data:12"`, if any.

    An embedded instance has no page until `lineage ui` serves it.
    """
    if api.server_address == _EMBEDDED or api.announced() is None:
        return None
    return f"{api.server_address.rstrip('/')}/?{urlencode(state)}"


def page_lines(address: str | None) -> list[Line]:
    """Show the address, below what it shows."""
    return [] if address is None else [line(StyledText(f"page: {address}", "dim"))]
