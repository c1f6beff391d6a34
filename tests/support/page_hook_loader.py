"""Loads the build hook, which lies beside the package and not in it."""

from __future__ import annotations

import importlib.util
from typing import Any

from source_tree import ROOT


def load_hook() -> Any:
    """Return the build hook as a module."""
    spec = importlib.util.spec_from_file_location("page_hook", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
