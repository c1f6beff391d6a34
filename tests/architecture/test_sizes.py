"""Small modules of small functions."""

from __future__ import annotations

import statistics

from source_tree import ROOT, body_lines, functions, modules, relative

MAX_MODULE_LINES = 600
#: Longer modules state the reason in their docstring: "Longer than 400 lines because".
MAX_UNEXPLAINED_LINES = 400
MAX_BODY_LINES = 40


def _all_modules() -> list:
    folders = ("lineage", "tests", "examples", "benchmarks")
    return [path for name in folders for path in modules(ROOT / name)]


def test_no_module_is_long() -> None:
    """A module has 600 lines at most, and says why when it has more than 400."""
    long = {}
    for path in _all_modules():
        text = path.read_text(encoding="utf-8")
        is_explained = "Longer than 400 lines because" in text
        allowed = MAX_MODULE_LINES if is_explained else MAX_UNEXPLAINED_LINES
        if (count := len(text.splitlines())) > allowed:
            long[relative(path)] = count
    assert long == {}


def test_no_function_is_long() -> None:
    """The body of a function of the package has 40 lines at most."""
    long = {
        f"{relative(path)}:{function.lineno} {function.name}": body_lines(function)
        for path in modules()
        for function in functions(path)
        if body_lines(function) > MAX_BODY_LINES
    }
    assert long == {}


def test_the_median_function_is_short() -> None:
    """Half of the package's functions have five lines or fewer."""
    lengths = [body_lines(f) for path in modules() for f in functions(path)]
    assert statistics.median(lengths) <= 5
