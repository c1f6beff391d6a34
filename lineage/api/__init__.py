"""A client of the platform's protocol over HTTP."""

from .app import AppApi
from .client import Api
from .compatibility import check_workflow_compatibility
from .errors import (
    ExpectedProjectTypeMismatch,
    ProjectNotFound,
    TaskFinishedWithError,
    WaitingTimeExceeded,
)
from .resource import Resource
from .task import TaskApi
from .version import Capabilities
from .workflow import Workflow

__all__ = [
    "Api",
    "AppApi",
    "Capabilities",
    "ExpectedProjectTypeMismatch",
    "ProjectNotFound",
    "Resource",
    "TaskApi",
    "TaskFinishedWithError",
    "WaitingTimeExceeded",
    "Workflow",
    "check_workflow_compatibility",
]
