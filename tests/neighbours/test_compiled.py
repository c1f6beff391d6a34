"""numba's compiled functions record by the declarations above them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from ways_of_running import recorded_tasks, run_program

pytestmark = pytest.mark.neighbours


def _need_numba() -> None:
    # Not imported here: its warnings are errors in this process.
    if importlib.util.find_spec("numba") is None:
        pytest.skip("numba is not installed: nox -s neighbours")


def test_declarations_above_njit_record(tmp_path: Path) -> None:
    """What is compiled is called as without them, and calls others that are."""
    _need_numba()
    code = """
    import numba

    @uses_file("part")
    @numba.njit
    def above(part, n):
        total = 0
        for i in range(n):
            total += i
        return total

    @numba.njit
    def inner(n):
        return n + 1

    @uses_file("part")
    def calls_it(part):
        return inner(2)

    with lineage.task("A"):
        assert above("s3://b/above", 4) == 6
        assert above("s3://b/again", 4) == 6
        assert calls_it("s3://b/inside") == 3
        assert type(above.__wrapped__).__name__ == "CPUDispatcher"
    """
    done = run_program(code, tmp_path)
    assert done.returncode == 0, done.stderr
    (task,) = recorded_tasks(tmp_path).values()
    assert task.edges == {"above", "again", "inside"}


def test_declarations_below_njit_are_refused(tmp_path: Path) -> None:
    """Numba compiles the function inside, so they could never record anything."""
    _need_numba()
    code = """
    import numba
    makers = (
        numba.njit, numba.jit, numba.vectorize, numba.njit(cache=False),
        numba.guvectorize(["void(float64[:],float64[:])"], "(n)->(n)"),
    )
    for maker in makers:
        @uses_file("part")
        def function(part, other=0): return part
        try:
            maker(function)
        except lineage.DeclarationError as error:
            assert "write them above @njit" in str(error), error
        else:
            raise AssertionError(maker)
    """
    done = run_program(code, tmp_path)
    assert done.returncode == 0, done.stderr
