"""The public names are sorted, complete, and cheap to import."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from importlib import metadata

import pytest
from source_tree import PACKAGE, ROOT

import lineage

#: The distributions that `import lineage` may load.
CORE = {"lineage", "wrapt", "requests", "packaging", "pydantic"}
#: What those four load by themselves.
THEIRS = {
    "annotated_types",
    "certifi",
    "charset_normalizer",
    "idna",
    "pydantic_core",
    "typing_extensions",
    "typing_inspection",
    "urllib3",
}
#: What they load if it happens to be installed.
CHANCE = {
    "backports",
    "brotli",
    "brotlicffi",
    "chardet",
    "cython_runtime",
    "h2",
    "simplejson",
    "socks",
    "zstandard",
}


def _loaded_by(statement: str) -> set[str]:
    program = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    # Coverage, where it is measured, loads modules of its own into subprocesses.
    environ = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=environ,
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("name", ["lineage", "lineage.testing"])
def test_exports_are_sorted_and_true(name: str) -> None:
    """`__all__` is sorted, has no double, and each of its names is there."""
    module = importlib.import_module(name)
    assert list(module.__all__) == sorted(set(module.__all__))
    assert [n for n in module.__all__ if not hasattr(module, n)] == []


def test_nothing_public_is_left_out() -> None:
    """A public name that is no submodule stands in `__all__`."""
    rooms = {path.stem for path in PACKAGE.iterdir()}
    public = {n for n in vars(lineage) if not n.startswith("_") and n not in rooms}
    assert public - {"annotations"} <= set(lineage.__all__)


def test_import_loads_the_core_and_nothing_else() -> None:
    """`import lineage` loads four packages; server, page and colours wait."""
    third = {
        name.split(".")[0]
        for name in _loaded_by("import lineage") - _loaded_by("pass")
        if not name.startswith("_")
    } - set(sys.stdlib_module_names)
    assert third - CORE - THEIRS - CHANCE == set()


def test_import_leaves_the_instance_and_the_cli_alone() -> None:
    """The app's process pays for the recording side only."""
    loaded = _loaded_by("import lineage")
    unwanted = ("lineage.instance", "lineage.cli", "lineage.testing", "sqlite3")
    assert sorted(n for n in loaded if n.startswith(unwanted)) == []


def test_the_package_is_typed_and_licensed() -> None:
    """`py.typed` and the licence's text are there."""
    assert (PACKAGE / "py.typed").exists()
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_core_requirements_are_four() -> None:
    """What an app installs beside lineage is named here, so that it stays short."""
    required = metadata.requires("workflow-lineage") or []
    core = {r.split(">")[0] for r in required if "extra ==" not in r}
    assert core == CORE - {"lineage"}
