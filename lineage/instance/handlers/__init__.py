"""The endpoints, one module for each theme."""

from __future__ import annotations

from typing import Final

from ..route import Route
from . import facts, info, questions, workflow

ALL_ROUTES: Final[tuple[Route, ...]] = (
    *info.ROUTES,
    *workflow.ROUTES,
    *facts.ROUTES,
    *questions.ROUTES,
)

info.announce(ALL_ROUTES)
