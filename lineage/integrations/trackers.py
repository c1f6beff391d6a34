"""Experiment trackers: a run that is started inside a task is linked to it."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from typing import Any, Final

import wrapt

from ..errors import attempt, logger
from ..tracking.handle import current_task
from ..tracking.measurements import link

#: The tag of an MLflow run that holds the key of the task it was started in.
MLFLOW_TAG: Final = "lineage.task"


def install_mlflow(module: Any) -> None:
    """Link the runs that MLflow starts, and have each name its task in a tag.

    Where the app imported `mlflow` first, the package has the function by a name of its
    own already.
    """
    plain = module.start_run
    if "tags" in inspect.signature(plain).parameters:
        wrapt.wrap_function_wrapper(module, "start_run", _start_tagged)
    _after(module, "start_run", _link_mlflow)
    package = sys.modules.get("mlflow")
    if getattr(package, "start_run", None) is plain:
        setattr(package, "start_run", module.start_run)  # noqa: B010  a module of theirs


def install_wandb(module: Any) -> None:
    """Link the runs that Weights & Biases starts."""
    _after(module, "init", lambda run: _link("Weights & Biases", run.url))


def install_clearml(module: Any) -> None:
    """Link the tasks that ClearML starts."""
    _after(
        module,
        "Task.init",
        lambda task: _link("ClearML", task.get_output_log_web_page()),
    )


def install_aim(module: Any) -> None:
    """Link the runs that Aim starts."""
    wrapt.wrap_function_wrapper(module, "Run.__init__", _init_aim)


def _after(module: Any, name: str, note: Callable[[Any], None]) -> None:
    def call(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        run = wrapped(*args, **kwargs)
        attempt(note, run, _log)
        return run

    wrapt.wrap_function_wrapper(module, name, call)


def _start_tagged(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    """Start a run with the tag; one that goes on keeps the tags that it has."""
    goes_on = kwargs.get("run_id") or os.environ.get("MLFLOW_RUN_ID")
    if not args and not goes_on:
        attempt(_add_tag, kwargs, _log)
    return wrapped(*args, **kwargs)


def _add_tag(kwargs: dict[str, Any]) -> None:
    key = current_task().key
    if key is not None:
        kwargs["tags"] = {MLFLOW_TAG: key, **(kwargs.get("tags") or {})}


def _link_mlflow(run: Any) -> None:
    mlflow = __import__("mlflow")
    address = str(mlflow.get_tracking_uri()).rstrip("/")
    info = run.info
    if address.startswith(("http://", "https://")):
        address += f"/#/experiments/{info.experiment_id}/runs/{info.run_id}"
    else:
        address += f"/{info.experiment_id}/{info.run_id}"
    _link("MLflow", address)


def _init_aim(wrapped: Any, run: Any, args: Any, kwargs: Any) -> Any:
    result = wrapped(*args, **kwargs)
    attempt(lambda made: _link("Aim", f"aim:{made.hash}"), run, _log)
    return result


def _link(name: str, url: Any) -> None:
    if url:
        link(name, str(url))


def _log(error: Exception) -> None:
    logger.debug("the run of another tracker cannot be linked: %s", error)
