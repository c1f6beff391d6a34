"""Uids of facts that were not recorded by a process of ours: made of what they say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

#: The store splits a uid into a source and a number below this one.
_MAX_NUMBER: Final = 10**9
_encoded: Final = json.JSONEncoder(sort_keys=True, default=str).encode
#: What makes an edge of another tool the same one; its times may become known late.
_EDGE: Final = ("dir", "kind", "id", "version")


def content_uid(source: str, fact: Mapping[str, Any]) -> str:
    """Return the uid of a fact, equal whenever it says the same.

    Facts that were stored before are then stored once.

    Args:
        source: Who says it, mostly the task's key; cut after 150 characters.
        fact: What it says; of an edge only what is used or made.
    """
    content: Mapping[str, Any] = fact
    if fact.get("f") == "edge":
        content = {name: fact.get(name) for name in _EDGE}
    text = _encoded(content)
    hashed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    # Two parts, so that thousands of facts of one task keep apart.
    part, number = divmod(hashed, _MAX_NUMBER)
    return f"{source[:150]}:{part & 0xFF:02x}-{number}"
