"""`lineage.params` and `lineage.metrics`: what a task works with, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from time import time_ns
from typing import Any

from ..errors import attempt
from ..recording.enabled import IS_DISABLED_BY_ENV, is_on
from ..recording.measurements import links_fact, metrics_fact, params_fact
from ..runtime import runtime
from .call_plan import handle_internal_error


def params(values: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """Record parameters of the task: numbers, booleans, None and text as they are.

    Mappings are flattened (`optimizer.lr`), anything else is kept by its `repr`; at
    most 1000, each of at most 200 characters, with secrets masked.

    Args:
        values: Parameters by their names, as `vars(args)`.
        more: The same, by keyword.
    """
    if not IS_DISABLED_BY_ENV and is_on():
        attempt(_record_params, {**(values or {}), **more}, handle_internal_error)


def metrics(
    values: Mapping[str, Any] | None = None,
    /,
    *,
    step: int | None = None,
    **more: Any,
) -> None:
    """Record measured values of the task; of each name the last one is shown.

    Args:
        values: Numbers by their names.
        step: Where in a series they were measured.
        more: Numbers, by keyword.
    """
    if not IS_DISABLED_BY_ENV and is_on():
        measured = {**(values or {}), **more}
        attempt(_record_metrics, (measured, step), handle_internal_error)


def link(name: str, url: str) -> None:
    """Record the address of the same run in another tracker."""
    if not IS_DISABLED_BY_ENV and is_on():
        attempt(_record_link, (name, url), handle_internal_error)


def _record_params(values: Mapping[str, Any]) -> None:
    recorder = runtime().recorder
    scope = recorder.scope()
    if scope is not None:
        text = params_fact(scope.task, time_ns(), values, recorder.mask)
        recorder.write_of_task(scope.task, text)


def _record_metrics(measured: tuple[Mapping[str, Any], int | None]) -> None:
    values, index = measured
    recorder = runtime().recorder
    scope = recorder.scope()
    if scope is not None:
        text = metrics_fact(scope.task, time_ns(), values, index, recorder.mask)
        recorder.write_of_task(scope.task, text)


def _record_link(named: tuple[str, str]) -> None:
    recorder = runtime().recorder
    scope = recorder.scope()
    if scope is not None:
        text = links_fact(scope.task, time_ns(), [named], recorder.mask)
        recorder.write_of_task(scope.task, text)
