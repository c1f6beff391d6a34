"""Multipart bodies: read exactly, bounded, refused when broken."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instance_fixture import form

from lineage.instance import multipart
from lineage.instance.errors import RequestError
from lineage.instance.http import InstanceRequest
from lineage.instance.multipart import read_parts


def parts_of(
    body: object, headers: dict[str, str]
) -> list[tuple[str, str | None, bytes]]:
    """Read a form whole."""
    request = InstanceRequest("POST", "/", headers=headers, body=body)  # type: ignore[arg-type]
    return [(p.name, p.filename, p.stream.read()) for p in read_parts(request)]


@settings(deadline=None, max_examples=80)
@given(
    contents=st.lists(
        st.binary(max_size=80)
        | st.sampled_from([b"\r\n--mark-of-test", b"--mark-of-tests", b"\r\n", b"-"]),
        min_size=1, max_size=4,
    ),
    chunk=st.integers(1, 40),
)  # fmt: skip
def test_any_content_comes_back_whole(contents: list[bytes], chunk: int) -> None:
    """Contents that look like parts of a mark are content, however it is cut."""
    kept = [content for content in contents if b"\r\n--mark-of-tests" not in content]
    expected = [(f"n{i}", "f" if i % 2 else None, c) for i, c in enumerate(kept)]
    body, headers = form(expected)

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(chunk)

    assert parts_of(Slow(body), headers) == expected
    assert parts_of(body, headers) == expected


def test_names_are_unescaped() -> None:
    """Quotes in names come as a backslash or as %22."""
    body, headers = form([('a\\"b', "c%22d", b"x")])
    assert parts_of(body, headers) == [('a"b', 'c"d', b"x")]


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"x", "text/plain"), (b"x", "multipart/form-data"), (b"", None),
     (b"--mark-of-tests\r\nContent-Disposition: form-data\r\n\r\nx\r\n", None),
     (b"--mark-of-tests\r\nno headers", None),
     (b"--mark-of-tests\r\n" + b"h" * 99_999, None)],
)  # fmt: skip
def test_broken_forms_are_refused(body: bytes, kind: str | None) -> None:
    """A form that is none, or ends early, is answered 400."""
    headers = {"content-type": kind or "multipart/form-data; boundary=mark-of-tests"}
    with pytest.raises(RequestError) as refused:
        parts_of(body, headers)
    assert refused.value.status in (400, 413)


def test_the_number_of_parts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form of endless parts is refused."""
    monkeypatch.setattr(multipart, "MAX_PARTS", 3)
    body, headers = form([("n", None, b"")] * 4)
    with pytest.raises(RequestError) as refused:
        parts_of(body, headers)
    assert refused.value.status == 413


@pytest.mark.parametrize(("content", "status"), [(b"\xff", 400), (b"a\x00", 400),
                                                 (b"x" * 99, 413)])  # fmt: skip
def test_texts_are_checked(content: bytes, status: int) -> None:
    """A text part is short UTF-8 that a store can hold."""
    body, headers = form([("n", None, content)])
    request = InstanceRequest("POST", "/", headers=headers, body=body)
    with pytest.raises(RequestError) as refused:
        [part.text(limit=50) for part in read_parts(request)]
    assert refused.value.status == status
