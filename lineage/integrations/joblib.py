"""joblib's process pool (loky): work belongs to the task that submits it."""

from __future__ import annotations

from typing import Any

import wrapt

from ..tracking.propagation import submit_carried


def install(module: Any) -> None:
    """Wrap how work is handed to the reusable pool, whose workers serve many tasks."""
    wrapt.wrap_function_wrapper(module, "ProcessPoolExecutor.submit", submit_carried)
