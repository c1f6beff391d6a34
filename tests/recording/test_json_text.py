"""Encoding: pieces of fact texts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.recording.json_text import compact, member, quote, shorten


@pytest.mark.slow
@given(st.text())
def test_quoted_text_is_json_that_a_store_can_keep(text: str) -> None:
    """What comes back is the text, without NUL."""
    assert json.loads(quote(text)) == text.replace("\x00", "\ufffd")


@pytest.mark.parametrize("text", ["a\ud800b", "a\x00b", "\udcff"])
def test_what_no_store_keeps_is_replaced(text: str) -> None:
    """Halves of surrogate pairs and NUL become the replacement character."""
    read = json.loads(quote(text))
    assert "\ufffd" in read
    read.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", ',"n":"x"'), (1, ',"n":1'), (True, ',"n":true'), (None, "")],
)
def test_members(value: object, text: str) -> None:
    """An absent value is left out, never null."""
    assert member("n", value) == text  # type: ignore[arg-type]  # any of them


def test_texts_are_compact_and_finite() -> None:
    """No needless space; a number that JSON lacks is refused."""
    assert compact({"a": [1, 2]}) == '{"a":[1,2]}'
    with pytest.raises(ValueError, match="JSON"):
        compact(float("nan"))


def test_shortening_shows() -> None:
    """What is cut ends in a sign that it is."""
    assert (shorten("abc", 3), shorten("abcd", 3)) == ("abc", "ab…")
