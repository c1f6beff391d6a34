"""Paths: the text form of a source."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lineage.errors import DeclarationError, SourceError
from lineage.tracking.value_paths import parse_path

THING = SimpleNamespace(
    id=7,
    none=None,
    many=[SimpleNamespace(id=1), SimpleNamespace(id=2)],
    map={"k": 3, "a.b": 4, "0": 5, 1: 6, "class": 9},
    row=[10, 11],
    **{"class": 8},
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("thing.id", 7),
        ("thing.none", None),
        ("thing.none.id", None),
        ("thing.many[].id", [1, 2]),
        ("thing.many[0].id", 1),
        ("thing.many[-1].id", 2),
        ("thing.map[k]", 3),
        ("thing.map['a.b']", 4),
        ('thing.map["a.b"]', 4),
        ("thing.map[0]", 5),
        ("thing.map[1]", 6),
        ("thing.map[class]", 9),
        ("thing.class", 8),
        ("thing.row[]", [10, 11]),
        ("thing.map[]", [3, 4, 5, 6, 9]),
    ],
)
def test_a_path_leads_to_its_value(text: str, value: Any) -> None:
    """Attributes, entries, places and each one; None on the way ends it."""
    path = parse_path(text)
    assert path.root == "thing"
    assert path.walk(THING) == value
    quick = path.compiled()
    if quick is not None and value is not None and text != "thing.map[0]":
        assert quick(THING) == value


@pytest.mark.parametrize(
    "text",
    ["", "1a", "/data/x", "a b", "a[", "a]", "a..b", "a.", "a[b", "s3://x", "a.1"],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    """The error says what a path looks like, and how a constant place is written."""
    with pytest.raises(DeclarationError, match=r"lineage\.file"):
        parse_path(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("thing.nope", r"thing \(SimpleNamespace\) has no .nope"),
        ("thing.map.k", r"written thing\.map\[k\]"),
        ("thing.map[nope]", r"thing\.map \(dict\) has no \[nope\]"),
        ("thing.row[5]", r"thing\.row \(list\) has no \[5\]"),
        ("thing.id[]", r"is no list"),
        ("thing.many[].nope", r"has no \.nope"),
        ("thing.row[a]", r"has no \[a\]"),
    ],
)
def test_a_step_that_leads_nowhere_is_named(text: str, said: str) -> None:
    """The error says at which place the path was lost."""
    with pytest.raises(SourceError, match=said):
        parse_path(text).walk(THING)


def test_an_iterator_is_left_to_the_app() -> None:
    """What can be read once is not read by us."""
    numbers = iter([1, 2])
    with pytest.raises(SourceError, match="no list"):
        parse_path("n[]").walk(numbers)
    assert next(numbers) == 1
