"""Finds what the process runs in: Python, packages, code, host, GPU, container image.

Nothing is imported or asked over the network, and no package's files are read but
those whose folder does not say the version.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ...errors import attempt, guard
from ...model.environment import BRANCH, COMMIT, HOST, PACKAGE, PATCH, PYTHON
from ...model.limits import MAX_ENVIRONMENT
from ...recording.git_commit import CodeState

#: `numpy-2.2.0.dist-info`, `foo-1.0-py3.12.egg-info`, `foo.egg-info`.
_METADATA: Final = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*?)(?:-(?P<version>[^-]+)(?:-[^/]*)?)?"
    r"\.(?:dist|egg)-info"
)
_SEPARATORS: Final = re.compile(r"[-_.]+")
_VERSION: Final = re.compile(rb"^Version: *(\S+)", re.MULTILINE)
#: Packages are recorded up to this number; other members have room beside them.
_MAX_PACKAGES: Final = MAX_ENVIRONMENT - 50
#: `git diff` is given up after this time, and after so many bytes.
_DIFF_S: Final = 4.0
_MAX_DIFF: Final = 64 * 1024 * 1024
#: Options that make the patch the same whatever the user has configured.
_DIFF: Final = (
    "diff", "HEAD", "-U0", "--full-index", "--no-ext-diff", "--no-textconv",
    "--no-color", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/",
    "--diff-algorithm=myers", "--submodule=short",
)  # fmt: skip
_NVIDIA: Final = Path("/proc/driver/nvidia")
_AMD: Final = Path("/sys/class/drm")
_NUMBER: Final = re.compile(r"\b\d+\.\d[\d.]*\b")
_IMAGE: Final = re.compile(r'^image="(.+)"', re.MULTILINE)
_PODMAN: Final = Path("/run/.containerenv")
_IN_CONTAINER: Final = (Path("/.dockerenv"), _PODMAN)
#: Variables in which tools that start containers name the image.
_IMAGE_VARIABLES: Final = ("CI_JOB_IMAGE", "FLYTE_INTERNAL_IMAGE", "CONTAINER_IMAGE")


class EnvironmentFinder:
    """Finds the members of this process's environment.

    Args:
        code: Waits for what `git` says of the code; None where it says nothing.
        image: The container image, as the settings name it.
    """

    def __init__(
        self, code: Callable[[], CodeState | None], image: str | None = None
    ) -> None:
        self._code = code
        self._image = image
        self._lock = threading.Lock()
        self._git: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def find(self) -> Mapping[str, str]:
        """Return all members that can be known."""
        members: dict[str, str] = {}
        for part in (
            _python,
            _packages,
            _gpus,
            self._about_container,
            self._about_code,
        ):
            with guard("A part of the environment cannot be found"):
                members |= part()
        return members

    def stop(self) -> None:
        """End a `git` that has not answered."""
        with self._lock:
            self._is_stopped = True
            if self._git is not None:
                self._git.kill()

    def _about_container(self) -> dict[str, str]:
        found: dict[str, str] = {}
        image = self._image or _container_image()
        if image:
            found["image"] = image
        # A container's host name is made up for each one.
        if not _is_container():
            found[HOST] = socket.gethostname()
        return found

    def _about_code(self) -> dict[str, str]:
        code = self._code()
        if code is None:
            return {}
        found = {COMMIT: code.commit}
        if code.branch:
            found[BRANCH] = code.branch
        patch = self._patch_digest(code.folder) if code.is_dirty else None
        if patch is not None:
            found[PATCH] = patch
        return found

    def _patch_digest(self, folder: str) -> str | None:
        """Return the digest of what is not committed; None when it takes too long."""
        with self._lock:
            if self._is_stopped:
                return None
            git = self._git = subprocess.Popen(
                ["git", "-C", folder, *_DIFF],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            )
        timer = threading.Timer(_DIFF_S, git.kill)
        timer.name = "lineage-git-limit"
        timer.daemon = True
        timer.start()
        hashed, size = hashlib.sha256(), 0
        try:
            with git:
                while size <= _MAX_DIFF and (piece := _read(git)):
                    hashed.update(piece)
                    size += len(piece)
                if size > _MAX_DIFF:
                    git.kill()
        finally:
            timer.cancel()
        return f"sha256:{hashed.hexdigest()}" if git.returncode == 0 else None


def _read(git: subprocess.Popen[bytes]) -> bytes:
    return git.stdout.read(65_536) if git.stdout is not None else b""


def _python() -> dict[str, str]:
    found = {
        PYTHON: platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    if sys.implementation.name != "cpython":
        found["implementation"] = sys.implementation.name
    return found


def _packages() -> dict[str, str]:
    """Return the installed distributions; of two the first on the path counts."""
    found: dict[str, str] = {}
    for folder in dict.fromkeys(sys.path):
        for name, version in _installed(folder):
            if len(found) < _MAX_PACKAGES:
                found.setdefault(name, version)
        time.sleep(0)  # The app's threads get the interpreter between two folders.
    return found


def _installed(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the distributions in a folder of the path."""
    names: Iterable[str] = attempt(os.listdir, folder or ".", _ignored) or ()
    for name in names:
        match = _METADATA.fullmatch(name) if name.endswith("-info") else None
        if match is not None:
            version = match["version"] or _read_version(folder, name) or "unknown"
            yield PACKAGE + _SEPARATORS.sub("-", match["name"]).lower(), version


def _ignored(error: Exception) -> None:
    """Leave out a folder of the path that cannot be read, or is none."""


def _read_version(folder: str, name: str) -> str | None:
    """Return the version of a distribution whose folder does not say it."""
    for file in (Path(folder, name, "PKG-INFO"), Path(folder, name)):
        try:
            with file.open("rb") as opened:
                match = _VERSION.search(opened.read(4096))
        except OSError:
            continue
        return match[1].decode("utf-8", "replace") if match else None
    return None


def _gpus() -> dict[str, str]:
    """Return the models of the graphics processors, and of NVIDIA's the driver."""
    names = [*_nvidia_models(), *_amd_models()]
    counted = {name: names.count(name) for name in names}
    texts = (n if c == 1 else f"{c} x {n}" for n, c in counted.items())
    found = {"gpu": ", ".join(texts), "gpu.driver": _driver()}
    return {name: text for name, text in found.items() if text}


def _nvidia_models() -> list[str]:
    return [
        line.partition(":")[2].strip()
        for file in sorted(_NVIDIA.glob("gpus/*/information"))
        for line in _text(file).splitlines()
        if line.startswith("Model:")
    ]


def _amd_models() -> list[str]:
    return [_text(f).strip() for f in sorted(_AMD.glob("card*/device/product_name"))]


def _driver() -> str:
    file = _NVIDIA / "version"
    match = _NUMBER.search(_text(file)) if file.is_file() else None
    return match[0] if match else ""


def _text(file: Path) -> str:
    return file.read_text("utf-8", "replace")


def _container_image() -> str | None:
    named = (os.environ.get(name) for name in _IMAGE_VARIABLES)
    return next(filter(None, named), None) or _podman_image()


def _podman_image() -> str | None:
    match = _IMAGE.search(_text(_PODMAN)) if _PODMAN.is_file() else None
    return match[1] if match else None


def _is_container() -> bool:
    is_pod = "KUBERNETES_SERVICE_HOST" in os.environ
    return is_pod or any(file.exists() for file in _IN_CONTAINER)
