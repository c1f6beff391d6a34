"""The build of another commit, to be measured beside this one."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .subjects import ROOT


@contextmanager
def build_of(commit: str) -> Iterator[Path]:
    """Unpack a commit's package beside this build's benchmarks.

    A process that is started in the folder loads that package, with the packages that
    are installed here.

    Raises:
        RuntimeError: There is no such commit, or no git.
    """
    done = subprocess.run(
        ["git", "archive", commit, "lineage"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"no build of {commit}: {done.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as folder:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as packed:
            packed.extractall(folder, filter="data")
        (Path(folder) / "benchmarks").symlink_to(ROOT / "benchmarks")
        yield Path(folder)
