"""Regular expressions that wait until they are used."""

from __future__ import annotations

import re

import pytest

from lineage.patterns import pattern


def test_a_pattern_does_what_a_compiled_one_does() -> None:
    """Its methods are those of the compiled expression, flags included."""
    found = pattern(r"(a+)b", re.IGNORECASE)
    match = found.fullmatch("AAb")
    assert match is not None
    assert match[1] == "AA"
    assert found.sub("-", "xaby") == "x-y"
    assert (found.pattern, found.groups) == (r"(a+)b", 1)


def test_a_pattern_is_compiled_when_it_is_used() -> None:
    """An expression that cannot be read is refused by its first use."""
    broken = pattern("(")
    with pytest.raises(re.error):
        broken.search("x")
