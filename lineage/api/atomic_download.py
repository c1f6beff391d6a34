"""Downloads into files that are whole, or are not there."""

from __future__ import annotations

import gzip
import os
import secrets
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_BLOCK = 1 << 20
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@contextmanager
def aside(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file beside `path` that takes its place when the block succeeds.

    Folders are made; when the block fails, what was written is removed and a file
    that was at `path` stays.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name[:80]}.{secrets.token_hex(6)}.part")
    # The rights of a new file: the system takes away what the umask says. To ask for
    # the umask would set it for a moment, for all threads of the app.
    handle = os.open(temporary, _NEW_FILE, 0o666)
    try:
        with os.fdopen(handle, "w+b") as opened:
            yield opened
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_chunks(
    chunks: Iterable[bytes], opened: IO[bytes], advance: Callable[[int], Any]
) -> int:
    """Write chunks as they come and give the number of bytes."""
    written = 0
    for chunk in chunks:
        opened.write(chunk)
        written += len(chunk)
        advance(len(chunk))
    return written


def check_length(written: int, expected: int | None, name: str) -> None:
    """Check that a download is whole.

    Raises:
        OSError: It is shorter or longer than was announced.
    """
    if expected is not None and written != expected:
        raise OSError(f"{name}: got {written} bytes of {expected}; nothing was kept")


def check_gzip(opened: IO[bytes], name: str) -> None:
    """Check that a file decompresses to its end.

    Raises:
        OSError: It does not.
    """
    opened.seek(0)
    try:
        with gzip.GzipFile(fileobj=opened, mode="rb") as packed:
            while packed.read(_BLOCK):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise OSError(
            f"{name}: the archive is damaged ({error}); nothing was kept"
        ) from error
