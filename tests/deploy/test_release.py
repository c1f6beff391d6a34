"""A release takes its version and its text from one place each."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from source_tree import ROOT


@pytest.fixture(scope="module")
def release() -> dict[str, Any]:
    """Return the names of `scripts/release.py`."""
    return runpy.run_path(str(ROOT / "scripts" / "release.py"))


def test_the_version_stands_in_one_place(release: dict[str, Any]) -> None:
    """The version of the project's file is the one that is installed."""
    assert release["version"]() == metadata.version("workflow-lineage")


def test_a_release_has_its_own_section_of_the_changelog(
    release: dict[str, Any],
) -> None:
    """The notes end where the section of the version before begins."""
    text = "# Changelog\n\n## 1.1.0 - 2026-01-02\n\n- new\n\n## 1.0.0\n\n- old\n"
    assert release["notes"](text, "1.1.0") == "- new\n"
    assert release["notes"](text, "1.0.0") == "- old\n"


def test_a_release_without_a_section_is_refused(release: dict[str, Any]) -> None:
    """Nothing is released that the changelog does not name."""
    with pytest.raises(SystemExit, match=r"no section for 2\.0\.0"):
        release["notes"]("## Unreleased\n\n- x\n", "2.0.0")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_wheel_works_in_an_empty_environment(
    release: dict[str, Any], tmp_path: Path
) -> None:
    """It records, answers, runs the demo, and serves the page that the demo names."""
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path)]
    environ = {**os.environ, "LINEAGE_BUILD_PAGE": "0"}
    made = subprocess.run(build, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    release["try_wheel"](next(tmp_path.glob("*.whl")))
