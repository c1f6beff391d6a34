"""The selector language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import SelectorError
from lineage.model.selector import (
    Both,
    Either,
    Filter,
    Hops,
    NameSelector,
    Selector,
    Text,
    parse,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("task:12", NameSelector("task", "12")),
        ("data:345", NameSelector("data", "345")),
        ("project:7@v3", NameSelector("project", "7", "v3")),
        ("project:7@state3", NameSelector("project", "7", "state3")),
        ("project:7@#9", NameSelector("project", "7", "#9")),
        ("file:/a/b.pt@abcdef01", NameSelector("file", "/a/b.pt", "abcdef01")),
        ('file:"a & b.pt"@latest', NameSelector("file", "a & b.pt", "latest")),
        ("file:a@b.txt", NameSelector("file", "a@b.txt")),
        ("Train classifier", Text("Train classifier")),
        ("s3://bucket/x", Text("s3://bucket/x")),
        (r"C:\data", Text(r"C:\data")),
        ('"2+2"', Text("2+2")),
        ("kind:project", Filter("kind", "project")),
        ("status:failed", Filter("status", "error")),
        ("name:*.pt", Filter("name", "*.pt")),
        ("team:5", Filter("team", "5")),
        ("+x", Hops(Text("x"), None, 0)),
        ("x+", Hops(Text("x"), 0, None)),
        ("2+x+1", Hops(Text("x"), 2, 1)),
        ("+(a | b)+2", Hops(Either((Text("a"), Text("b"))), None, 2)),
        ("a, b | c", Either((Text("a"), Text("b"), Text("c")))),
        ("a & b | c", Either((Both((Text("a"), Text("b"))), Text("c")))),
        ("(a | b) & c", Both((Either((Text("a"), Text("b"))), Text("c")))),
    ],
)
def test_forms(text: str, expected: Selector) -> None:
    """Every form of the language is read as it is meant."""
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "something to select is missing"),
        ("a &", "something to select is missing"),
        ("| a", "something to select is missing"),
        ("+", "missing beside the +"),
        ("(a", "closing parenthesis"),
        ("a)", "out of place"),
        ('"a', "closing quote"),
        ("projct:1", "did you mean 'project'"),
        ("kind:projct", "did you mean 'project'"),
        ("foo:1", "kinds are data, project"),
        ("data:x", "whole number"),
        ("team:x", "whole number"),
        ("kind:", "as in kind:project"),
        ("file:", "as in file:12"),
        ("(" * 40 + "a" + ")" * 40, "deeper"),
        ("a" * 5000, "at most"),
    ],
)
def test_errors_show_what_would_be_right(text: str, expected: str) -> None:
    """What cannot be read is named, with what may stand there."""
    with pytest.raises(SelectorError, match=expected.replace("+", r"\+")):
        parse(text)


ATOMS = st.one_of(
    st.builds(Text, st.text('ab cé"&|,()+:@\\/.1', min_size=1).filter(str.strip)),
    st.builds(
        NameSelector, st.sampled_from(["file", "project"]), st.text("ab/.", min_size=1)
    ),
    st.builds(Filter, st.just("name"), st.text("ab*& ", min_size=1).filter(str.strip)),
)
COUNTS = st.none() | st.integers(0, 9)


def _wider(inner: st.SearchStrategy[Selector]) -> st.SearchStrategy[Selector]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Hops, inner, COUNTS, COUNTS).filter(
            lambda h: (h.up, h.down) != (0, 0)
        ),
        st.builds(Both, parts),
        st.builds(Either, parts),
    )


@given(st.recursive(ATOMS, _wider, max_leaves=6))
def test_what_is_written_is_read_back(selector: Selector) -> None:
    """The text of any selector means the same selector."""
    text = str(selector)
    assert str(parse(text)) == text


@given(st.text('ab+&|,()":@1 ', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail otherwise."""
    try:
        parse(text)
    except SelectorError as error:
        assert str(error)  # noqa: PT017  both outcomes are right
