"""Paths: the text form of a source."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lineage.errors import DeclarationError, SourceError
from lineage.tracking.sources import parse_path

ARTIFACT = SimpleNamespace(
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
        ("artifact.id", 7),
        ("artifact.none", None),
        ("artifact.none.id", None),
        ("artifact.many[].id", [1, 2]),
        ("artifact.many[0].id", 1),
        ("artifact.many[-1].id", 2),
        ("artifact.map[k]", 3),
        ("artifact.map['a.b']", 4),
        ('artifact.map["a.b"]', 4),
        ("artifact.map[0]", 5),
        ("artifact.map[1]", 6),
        ("artifact.map[class]", 9),
        ("artifact.class", 8),
        ("artifact.row[]", [10, 11]),
        ("artifact.map[]", [3, 4, 5, 6, 9]),
    ],
)
def test_a_path_leads_to_its_value(text: str, value: Any) -> None:
    """Attributes, entries, places and each one; None on the way ends it."""
    path = parse_path(text)
    assert path.root == "artifact"
    assert path.walk(ARTIFACT) == value
    quick = path.compiled()
    if quick is not None and value is not None and text != "artifact.map[0]":
        assert quick(ARTIFACT) == value


@pytest.mark.parametrize(
    "text",
    ["", "1a", "/data/x", "a b", "a[", "a]", "a..b", "a.", "a[b", "s3://x", "a.1"],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    """The error says what a path looks like, and how a constant place is written."""
    with pytest.raises(DeclarationError, match=r"lineage\.file"):
        parse_path(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("artifact.nope", r"artifact \(SimpleNamespace\) has no .nope"),
        ("artifact.map.k", r"written artifact\.map\[k\]"),
        ("artifact.map[nope]", r"artifact\.map \(dict\) has no \[nope\]"),
        ("artifact.row[5]", r"artifact\.row \(list\) has no \[5\]"),
        ("artifact.id[]", r"is no list"),
        ("artifact.many[].nope", r"has no \.nope"),
        ("artifact.row[a]", r"has no \[a\]"),
    ],
)
def test_a_step_that_leads_nowhere_is_named(text: str, expected: str) -> None:
    """The error says at which place the path was lost."""
    with pytest.raises(SourceError, match=expected):
        parse_path(text).walk(ARTIFACT)


def test_an_iterator_is_left_to_the_app() -> None:
    """What can be read once is not read by us."""
    numbers = iter([1, 2])
    with pytest.raises(SourceError, match="no list"):
        parse_path("n[]").walk(numbers)
    assert next(numbers) == 1
