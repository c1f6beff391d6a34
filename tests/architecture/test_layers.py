"""The floors of the house: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from source_tree import PACKAGE, ROOT, modules, nodes, relative


def test_import_contracts_hold() -> None:
    """Imports go downward only, wings stay apart, and siblings form no circle."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_nobody_inside_enters_by_the_front_door() -> None:
    """Modules import the room they need, never the package's own `__init__`."""
    entering = [
        f"{relative(path)}:{node.lineno}"
        for path in modules()
        for node in nodes(path)
        if _enters_front_door(path.parent.relative_to(PACKAGE).parts, node)
    ]
    assert entering == []


def test_imports_inside_the_package_are_relative() -> None:
    """A module says `from ..model import`, so that the house can be moved."""
    absolute = [
        f"{relative(path)}:{node.lineno}"
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom)
        and node.level == 0
        and (node.module or "").split(".")[0] == "lineage"
    ]
    assert absolute == []


def _enters_front_door(folders: tuple[str, ...], node: ast.AST) -> bool:
    """Whether an import names something that only the package itself has."""
    if not isinstance(node, ast.ImportFrom) or node.module is not None:
        return False
    if node.level != len(folders) + 1:
        return False
    rooms = {path.stem for path in PACKAGE.iterdir()}
    return any(name.name not in rooms for name in node.names)
