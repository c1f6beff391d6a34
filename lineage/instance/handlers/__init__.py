"""The endpoints, one module for each theme."""

from __future__ import annotations

from typing import Final

from ..openlineage import receiver
from ..platform import (
    account,
    create,
    files,
    modules,
    projects,
    register,
    removal,
    task_data,
    task_files,
    task_logs,
    tasks,
    versions,
)
from ..route import Route
from . import exports, facts, instance_info, previews, questions, workflow

ALL_ROUTES: Final[tuple[Route, ...]] = (
    *instance_info.ROUTES,
    *workflow.ROUTES,
    *facts.ROUTES,
    *questions.ROUTES,
    *previews.ROUTES,
    *exports.ROUTES,
    *register.ROUTES,
    *tasks.ROUTES,
    *task_data.ROUTES,
    *task_logs.ROUTES,
    *task_files.ROUTES,
    *projects.ROUTES,
    *removal.ROUTES,
    *versions.ROUTES,
    *create.ROUTES,
    *account.ROUTES,
    *files.ROUTES,
    *modules.ROUTES,
    *receiver.ROUTES,
)

instance_info.announce(ALL_ROUTES)
