"""OME-TIFF: the files that an image in several files names in its first description."""

from __future__ import annotations

import html
import re
import struct
from typing import BinaryIO, Final

#: The tag of a TIFF's first directory that holds the OME-XML.
_DESCRIPTION: Final = 270
#: Longest description that is read.
_MAX_XML: Final = 16 * 1024 * 1024
#: Entries of a directory that are looked at: tags stand in ascending order.
_MAX_TAGS: Final = 64
#: Files with planes, and the file with the metadata where it stands apart.
_NAMED: Final = re.compile(r"\b(?:FileName|MetadataFile)\s*=\s*(\"[^\"]*\"|'[^']*')")
#: Of classic TIFF and of BigTIFF: the directory's place, its count of entries, and an
#: entry with its tag, type, count and value or the value's place.
_FORMS: Final = {42: (4, "I", "H", "HHII"), 43: (8, "Q", "Q", "HHQQ")}


def named_files(path: str) -> list[str]:
    """Return the files that an OME-TIFF names, itself among them; none of other files.

    Raises:
        OSError: The file cannot be opened.
    """
    with open(path, "rb") as file:
        try:
            text = _description(file)
        except (struct.error, ValueError, OSError):
            return []  # It ends before what it promises, or points far beyond.
    if "<OME" not in text and ":OME" not in text:
        return []
    return list(
        dict.fromkeys(html.unescape(found[1:-1]) for found in _NAMED.findall(text))
    )


def _description(file: BinaryIO) -> str:
    """Return the text of the first directory's description; empty where none is."""
    head = file.read(8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    form = None if order is None else _FORMS.get(*struct.unpack(f"{order}H", head[2:4]))
    if order is None or form is None:
        return ""
    at, offset, many, entry = form
    file.seek(at if at == 4 else 8)
    file.seek(*_read(file, order + offset))
    (count,) = _read(file, order + many)
    for _ in range(min(count, _MAX_TAGS)):
        tag, _, length, place = _read(file, order + entry)
        if tag == _DESCRIPTION and length <= _MAX_XML:
            file.seek(place)
            return file.read(length).decode("utf-8", "replace")
    return ""


def _read(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))
