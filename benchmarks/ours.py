"""The decorated call in each state that recording can be in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .peers import Function, Parts, nothing, repeated
from .shapes import Decorate

#: Waiting for delivery between two measurements must end; this is ample.
_SETTLE_S = 60.0


def _declarations() -> Decorate:
    """Return what stacks up to five different declarations, each with its own edge."""
    import lineage

    decorators: list[Callable[[Function], Function]] = [
        lineage.uses_project("project_id"),
        lineage.uses_dataset("project_id"),
        lineage.uses_job("project_id"),
        lineage.produces_project("result"),
        lineage.produces_dataset("result"),
    ]

    def decorate(function: Function, stack: int) -> Function:
        for decorator in decorators[:stack]:
            function = decorator(function)
        return function

    return decorate


def off_by_environment(_scratch: Path) -> Parts:
    """Decorate while `LINEAGE_ENABLED=false`, which is final for the process."""
    return _declarations(), nothing


def off_at_run_time(_scratch: Path) -> Parts:
    """Decorate, then switch off."""
    import lineage

    lineage.disable()
    return _declarations(), nothing


def in_memory(_scratch: Path) -> Parts:
    """Record into a list of this process."""
    from lineage import testing

    # The block stays open as long as the process.
    context = testing.capture()
    recorded = context.__enter__()
    return _declarations(), recorded.clear


def with_journal(_scratch: Path) -> Parts:
    """Record into the journal, while the flusher delivers in the background."""
    return _declarations(), _settle


def repeated_edges(_scratch: Path) -> Parts:
    """Record what was recorded before as often as it is used."""
    import lineage

    return repeated(lineage.uses_project("project_id", repeat=True)), _settle


def _settle() -> None:
    import lineage

    report = lineage.flush(_SETTLE_S)
    if not report:
        raise RuntimeError(f"not everything was delivered: {report}")
