"""Path objects: the path or address that an object stands for, read without I/O."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path, PurePath
from typing import Any, Final

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: `str` of these is an address: yarl's, httpx's, pydantic's, universal_pathlib's.
_ADDRESS_PARTS: Final = (("protocol", "path"), ("scheme", "path"), ("scheme", "host"))


def path_of(value: Any) -> str | None:
    """Return the path or address that a value stands for; None if it is none.

    Nothing is opened, downloaded or asked: the `__fspath__` of an object that has an
    address, as cloudpathlib's, may download, and is not called.
    """
    if isinstance(value, str):
        return value
    if type(value).__module__.partition(".")[0] == "pathlib":
        return os.fspath(value) if isinstance(value, PurePath) else None
    kind = type(value)
    if hasattr(kind, "full_name") and isinstance(value.full_name, str):
        return str(value.full_name)  # fsspec's files, opened or not
    if hasattr(kind, "geturl"):
        return str(value.geturl())  # the tuples of `urllib.parse`
    if isinstance(value, os.PathLike) or _is_address(value):
        return _of_foreign_path(value)
    return _of_handle(value)


def _is_address(value: Any) -> bool:
    return any(
        hasattr(value, first) and hasattr(value, second)
        for first, second in _ADDRESS_PARTS
    )


def _of_foreign_path(value: Any) -> str | None:
    text = str(value)
    if _SCHEME.match(text):
        return text
    if isinstance(value, PurePath) and value.is_absolute():
        # That of pathlib's own classes begins with `file:`, and is deprecated for some.
        is_own = type(value).as_uri not in (PurePath.as_uri, Path.as_uri)
        if is_own and not (address := value.as_uri()).startswith("file:"):
            return address  # s3path: `str` leaves the scheme out
    if not isinstance(value, os.PathLike):
        return None
    path = os.fspath(value)
    return path if isinstance(path, str) else os.fsdecode(path)


def _of_handle(value: Any) -> str | None:
    """Return the name of an open file or temporary folder; a descriptor has none."""
    is_handle = isinstance(value, io.IOBase) or hasattr(type(value), "cleanup")
    if not is_handle and type(value).__module__ != "tempfile":
        return None
    if _is_in_archive(value):
        return None  # Its name is that inside the archive, and no file lies there.
    name = getattr(value, "name", None)
    if isinstance(name, os.PathLike):
        name = os.fspath(name)
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    if not isinstance(name, str) or (name[:1] == "<" and name[-1:] == ">"):
        return None  # `<stdin>`, and files without a name
    return name


def _is_in_archive(handle: Any) -> bool:
    """Whether a file is open inside a zip or tar, also as text."""
    layer = handle
    while layer is not None:
        if type(layer).__module__ in ("zipfile", "tarfile"):
            return True
        layer = getattr(layer, "buffer", None)
    return False
