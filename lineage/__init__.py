"""Records which data an app used and produced."""

import typing as _typing
from importlib import import_module as _import_module

from . import leftovers as _leftovers
from .errors import DeclarationError, LineageError

# Whether the environment switches lineage off, and where the program started, are
# read now and hold for the process.
from .recording import enabled as _enabled  # noqa: F401  loaded for what it reads

# A fork by another thread, or a signal, may fall into the first fact, which loads all
# the rest.
from .recording import fork_guard as _fork_guard

_leftovers.watch()

if _typing.TYPE_CHECKING:
    from .api import Api
    from .api.app import AppApi
    from .api.task import TaskApi
    from .api.workflow import Workflow
    from .delivery.report import DeliveryReport
    from .model.enums import PluginTaskType, RestartPolicy, Status
    from .model.kubernetes import KubernetesSettings
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

#: Names by the module that defines them, loaded when first asked for (PEP 562): no app
#: waits for them when it starts.
_ON_DEMAND = {
    name: module
    for module, names in {
        "api": "Api",
        "api.app": "AppApi",
        "api.task": "TaskApi",
        "api.workflow": "Workflow",
        "delivery.report": "DeliveryReport",
        "model.enums": "PluginTaskType RestartPolicy Status",
        "model.kubernetes": "KubernetesSettings",
        "model.meta": "Markup WorkflowMeta WorkflowSettings",
        "model.module": "ModuleInfo",
        "model.platform_types": "AppInfo DatasetInfo FileInfo ProjectInfo SessionInfo "
        "VersionInfo",
        "model.refs": "Ref dataset file folder job project",
        "tracking.cards": "cards",
        "tracking.decorators": "produces produces_app produces_dataset produces_file "
        "produces_folder produces_job produces_project produces_task updates_project "
        "uses uses_dataset uses_file uses_folder uses_job uses_project uses_task",
        "tracking.disabled": "disabled",
        "tracking.environment": "join",
        "tracking.handle": "TaskHandle current_task",
        "tracking.measurements": "metrics params",
        "tracking.questions": "graph load_ipython_extension",
        "tracking.snapshot": "snapshot",
        "tracking.steps": "bind configure disable enable environment flush headers "
        "is_enabled step",
        "tracking.task_scope": "app task",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> _typing.Any:
    if name not in _ON_DEMAND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _fork_guard.whole_modules():
        module = _import_module(f".{_ON_DEMAND[name]}", __name__)
    value = module if name == "cards" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
