"""A small disk of one's own, that can be filled, emptied and made read-only.

The program that uses it runs in a mount namespace of its own, so that nothing of it is
left when the program has ended, however it ends.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

#: Mounts as the superuser, or as the superuser of a namespace of users.
_NAMESPACES: Final = (
    ("unshare", "--mount", "--propagation", "private"),
    ("unshare", "--user", "--map-root-user", "--mount", "--propagation", "private"),
)
MAY_NOT: Final = (
    "may not mount here; type: sudo .venv/bin/python -m pytest tests/recording/"
    "test_disks.py"
)

PRELUDE: Final = """
import errno, logging, os, signal, subprocess, sys, threading
from pathlib import Path
import lineage
from lineage.exporters import MemoryExporter
from lineage.delivery.status import read_status
from lineage.runtime import runtime

disk = Path(sys.argv[1])
home = disk / "home"
os.environ["LINEAGE_HOME"] = str(home)
exporter = MemoryExporter()

def mount(*words):
    subprocess.run(["mount", *words], check=True)

def fill(leave=0):
    # By ever smaller pieces, until not one byte is left.
    with open(disk / "filler", "ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC, error
    if leave:
        os.truncate(disk / "filler", (disk / "filler").stat().st_size - leave)

def free():
    (disk / "filler").unlink()

def make_read_only():
    # The files that are open stay so: what is new finds a read-only disk.
    mount("--bind", disk, disk)
    mount("-o", "remount,ro,bind", disk)

def make_writable():
    subprocess.run(["umount", disk], check=True)

@lineage.uses_project("number")
def work(number):
    return number * 2

def work_off(first, last):
    assert [work(n) for n in range(first, last)] == [2 * n for n in range(first, last)]

def arrived(exporter=exporter):
    return [fact["id"] for fact in exporter.facts if fact["f"] == "edge"]

def segments():
    return list((home / "journal").glob("*.seg"))
"""


@functools.lru_cache(maxsize=1)
def namespace() -> tuple[str, ...] | None:
    """Return the command that opens a namespace in which one may mount."""
    for words in _NAMESPACES:
        try:
            tried = subprocess.run(
                [*words, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True
            )
        except FileNotFoundError:
            return None
        if tried.returncode == 0:
            return words
    return None


def run_on_disk(
    body: str, place: Path, *, size: str = "4m", **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a program that has a disk of its own in a folder."""
    words = namespace()
    assert words is not None
    place.mkdir(exist_ok=True)
    mounting = f'mount("-t", "tmpfs", "-o", "size={size}", "none", disk)\n'
    return subprocess.run(
        [*words, sys.executable, "-c", PRELUDE + mounting + body, str(place)],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
