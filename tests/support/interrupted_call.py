"""Records everything inside each import that the first recorded call makes.

Usage: interrupted_call.py PART PARTS. A child is forked for each of our modules that a
first call loads. As the module's own code begins, the child's handler runs, as that of
a signal would, and records by every kind of call; the interrupted calls then go on.
The ids that each child records are its own. Prints how many children were forked.
"""

from __future__ import annotations

import os
import sys
import traceback
from types import FrameType
from typing import Any

import lineage

_OURS = os.path.dirname(lineage.__file__) + os.sep
#: Ids of one child, and those among them that its handler records.
PER_CHILD, OF_HANDLER = 100, 50
#: Projects that `record` records.
EACH = 5


def record(first: int) -> None:
    """Record `EACH` projects, each by another kind of call."""
    lineage.uses_project("project")(lambda project: project)(first)
    lineage.current_task().uses_project(first + 1)
    with lineage.uses_project(first + 2):
        pass
    with lineage.step("step", first=first):
        lineage.current_task().uses_project(first + 3)
    with lineage.task("inner"):
        lineage.current_task().uses_project(first + 4)
    lineage.params(first=first)
    lineage.flush(0)


class Interruption:
    """Runs the handler at one moment; counts the moments.

    Args:
        at: Which of them, from 1 on; 0 for none.
    """

    def __init__(self, at: int) -> None:
        self.at = at
        self.moments = 0

    def __call__(self, frame: FrameType, _event: str, _argument: Any) -> None:
        """Trace the beginning of a block of code; nothing is traced meanwhile."""
        code = frame.f_code
        if code.co_name != "<module>" or not code.co_filename.startswith(_OURS):
            return
        self.moments += 1
        if self.moments == self.at:
            record(PER_CHILD * self.at + OF_HANDLER)


def run_child(at: int) -> int:
    """Return the number of moments, in a child that ends with it."""
    interruption = Interruption(at)
    sys.settrace(interruption)
    record(PER_CHILD * at)
    sys.settrace(None)
    runtime = sys.modules["lineage.runtime"].runtime()
    assert lineage.is_enabled(), at
    assert runtime.settings.is_enabled, at
    runtime.recorder.write_pending_step_ends()
    return interruption.moments


def fork(at: int, writer: int) -> None:
    """Run a child, which writes the number of its moments, and wait for it."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.write(writer, b"%d\n" % run_child(at))
            status = 0
        except BaseException:  # noqa: BLE001  reported, as the parent reads it
            traceback.print_exc()
            print("at moment", at, file=sys.stderr, flush=True)
        os._exit(status)
    if os.waitpid(pid, 0)[1]:
        sys.exit(f"the child of moment {at} failed")


def main() -> None:
    """Interrupt this part's moments."""
    part, parts = map(int, sys.argv[1:])
    # The children load the same modules: they are compiled once.
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.path.join(os.environ["LINEAGE_HOME"], "compiled")
    reader, writer = os.pipe()
    fork(0, writer)
    moments = range(1 + part, int(os.read(reader, 20)) + 1, parts)
    for at in moments:
        fork(at, writer)
    print(*moments)


if __name__ == "__main__":
    main()
