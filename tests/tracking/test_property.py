"""A property: whatever is declared and called, an oracle says what is recorded."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import lineage
from lineage.testing import capture

KINDS = ["project", "dataset", "job", "task"]
NAMES = ["alpha", "beta", "gamma", "delta"]
STYLES = ["/", "", "*"]

values = st.one_of(
    st.integers(1, 6),
    st.none(),
    st.sampled_from(["1", "2", "word", True, 0, -1, 2.5]),
    st.lists(st.one_of(st.integers(1, 4), st.none()), max_size=3),
)


@st.composite
def functions(draw: st.DrawFn) -> tuple[Any, list[str]]:
    """Make a function of a random signature, which returns all it got."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    first_default = draw(st.integers(0, len(names)))
    first_keyword = draw(st.integers(0, len(names)))
    has_slash = draw(st.booleans()) and first_keyword > 0
    has_rest = draw(st.booleans())
    parts = []
    for index, name in enumerate(names):
        if index == first_keyword:
            parts.append("*rest" if has_rest else "*")
        parts.append(f"{name}={index + 1}" if index >= first_default else name)
        if has_slash and index == 0:
            parts.append("/")
    if first_keyword == len(names) and has_rest:
        parts.append("*rest")
    if draw(st.booleans()):
        parts.append("**more")
    inside = "".join(f"{name!r}: {name}," for name in names)
    scope: dict[str, Any] = {}
    exec(f"def work({', '.join(parts)}): return {{{inside}}}", scope)
    return scope["work"], names


@st.composite
def cases(draw: st.DrawFn) -> tuple[Any, list[Any], list[Any], dict[str, Any]]:
    """Make a function, declarations for it, and a call."""
    work, names = draw(functions())
    declared = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["uses", "produces"]),
                st.sampled_from(KINDS),
                st.sampled_from(["path", "lambda", "result"]),
                st.sampled_from(names),
                st.sampled_from([None, *names]),
            ),
            max_size=5,
        )
    )
    args = draw(st.lists(values, max_size=5))
    kwargs = draw(st.dictionaries(st.sampled_from(NAMES), values, max_size=4))
    return work, declared, args, kwargs


def _values(value: Any) -> list[int]:
    if isinstance(value, list):
        return [i for v in value for i in _values(v)]
    if isinstance(value, str) and value.isdigit():
        return [int(value)]
    is_id = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return [value] if is_id else []


def _oracle(
    work: Any, declared: list[Any], args: list[Any], kwargs: dict[str, Any]
) -> list[tuple[str, str, int]]:
    """Return what must be recorded, in the plainest way."""
    try:
        arguments = work(*args, **kwargs)  # which returns its parameters
    except TypeError:
        return []
    expected: list[tuple[str, str, int]] = []
    for phase in ("uses", "produces"):
        for verb, kind, _, name, when in declared:
            if verb != phase or (when is not None and not arguments[when]):
                continue
            direction = "input" if verb == "uses" else "output"
            expected += [(direction, kind, i) for i in _values(arguments[name])]
    return list(dict.fromkeys(expected))


def _source(style: str, verb: str, name: str) -> Any:
    if style == "path" or (style == "result" and verb == "uses"):
        return name
    if style == "result":
        return f"result[{name}]"
    return eval(f"lambda {name}: {name}")


@settings(max_examples=300, deadline=None)
@given(cases())
def test_what_is_recorded_equals_the_oracle(
    case: tuple[Any, list[Any], list[Any], dict[str, Any]],
) -> None:
    """Each declared value is recorded once, in order; the call stays the same."""
    work, declared, args, kwargs = case
    tracked = work
    for verb, kind, style, name, when in reversed(declared):
        declare = getattr(lineage, f"{verb}_{kind}")
        tracked = declare(_source(style, verb, name), when=when)(tracked)
    with capture(strict=False) as recorded:
        assert _outcome(tracked, args, kwargs) == _outcome(work, args, kwargs)
    first = [e for e in recorded.edges if not e.get("again")]
    edges = [(e["dir"], e["kind"], e["id"]) for e in first]
    assert edges == _oracle(work, declared, args, kwargs)


def _outcome(work: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    try:
        return work(*args, **kwargs)
    except TypeError as error:
        return str(error)
