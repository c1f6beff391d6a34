"""The endpoints, one module for each theme."""

from __future__ import annotations

from typing import Final

from ..route import Route
from . import (
    creation,
    facts,
    files,
    info,
    modules,
    previews,
    projects,
    questions,
    register,
    task_data,
    task_files,
    task_logs,
    tasks,
    workflow,
)

ALL_ROUTES: Final[tuple[Route, ...]] = (
    *info.ROUTES,
    *workflow.ROUTES,
    *facts.ROUTES,
    *questions.ROUTES,
    *previews.ROUTES,
    *register.ROUTES,
    *tasks.ROUTES,
    *task_data.ROUTES,
    *task_logs.ROUTES,
    *task_files.ROUTES,
    *projects.ROUTES,
    *creation.ROUTES,
    *files.ROUTES,
    *modules.ROUTES,
)

info.announce(ALL_ROUTES)
