"""Bodies of requests: JSON, bytes, and multipart forms that can be sent again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from mimetypes import guess_type
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlencode

from urllib3.fields import RequestField
from urllib3.filepost import encode_multipart_formdata

from .errors import UnsendableError

_UNKNOWN_TYPE = "application/octet-stream"
Content: TypeAlias = Any
"""What `requests` takes as data: bytes, or an object that reads as a file."""


class BodyPart(NamedTuple):
    """A part of a form."""

    name: str
    content: str | bytes | Callable[[], Any]
    """Text, bytes, or what opens the file."""
    filename: str | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body, created again for every attempt."""

    open: Callable[[], AbstractContextManager[tuple[Content, str | None]]]
    """Opens the content with its content type, for one attempt."""
    is_repeatable: bool = True
    """Whether `open` can be called again after an attempt has begun."""
    is_async: bool = False
    """Whether only an event loop can read the content."""


def make_body(endpoint: str, data: Any, additional: Mapping[str, Any]) -> Body:
    """Make the body for what a caller hands to `post`.

    Args:
        endpoint: The method, for the error.
        data: A dict (`additional` is merged over it), anything else that is JSON,
            bytes, a `Body`, or an object with a `content_type` (a multipart encoder
            of the caller's: it can be read once, so it is sent once).
        additional: Fields that go with every request.

    Raises:
        UnsendableError: `data` cannot be written as JSON.
    """
    if isinstance(data, Body):
        return data
    if isinstance(data, (bytes, bytearray)):
        return Body(lambda: nullcontext((bytes(data), None)))
    if hasattr(data, "content_type") and hasattr(data, "read"):
        return Body(lambda: nullcontext((data, data.content_type)), is_repeatable=False)
    content = encode_json(
        endpoint, {**data, **additional} if type(data) is dict else data
    )
    return Body(lambda: nullcontext((content, "application/json")))


def make_content(content: Any) -> Body:
    """Make the body of a caller's own content.

    Args:
        content: Text, bytes, what gives bytes (at once or asynchronously), or what
            reads as a file. All but text and bytes can be read once, and are sent
            once.
    """
    if isinstance(content, str):
        return Body(lambda: nullcontext((content.encode(), None)))
    if isinstance(content, (bytes, bytearray)):
        return Body(lambda: nullcontext((bytes(content), None)))
    kind = getattr(content, "content_type", None)
    return Body(
        lambda: nullcontext((content, kind)),
        is_repeatable=False,
        is_async=hasattr(content, "__aiter__"),
    )


def fields_body(fields: Mapping[str, Any]) -> Body:
    """Make the body of a form without files."""
    content = urlencode(fields, doseq=True).encode()
    return Body(lambda: nullcontext((content, "application/x-www-form-urlencoded")))


def make_form(files: Mapping[str, Any]) -> Body:
    """Make a form of a caller's files.

    Args:
        files: By the part's name: text, bytes or an open file, or a tuple of the
            file's name, one of these, and its content type. A file is read from
            where it stands, for every attempt; one that cannot go back there is
            read into memory.

    Raises:
        ValueError: A tuple has other parts.
    """
    parts: list[BodyPart] = []
    for name, value in files.items():
        filename, content, kind = _file_part(value)
        if hasattr(content, "read"):
            # The encoder of forms would take all of a BytesIO, and none of a pipe.
            is_held = isinstance(content, BytesIO) or not content.seekable()
            content = (
                content.read()
                if is_held
                else partial(_rewound, content, content.tell())
            )
        guessed = filename and (guess_type(filename)[0] or _UNKNOWN_TYPE)
        parts.append(BodyPart(name, content, filename, kind or guessed or None))
    return multipart(parts)


def _file_part(value: Any) -> tuple[str | None, Any, str | None]:
    if not isinstance(value, tuple):
        name = getattr(value, "name", None)
        return Path(name).name if isinstance(name, str) else "upload", value, None
    if len(value) not in (2, 3):
        raise ValueError(
            f"a file is (name, content) or (name, content, type), got {value!r}"
        )
    return value[0], value[1], value[2] if len(value) == 3 else None


def _rewound(file: Any, place: int) -> AbstractContextManager[Any]:
    """Return an open file from where it stood; it is the caller's to close."""
    file.seek(place)
    return nullcontext(file)


def encode_json(endpoint: str, value: Any) -> bytes:
    """Write JSON as the platform's SDK does.

    Raises:
        UnsendableError: The value holds what JSON has no form for.
    """
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        made = UnsendableError(
            f"{endpoint}: the request is no JSON: {error}", subject=endpoint
        )
        made.endpoint = endpoint
        raise made from error


def multipart(parts: Sequence[BodyPart]) -> Body:
    """Make a form whose files are opened again for every attempt.

    With `requests-toolbelt` (extra `files`) the files are streamed; without it they
    are read into memory.
    """
    try:
        from requests_toolbelt import (
            MultipartEncoder,
        )
    except ImportError:
        return Body(lambda: nullcontext(_in_memory(parts)))
    return Body(lambda: _streamed(MultipartEncoder, parts))


@contextmanager
def _streamed(
    encoder: Callable[..., Any], parts: Sequence[BodyPart]
) -> Iterator[tuple[Any, str]]:
    with ExitStack() as files:
        fields: list[tuple[str, Any]] = []
        for name, content, filename, kind in parts:
            opened = files.enter_context(content()) if callable(content) else content
            is_file = filename is not None
            fields.append((name, (filename, opened, kind) if is_file else opened))
        form = encoder(fields)
        yield form, form.content_type


def _in_memory(parts: Sequence[BodyPart]) -> tuple[bytes, str]:
    fields = []
    for name, content, filename, kind in parts:
        field = RequestField(name, data=_read(content), filename=filename)
        field.make_multipart(content_type=kind)
        fields.append(field)
    return encode_multipart_formdata(fields)


def _read(content: str | bytes | Callable[[], Any]) -> str | bytes:
    if not callable(content):
        return content
    with content() as opened:
        data: bytes = opened.read()
    return data
