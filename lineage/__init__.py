"""Records which data an app used and produced."""

import typing as _typing
from importlib import import_module as _import_module

from . import integrations as _integrations
from .delivery.report import DeliveryReport
from .errors import DeclarationError, LineageError
from .model.enums import PluginTaskType, RestartPolicy, Status
from .model.meta import Markup, WorkflowMeta, WorkflowSettings
from .model.module import ModuleInfo
from .model.platform_types import (
    AppInfo,
    DatasetInfo,
    FileInfo,
    ProjectInfo,
    SessionInfo,
    VersionInfo,
)
from .model.refs import Ref, dataset, file, folder, job, project
from .tracking import cards
from .tracking.decorators import (
    produces,
    produces_app,
    produces_dataset,
    produces_file,
    produces_folder,
    produces_job,
    produces_project,
    produces_task,
    updates_project,
    uses,
    uses_dataset,
    uses_file,
    uses_folder,
    uses_job,
    uses_project,
    uses_task,
)
from .tracking.disabled import disabled
from .tracking.environment import join
from .tracking.handle import TaskHandle, current_task
from .tracking.measurements import metrics, params
from .tracking.questions import graph, load_ipython_extension
from .tracking.snapshot import snapshot
from .tracking.steps import (
    bind,
    configure,
    disable,
    enable,
    environment,
    flush,
    headers,
    is_enabled,
    step,
)
from .tracking.task_scope import app, task

if _typing.TYPE_CHECKING:
    from .api import Api
    from .api.app import AppApi
    from .api.task import TaskApi
    from .api.workflow import Workflow
    from .model.kubernetes import KubernetesSettings

__all__ = [
    "Api",
    "AppApi",
    "AppInfo",
    "DatasetInfo",
    "DeclarationError",
    "DeliveryReport",
    "FileInfo",
    "KubernetesSettings",
    "LineageError",
    "Markup",
    "ModuleInfo",
    "PluginTaskType",
    "ProjectInfo",
    "Ref",
    "RestartPolicy",
    "SessionInfo",
    "Status",
    "TaskApi",
    "TaskHandle",
    "VersionInfo",
    "Workflow",
    "WorkflowMeta",
    "WorkflowSettings",
    "app",
    "bind",
    "cards",
    "configure",
    "current_task",
    "dataset",
    "disable",
    "disabled",
    "enable",
    "environment",
    "file",
    "flush",
    "folder",
    "graph",
    "headers",
    "is_enabled",
    "job",
    "join",
    "load_ipython_extension",
    "metrics",
    "params",
    "produces",
    "produces_app",
    "produces_dataset",
    "produces_file",
    "produces_folder",
    "produces_job",
    "produces_project",
    "produces_task",
    "project",
    "snapshot",
    "step",
    "task",
    "updates_project",
    "uses",
    "uses_dataset",
    "uses_file",
    "uses_folder",
    "uses_job",
    "uses_project",
    "uses_task",
]

#: Names that load the client, which no app waits for when it starts (PEP 562).
_ON_DEMAND = {
    "Api": "api",
    "AppApi": "api.app",
    "KubernetesSettings": "model.kubernetes",
    "TaskApi": "api.task",
    "Workflow": "api.workflow",
}


def __getattr__(name: str) -> _typing.Any:
    if name not in _ON_DEMAND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_import_module(f".{_ON_DEMAND[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


_integrations.watch_imports()
