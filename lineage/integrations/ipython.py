"""Notebooks: running a cell again records again."""

from __future__ import annotations

import sys
from typing import Any

from ..runtime import runtime


def install(_module: Any) -> None:
    """Watch the cells of the running notebook, if this is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        shell.events.register("pre_run_cell", _before_cell)


def _before_cell(_info: Any = None) -> None:
    """Forget what the notebook has recorded, so that a cell records again."""
    task = runtime().recorder.process
    if task is not None:
        task.seen.clear()
