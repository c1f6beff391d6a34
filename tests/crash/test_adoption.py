"""Leftovers have one taker: many processes that start together send each fact once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import IO

from plain_platform import PlainPlatform, expected
from runtime_tools import run

from lineage.delivery.status import read_status

COUNT = 300
ADOPT = """
import lineage, sys
print("ready", flush=True)
sys.stdin.readline()  # All begin at the same moment.
assert lineage.flush(30)
"""


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def test_processes_that_start_together_send_leftovers_once(tmp_path: Path) -> None:
    """The platform, which knows no fact again, gets each of a dead process's once."""
    with PlainPlatform() as platform:
        environ = {
            "LINEAGE_TARGET": f"http://127.0.0.1:{platform.port}",
            "LINEAGE_HOME": str(tmp_path),
            "SUPERVISELY_TASK_ID": "77",
        }
        # Found by nobody before it is dead: the flusher cannot begin.
        body = f"""
lineage.runtime.runtime().flusher.start = lambda: None
for number in range(1, {COUNT} + 1):
    record(number)
os.kill(os.getpid(), signal.SIGKILL)
"""
        for _ in range(3):
            ran = run(f"import lineage.runtime\n{body}", tmp_path, **environ)
            assert ran.returncode == -9, ran.stderr
        heirs = [
            subprocess.Popen(
                [sys.executable, "-c", ADOPT], env={**os.environ, **environ},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
            )
            for _ in range(6)
        ]  # fmt: skip
        assert [_pipes(heir)[1].readline() for heir in heirs] == [b"ready\n"] * 6
        for heir in heirs:
            _pipes(heir)[0].write(b"\n")
        for heir in heirs:
            heir.communicate(timeout=60)
        assert [heir.returncode for heir in heirs] == [0] * 6
        got = platform.edges()
    assert got == Counter(
        {expected("input", "project", number): 3 for number in range(1, COUNT + 1)}
    )
    assert read_status(tmp_path).waiting == 0
