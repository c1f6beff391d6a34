"""The status of a home, read without disturbing the processes that use it."""

from __future__ import annotations

import json
from pathlib import Path

from . import lines, refusals, segments
from .folder import JournalFolder
from .report import DeliveryStatus


def read_status(home: Path) -> DeliveryStatus:
    """Tell what waits, what was refused and what could not be kept.

    Args:
        home: The folder of `LINEAGE_HOME`; it need not exist.
    """
    folder = JournalFolder(home)
    waiting = 0
    oldest: list[float] = []
    for path in folder.named(segments.SUFFIX):
        found = _waiting(path)
        waiting += len(found)
        oldest += [at for at in map(_at, found) if at is not None][:1]
    return DeliveryStatus(
        waiting=waiting,
        refused=tuple(refusals.read(folder)),
        dropped=folder.dropped(),
        oldest_at=min(oldest, default=None),
        skipped=folder.skipped(),
    )


def _waiting(path: Path) -> list[bytes]:
    try:
        data = path.read_bytes()
    except OSError:
        return []  # Delivered meanwhile, or another user's.
    found, _ = lines.read(data[segments.HEADER :])
    return [line.text for line in found if line.mark == lines.WAITING]


def _at(text: bytes) -> float | None:
    try:
        at = json.loads(text).get("at")
    except (ValueError, AttributeError):
        return None
    return float(at) if isinstance(at, (int, float)) else None
