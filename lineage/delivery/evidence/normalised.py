"""Normalised digests: of content without what changes each time it is written."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
import zlib
from typing import Any, Final

from ...system import read_at

#: Unpacked content that is read, at most; beyond it there is no such digest.
_MAX_UNPACKED: Final = 1024 * 1024 * 1024
_MAX_HEADER: Final = 100 * 1024 * 1024
_MAX_MEMBERS: Final = 100_000
_PIECE: Final = 1024 * 1024
#: Of office documents: who saved them, and when.
_SAVED_BY: Final = ("docProps/core.xml", "docProps/app.xml", "meta.xml")


def normalised_digest(fd: int, size: int) -> str | None:
    """Return `<format>:sha256:…` of an open file; None for formats without one.

    Args:
        fd: The descriptor; its position is left anywhere.
        size: How long the file is.
    """
    head = read_at(fd, 16, 0)
    try:
        if head[:3] == b"\x1f\x8b\x08":
            return _of_gzip(fd)
        if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            return _of_zip(fd)
        if len(head) > 8 and head[8:9] == b"{":
            return _of_safetensors(fd, size, struct.unpack("<Q", head[:8])[0])
    except (
        zlib.error, zipfile.BadZipFile, struct.error, EOFError,
        ValueError, KeyError, TypeError, AttributeError, RecursionError,
    ):  # fmt: skip
        return None  # Another format that begins alike, or a damaged file.
    return None


def _of_gzip(fd: int) -> str | None:
    """Hash what is packed: the header holds a time and a name."""
    digest, total, offset = hashlib.sha256(), 0, 0
    unpacker = zlib.decompressobj(wbits=31)
    rest = b""
    while True:
        if not rest:
            rest = read_at(fd, _PIECE, offset)
            offset += len(rest)
            if not rest:
                break
        unpacked = unpacker.decompress(rest, _PIECE)
        digest.update(unpacked)
        total += len(unpacked)
        if total > _MAX_UNPACKED:
            return None
        if unpacker.eof:
            rest = unpacker.unused_data
            unpacker = zlib.decompressobj(wbits=31)
        else:
            rest = unpacker.unconsumed_tail
    return f"gzip:sha256:{digest.hexdigest()}"


def _of_zip(fd: int) -> str | None:
    """Hash names, sizes and checksums of the members: each of them has a time."""
    with open(os.dup(fd), "rb") as file, zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > _MAX_MEMBERS:
            return None
        lines = sorted(
            f"{member.CRC:08x} {member.file_size} {member.filename}\n"
            for member in members
            if member.filename not in _SAVED_BY
        )
    digest = hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape"))
    return f"zip:sha256:{digest.hexdigest()}"


def _of_safetensors(fd: int, size: int, length: int) -> str | None:
    """Hash header and tensors in order of their names: the order of keys is random."""
    if not 2 <= length <= min(_MAX_HEADER, size - 8):
        return None
    header: dict[str, Any] = json.loads(read_at(fd, length, 8))
    metadata = header.pop("__metadata__", {})
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, tensor in sorted(header.items()):
        begin, end = tensor["data_offsets"]
        about = {"name": name, "dtype": tensor["dtype"], "shape": tensor["shape"]}
        digest.update(json.dumps(about, sort_keys=True).encode())
        position, stop = 8 + length + begin, 8 + length + end
        if not 8 + length <= position <= stop <= size:
            return None
        while position < stop:
            piece = read_at(fd, min(_PIECE, stop - position), position)
            if not piece:
                return None
            digest.update(piece)
            position += len(piece)
    return f"safetensors:sha256:{digest.hexdigest()}"
