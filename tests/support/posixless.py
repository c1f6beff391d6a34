"""Runs tests where nothing is there that only POSIX has: `pytest -p posixless`.

What is taken away is gone for the tests, for `lineage`, and for each interpreter that
they start; pytest and its plugins are loaded before. See `without_posix`.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points
from pathlib import Path

from _pytest import tmpdir

_FOLDER = Path(__file__).with_name("without_posix")


def _take_away() -> None:
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    # On Windows pytest asks for no user's number.
    tmpdir.get_user_id = lambda: None
    assert "lineage" not in sys.modules, "it is to be loaded without POSIX"
    sys.path.insert(0, str(_FOLDER))
    path = [str(_FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(path)
    sys.modules.pop("sitecustomize", None)
    __import__("sitecustomize")


_take_away()
