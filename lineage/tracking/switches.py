"""Controls: the process's switch, configuration and delivery, as users reach them."""

from __future__ import annotations

from typing import Any

from ..delivery.report import DeliveryReport
from ..recording.enabled import IS_DISABLED_BY_ENV, is_on
from ..runtime import runtime


def configure(**options: Any) -> None:
    """Say where facts go, instead of what the environment says.

    Without options nothing changes. Facts recorded before are sent there too.

    Args:
        options: `api` (ours or the SDK's `Api`), `home` (the folder of the journal and
            the embedded instance), `sink` (an object of your own that takes facts),
            `settings` (instead of the environment).
    """
    if not IS_DISABLED_BY_ENV:
        runtime().configure(**options)


def enable() -> None:
    """Record from now on; without effect when the environment said no."""
    if not IS_DISABLED_BY_ENV:
        runtime().enable()


def disable() -> None:
    """Record nothing from now on, in the whole process, until `enable`."""
    if not IS_DISABLED_BY_ENV:
        runtime().disable()


def is_enabled() -> bool:
    """Whether facts are recorded now."""
    return is_on()


def flush(timeout_s: float | None = None) -> DeliveryReport:
    """Deliver what was recorded, and tell what became of it.

    Args:
        timeout_s: How long to wait; left out, `LINEAGE_FLUSH_TIMEOUT_S`.

    Returns:
        A report that is true when everything is delivered.
    """
    if IS_DISABLED_BY_ENV:
        return DeliveryReport(delivered=0, waiting=0)
    return runtime().flush(timeout_s)
