"""JSON that people can read and that no terminal obeys."""

from __future__ import annotations

import json
from typing import Final

from ..patterns import pattern

#: Control characters beyond ASCII, and those that change the direction of writing.
_UNSEEN: Final = pattern(
    r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def json_text(value: object, *, indent: int | None = None) -> str:
    r"""Return a value as JSON: letters of all scripts stay.

    What is not seen is written as `\u202e`, which a reader takes for the same value.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
