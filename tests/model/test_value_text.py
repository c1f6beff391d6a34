"""Values in words: six digits, and two that differ are seen to differ."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.model.value_text import value_text, value_texts

FRACTIONS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"), (1.0, "1.0"), (1234567.0, "1234567.0"), (True, "True"),
        (12345678901234567890, "12345678901234567890"), ("0.30000000000000004",) * 2,
        ({"a": [0.1 + 0.2, (2 / 3,)]}, "{'a': [0.3, (0.666667,)]}"), (None, "None"),
        (math.inf, "inf"), (1.5e-300, "1.5e-300"),
    ],
)  # fmt: skip
def test_only_fractions_are_rounded(value: object, text: str) -> None:
    """Whole numbers, texts and what is no number stay as they are."""
    assert value_text(value) == text


@given(FRACTIONS)
def test_a_fraction_is_shown_nearly(value: float) -> None:
    """What is shown is the value to within a millionth of it."""
    assert math.isclose(float(value_text(value)), value, rel_tol=1e-5, abs_tol=0.0)


@given(FRACTIONS, FRACTIONS)
def test_two_values_that_differ_look_different(one: float, other: float) -> None:
    """A difference beyond the sixth digit is shown in full."""
    shown = value_texts(one, other)
    assert (shown[0] == shown[1]) is (repr(one) == repr(other))
    assert value_texts(one, None)[1] == "nothing"
