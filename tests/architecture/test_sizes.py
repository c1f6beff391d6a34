"""Small modules of small functions."""

from __future__ import annotations

import statistics

from source_tree import ROOT, body_lines, functions, modules, relative

MAX_MODULE_LINES = 400
#: With the reason beside it, in a comment that begins so.
MAX_LONG_MODULE_LINES = 600
LONG_REASON = "# Longer than 400 lines: "
MAX_BODY_LINES = 40


def _all_modules() -> list:
    folders = ("lineage", "tests", "examples", "benchmarks")
    return [path for name in folders for path in modules(ROOT / name)]


def test_no_module_is_long() -> None:
    """A file has 400 lines at most, or 600 where a comment in it says why."""
    long = {}
    for path in _all_modules():
        text = path.read_text(encoding="utf-8")
        has_reason = f"\n{LONG_REASON}" in text
        limit = MAX_LONG_MODULE_LINES if has_reason else MAX_MODULE_LINES
        count = len(text.splitlines())
        if count > limit:
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
