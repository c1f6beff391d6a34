"""JSON bodies are bounded in bytes, depth and nodes."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.instance.errors import RequestError
from lineage.instance.http import InstanceRequest
from lineage.instance.json_body import MAX_DEPTH, _outside_texts, read_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def read(text: bytes, **bounds: int) -> object:
    """Read a body."""
    return read_json(InstanceRequest("POST", "/", body=text), **bounds)


def count(value: object) -> int:
    """Count the values inside a value, itself included."""
    if isinstance(value, dict):
        return 1 + sum(count(item) for item in value.values())
    if isinstance(value, list):
        return 1 + sum(count(item) for item in value)
    return 1


@given(JSON)
def test_what_is_within_the_bounds_is_read(value: object) -> None:
    """A value is read as it was written, whatever commas its texts hold."""
    text = json.dumps(value).encode()
    if "\\u0000" in text.decode():
        return
    # Each value but the first stands after a comma or a bracket of its own.
    assert read(text, max_nodes=2 * count(value)) == value


@pytest.mark.parametrize("piece", [b"[]", b"{}", b"0", b'""', b"[[[]]]"])
def test_too_many_values_are_413_before_they_take_memory(piece: bytes) -> None:
    """Many small values are not parsed at all."""
    text = b"[" + b",".join([piece] * 1_000_000) + b"]"
    began = time.process_time()
    with pytest.raises(RequestError) as raised:
        read(text, max_nodes=100_000)
    assert raised.value.status == 413
    assert "100000 values" in (raised.value.allowed or "")
    assert time.process_time() - began < 2


def test_commas_in_texts_are_no_values() -> None:
    """A long text is one value."""
    text = json.dumps({"a": ",[{" * 100_000, "b": '\\",' * 100_000}).encode()
    assert set(read(text, max_nodes=100)) == {"a", "b"}  # type: ignore[call-overload]


def outside_texts(text: bytes) -> bytes:
    """Return what stands outside of quotes, byte by byte."""
    found, is_inside, is_escaped = b"", False, False
    for byte in (text[at : at + 1] for at in range(len(text))):
        if is_escaped or byte == b"\\":
            # Outside of texts an escape is no JSON, and nothing depends on it.
            found += b"" if is_inside or byte == b'"' else byte
            is_escaped = not is_escaped
        elif byte == b'"':
            is_inside = not is_inside
        elif not is_inside:
            found += byte
    return found


@given(
    st.lists(st.sampled_from([b'"', b"\\", b",", b"[", b"a", b"\\\\", b'\\"'])),
    st.integers(2, 5),
)
def test_quotes_are_followed_across_pieces(pieces: list[bytes], size: int) -> None:
    """Wherever a text is cut, also between a backslash and what it escapes."""
    text = b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lineage.instance.json_body._PIECE", size)
        found = b"".join(_outside_texts(text))
    for separator in (b",", b"["):
        assert found.count(separator) == outside_texts(text).count(separator)


@pytest.mark.timeout(30)  # What looks for each quote's end from the start takes hours.
@pytest.mark.parametrize(
    "text",
    [b'"' + b'\\"' * 400_000 + b"," * 200_000, b'"' + b"," * 900_000,
     b'["' + b'","' * 300_000, b'"' + b"\\" * 600_000 + b"," * 200_000],
)  # fmt: skip
def test_texts_without_an_end_are_refused_at_once(text: bytes) -> None:
    """A megabyte that anybody may send costs no more than reading it."""
    with pytest.raises(RequestError) as raised:
        read(text, max_nodes=100_000)
    assert raised.value.status in (400, 413)


@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")])
def test_too_deep_is_named(pair: tuple[bytes, bytes]) -> None:
    """Nesting beyond the bound is a 400 that says how deep is allowed."""
    opened, closed = pair
    with pytest.raises(RequestError) as raised:
        read(opened * 5000 + b"1" + closed * 5000)
    assert raised.value.status == 400
    assert str(MAX_DEPTH) in (raised.value.allowed or "")
    assert read(opened * 150 + b"1" + closed * 150)
