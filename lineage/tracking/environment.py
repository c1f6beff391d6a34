"""The open task as environment variables and HTTP headers, and how to join it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Final

from ..errors import attempt
from ..model.run_ids import run_uuid
from ..recording.context import CURRENT, DisabledScope, StepContext
from ..recording.enabled import is_on
from ..recording.host_info import program_name
from ..recording.task_token import VARIABLE, TaskToken, decode_token
from ..redaction import redact
from .carrier import Carrier, current_carrier, log_carry_failure
from .handle import TaskHandle, current_task

HEADER: Final = "lineage-context"
_TRACE_HEADERS: Final = ("traceparent", "baggage")
_NAMESPACE: Final = "lineage"
_OPENLINEAGE: Final = "OPENLINEAGE_CONTEXT"


def context_variables() -> dict[str, str]:
    """Return the variables that carry the open task; empty where none is open."""
    token = _token()
    if token is None:
        return {}
    return {
        VARIABLE: token.encode(),
        _OPENLINEAGE: _openlineage_context(token),
        **{name.upper(): value for name, value in _trace(token).items()},
    }


def context_headers() -> dict[str, str]:
    """Return the headers that carry the open task; empty where none is open.

    The home does not travel: another service has its own.
    """
    token = _token()
    if token is None:
        return {}
    return {HEADER: replace(token, home="", host="").encode(), **_trace(token)}


def context_headers_with_home() -> dict[str, str]:
    """Return the header for a queue of the app's own, whose workers share its home."""
    token = _token()
    return {} if token is None else {HEADER: token.encode()}


def openlineage_run_id(key: str) -> str:
    """Return the UUID by which OpenLineage knows a task."""
    return run_uuid(key)


def _token() -> TaskToken | None:
    carrier = current_carrier()
    return None if carrier is None else carrier.token()


def _trace(token: TaskToken) -> dict[str, str]:
    """Return W3C trace context; a trace that the app is already in is kept."""
    found = {name: os.environ.get(name.upper(), "") for name in _TRACE_HEADERS}
    trace = hashlib.sha256(token.key.encode()).hexdigest()[:32]
    span = hashlib.sha256(f"{token.key}/{token.step}".encode()).hexdigest()[:16]
    entry = f"lineage.task={token.key}"
    members = [m for m in found["baggage"].split(",") if m and "lineage.task=" not in m]
    return {
        "traceparent": found["traceparent"] or f"00-{trace}-{span}-01",
        "baggage": ",".join([*members, entry]),
    }


def _openlineage_context(token: TaskToken) -> str:
    """Return the task as the parent of runs that other tools record."""
    run_id, carried = openlineage_run_id(token.key), os.environ.get(_OPENLINEAGE, "")
    if token.name is None and run_id in carried:
        # Another process opened the task: it named it by its own program.
        return carried
    run = {
        "run": {"runId": run_id},
        "job": {
            "namespace": _NAMESPACE,
            "name": token.name or redact(program_name()),
        },
    }
    return json.dumps({"parent": {**run, "root": run}}, separators=(",", ":"))


class Joined:
    """A block that records into the task that a caller's headers carry.

    Args:
        carried: Headers of a request, or an environment.
        trusted: Whether a header may name a home of this machine.
    """

    def __init__(self, carried: Mapping[str, str], *, trusted: bool = False) -> None:
        self._carrier = None
        if is_on():
            self._carrier = attempt(
                lambda given: _read_carrier(given, trusted), carried, log_carry_failure
            )
        self._entered: list[tuple[StepContext | None, object]] = []

    def scope(self) -> StepContext | None:
        """Return the step to record into; None where none is carried, or it ended."""
        return None if self._carrier is None else self._carrier.scope()

    def __enter__(self) -> TaskHandle:
        scope = self.scope()
        self._entered.append((scope, CURRENT.get()))
        if scope is not None:
            CURRENT.set(scope)
        return current_task()

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        scope, previous = self._entered.pop()
        if scope is not None and CURRENT.get() is scope:
            is_context = isinstance(previous, (StepContext, DisabledScope))
            CURRENT.set(previous if is_context else None)  # type: ignore[arg-type]  # just checked

    async def __aenter__(self) -> TaskHandle:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, tb)


def join(carried: Mapping[str, str], *, trusted: bool = False) -> Joined:
    """Record a block into the task that another process or service has open.

    Args:
        carried: The headers of a request that was sent with `lineage.headers()`, or
            an environment made by `lineage.environment()`. Without a task in it the
            block changes nothing.
        trusted: Whether a header may name a home of this machine, as in a queue of
            the app's own.
    """
    return Joined(carried, trusted=trusted)


def join_text(carried: str | None) -> Joined:
    """Record a block into the task that a queue of the app's own carried as text."""
    return join({HEADER: carried} if carried else {}, trusted=True)


def _read_carrier(carried: Mapping[str, str], trusted: bool) -> Carrier | None:
    for name, value in carried.items():
        lowered = str(name).lower()
        if lowered not in (HEADER, VARIABLE.lower()):
            continue
        token = decode_token(str(value))
        if token is None:
            return None
        if lowered == HEADER and not trusted:
            # A header may come from anywhere: it never names a folder of this machine.
            token = replace(token, home="", host="")
        return Carrier(token=token)
    return None
