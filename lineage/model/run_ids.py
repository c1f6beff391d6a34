"""The UUID by which other tools know a task, and the way back from it."""

from __future__ import annotations

import re
import uuid
from typing import Final

#: Ends every UUID that was made of a task's key: `lineage` in ASCII.
_TAIL: Final = "6c-696e65616765"
_KEY: Final = re.compile(r"[0-9a-f]{16}")
_OURS: Final = re.compile(
    rf"([0-9a-f]{{8}})-([0-9a-f]{{4}})-8([0-9a-f]{{3}})-8([0-9a-f]){_TAIL}"
)
#: The key of a run of another tool: it keeps its own id.
_RECEIVED: Final = re.compile(r"ol:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_OTHERS: Final = uuid.UUID("6f0ba0a5-6d55-5b0b-8d5f-6b1f3f6d6b11")


def run_uuid(key: str) -> str:
    """Return the UUID of a task; the same key always gives the same UUID.

    The 16 hexadecimal digits of a recorder's key are kept in it (a UUID of version 8,
    RFC 9562), so that an instance that receives the UUID finds the task.

    >>> run_uuid("0123456789abcdef")
    '01234567-89ab-8cde-8f6c-696e65616765'
    """
    if _KEY.fullmatch(key):
        return f"{key[:8]}-{key[8:12]}-8{key[12:15]}-8{key[15]}{_TAIL}"
    received = _RECEIVED.fullmatch(key)
    return received[1] if received else str(uuid.uuid5(_OTHERS, key))


def task_key(run_id: str) -> str | None:
    """Return the key of the task that a UUID was made of; None if it was not.

    >>> task_key("01234567-89ab-8cde-8f6c-696e65616765")
    '0123456789abcdef'
    """
    found = _OURS.fullmatch(run_id.lower())
    return "".join(found.groups()) if found else None
