"""Celery: a task of the queue records into the task that published it."""

from __future__ import annotations

from typing import Any

from ..recording.context import CURRENT
from ..tracking.environment import HEADER, context_headers_with_home, join


def install(module: Any) -> None:
    """Carry the open task by the message's headers, which need no change in the app."""
    module.before_task_publish.connect(_publish, weak=False, dispatch_uid="lineage")
    module.task_prerun.connect(_begin, weak=False, dispatch_uid="lineage")
    module.task_postrun.connect(_end, weak=False, dispatch_uid="lineage")


def _publish(headers: Any = None, **_: Any) -> None:
    if isinstance(headers, dict):
        headers.update(context_headers_with_home())


def _begin(task: Any = None, **_: Any) -> None:
    """Join the publisher's task; what an earlier task left behind is no context."""
    request = getattr(task, "request", None)
    if request is None or getattr(request, "is_eager", False):
        return
    CURRENT.set(None)
    text = request.get(HEADER)
    joined = join({HEADER: text} if isinstance(text, str) else {}, trusted=True)
    joined.__enter__()
    request.lineage_joined = joined


def _end(task: Any = None, **_: Any) -> None:
    request = getattr(task, "request", None)
    if request is None or getattr(request, "is_eager", False):
        return
    request.lineage_joined = None
    CURRENT.set(None)
