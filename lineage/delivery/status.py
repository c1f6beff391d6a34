"""The status of a home, read without disturbing the processes that use it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ..journal import dead_letters, records, segments
from ..journal.directory import JournalDirectory
from .report import DeliveryStatus


def read_status(home: Path) -> DeliveryStatus:
    """Return what waits, what was refused and what could not be kept.

    Never raises: what cannot be read is the status's `problem`.

    Args:
        home: The folder of `LINEAGE_HOME`; it need not exist.
    """
    problem = problem_of(home)
    if problem is not None:
        return DeliveryStatus(problem=problem)
    folder = JournalDirectory(home)
    try:
        return _read(folder)
    except OSError as error:
        return DeliveryStatus(problem=_describe(error, folder))


def problem_of(home: Path) -> str | None:
    """Return why a home's journal cannot be read; None: it can, or does not exist."""
    folder = JournalDirectory(home)
    try:
        os.listdir(folder.path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _describe(error, folder)
    return None


def _read(folder: JournalDirectory) -> DeliveryStatus:
    by_target: dict[str, int] = {}
    oldest: list[float] = []
    unread: list[OSError] = []
    for path in folder.files_with_suffix(segments.SUFFIX):
        target, found = _waiting(path, unread)
        if found:
            by_target[target] = by_target.get(target, 0) + len(found)
        oldest += [at for at in map(_at, found) if at is not None][:1]
    return DeliveryStatus(
        waiting=sum(by_target.values()),
        by_target=by_target,
        refused=tuple(dead_letters.read(folder)),
        dropped=folder.dropped(),
        oldest_at=min(oldest, default=None),
        skipped=folder.skipped(),
        problem=_describe(unread[0], folder, len(unread)) if unread else None,
    )


def _waiting(path: Path, unread: list[OSError]) -> tuple[str, list[bytes]]:
    """Return where the facts of a file go, and the texts of those that wait."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return "", []  # Delivered meanwhile.
    except OSError as error:
        unread.append(error)
        return "", []
    found, _ = records.read(data[segments.HEADER :])
    header = segments.read_header(data)
    texts = [line.text for line in found if line.mark == records.WAITING]
    return header[1] if header else "", texts


def _describe(error: OSError, folder: JournalDirectory, files: int = 0) -> str:
    """Describe what cannot be read, why, and what to do about it."""
    if isinstance(error, NotADirectoryError):
        wrong = folder.path if folder.home.is_dir() else folder.home
        return (
            f"{wrong} is no folder: nothing can be kept there; move it away, or let "
            "LINEAGE_HOME name another folder"
        )
    what = f"{files} of the files in {folder.path}" if files else str(folder.path)
    return (
        f"{what} cannot be read ({error.strerror}): what waits there is not known; "
        "ask as a user who may read it, or let LINEAGE_HOME name another folder"
    )


def _at(text: bytes) -> float | None:
    try:
        at = json.loads(text).get("at")
    except (ValueError, AttributeError):
        return None
    return float(at) if isinstance(at, (int, float)) else None
