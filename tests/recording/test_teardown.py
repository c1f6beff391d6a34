"""While the interpreter frees its modules, calls of an app go on as without lineage."""

from __future__ import annotations

import pytest
from journal_tools import run_script

#: Freed with the modules that hold them, some of them after those of lineage.
_PROGRAM = """
import json, sys, types
import lineage
decorate = lineage.uses_project("number") if {is_recorded} else lambda f: f
@decorate
def release(number):
    print("released", number)
class Held:
    def __init__(self, number):
        self.number = number
    def __del__(self, release=release):
        release(self.number)
here, json.held, lineage.held, sys.held = map(Held, (1, 2, 3, 4))
turning = Held(5)
turning.round = turning
{first}
"""


@pytest.mark.parametrize("first", ["release(6)", ""], ids=["recorded", "never before"])
def test_what_is_freed_at_the_end_does_what_it_did(first: str) -> None:
    """Nothing is raised, nothing is printed, and the same lines come."""
    ran, bare = (
        run_script(_PROGRAM.format(is_recorded=is_recorded, first=first))
        for is_recorded in (True, False)
    )
    assert "released 3" in bare.stdout
    assert (ran.stdout, ran.stderr, ran.returncode) == (bare.stdout, "", 0)
