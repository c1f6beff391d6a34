"""Notebooks: a cell that runs again records again, and hands on the notebook's task."""

from __future__ import annotations

import sys
from typing import Any

from ..runtime import runtime
from ..tracking.propagation import carry_to_children
from ..tracking.start_hooks import install as install_hooks


def install(_module: Any) -> None:
    """Watch the cells of the running notebook, if this is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        shell.events.register("pre_run_cell", _before_cell)


def _before_cell(_info: Any = None) -> None:
    """Forget what the notebook has recorded, so that a cell records again.

    What the cell starts, as `!command` and pools, works for the notebook's task, once
    there is one: what records nothing is no task.
    """
    task = runtime().recorder.process
    if task is None:
        return
    task.seen.clear()
    if task.is_emitted and not (task.is_opened or task.is_ended):
        task.is_opened = True
        install_hooks()
        carry_to_children(task.root)
