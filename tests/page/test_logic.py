"""What the page computes is tested by Vitest, beside its sources."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from page_hook_loader import load_hook
from source_tree import ROOT

WEB = ROOT / "web"


@pytest.mark.timeout(300)
def test_the_pages_logic_passes_its_own_tests(built: None) -> None:
    """Layout, groups, filters, address, formats and exports do what they say."""
    if not (WEB / "node_modules" / "vitest").is_dir():
        if os.environ.get("CI", "").lower() not in {"1", "true"}:
            pytest.skip("The page's tools are missing. Once: cd web && npm ci")
        _npm("ci")
    done = _npm("run", "test")
    assert done.returncode == 0, done.stdout + done.stderr


def _npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    node, npm = load_hook().find_node()
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    return subprocess.run(
        [*npm, *arguments],
        cwd=WEB,
        env={**os.environ, "PATH": path, "CI": "true"},
        capture_output=True,
        text=True,
        timeout=280,
    )
