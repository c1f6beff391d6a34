"""The client wing: speaks the platform's protocol over HTTP."""

from .app import AppApi
from .client import Api
from .errors import (
    ExpectedProjectTypeMismatch,
    ProjectNotFound,
    TaskFinishedWithError,
    WaitingTimeExceeded,
)
from .gate import check_workflow_compatibility
from .resource import Resource
from .task import TaskApi
from .version import Announcement
from .workflow import Workflow

__all__ = [
    "Announcement",
    "Api",
    "AppApi",
    "ExpectedProjectTypeMismatch",
    "ProjectNotFound",
    "Resource",
    "TaskApi",
    "TaskFinishedWithError",
    "WaitingTimeExceeded",
    "Workflow",
    "check_workflow_compatibility",
]
