"""The other ways to record a call, each as its users write it.

A peer's packages are imported when it is built, in a process of its own.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .shapes import Decorate

Function = Callable[..., Any]

#: What a subject needs to be timed: how it decorates, and how its work is ended.
Parts = tuple[Decorate, Callable[[], None]]


def nothing() -> None:
    """Do nothing: for subjects without work in the background."""


def repeated(decorator: Callable[[Function], Function]) -> Decorate:
    """Stack one decorator on a function as often as asked."""

    def decorate(function: Function, stack: int) -> Function:
        for _ in range(stack):
            function = decorator(function)
        return function

    return decorate


def bare(_scratch: Path) -> Parts:
    """Leave the function as it is."""
    return lambda function, stack: function, nothing


def wraps(_scratch: Path) -> Parts:
    """Pass the call on: what every decorator written by hand costs."""

    def decorator(function: Function) -> Function:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wait(*args: Any, **kwargs: Any) -> Any:
                return await function(*args, **kwargs)

            return wait

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return call

    return repeated(decorator), nothing


def bare_wrapt(_scratch: Path) -> Parts:
    """Pass the call on by wrapt, which keeps signatures and binds methods."""
    import wrapt

    @wrapt.decorator
    def decorator(wrapped: Function, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    return repeated(decorator), nothing


def opentelemetry(_scratch: Path) -> Parts:
    """Make a span, handed to a batch processor whose exporter does nothing.

    The exporter, which would do the sending in another thread, is left out in
    the peer's favour; nothing of the call's argument is recorded either.
    """
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import (
        BatchSpanProcessor,
        SpanExporter,
        SpanExportResult,
    )

    class Nowhere(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    tracer = provider.get_tracer("benchmarks")

    def decorator(function: Function) -> Function:
        decorated: Function = tracer.start_as_current_span("work")(function)
        return decorated

    return repeated(decorator), lambda: void(provider.force_flush())


def mlflow(scratch: Path) -> Parts:
    """Make a trace, kept in a local database by threads in the background."""
    os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "true"
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{scratch}/mlflow.db")

    def settle() -> None:
        mlflow.flush_trace_async_logging()

    return repeated(mlflow.trace), settle


def openlineage(scratch: Path) -> Parts:
    """Write one run event with one input to a file."""
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import InputDataset, Job, Run, RunEvent, RunState
    from openlineage.client.transport.file import FileConfig, FileTransport
    from openlineage.client.uuid import generate_new_uuid

    config = FileConfig(log_file_path=str(scratch / "events.json"), append=True)
    client = OpenLineageClient(transport=FileTransport(config))
    run, job = Run(runId=str(generate_new_uuid())), Job("benchmarks", "work")

    def record(project_id: int) -> None:
        event = RunEvent(
            eventTime=datetime.now(timezone.utc).isoformat(),
            run=run,
            job=job,
            eventType=RunState.RUNNING,
            inputs=[InputDataset("project", str(project_id))],
            producer="https://example.com/benchmarks",
        )
        client.emit(event)

    return by_hand(record), nothing


def sdk(_scratch: Path) -> Parts:
    """Call the SDK's `add_input_project` at the top of the body, as apps do."""
    import supervisely

    api = supervisely.Api(os.environ["SERVER_ADDRESS"], os.environ["API_TOKEN"])
    workflow = api.app.workflow
    workflow.add_input_project(1)  # asks for the version and the team, once
    return by_hand(workflow.add_input_project), nothing


def by_hand(record: Callable[[int], Any]) -> Decorate:
    """Put a call of `record` in front of the function's body, as often as asked."""

    def decorate(function: Function, stack: int) -> Function:
        def call(project_id: int) -> Any:
            for _ in range(stack):
                record(project_id)
            return function(project_id)

        return call

    return decorate


def void(_value: object) -> None:
    """Take a value and give none."""
