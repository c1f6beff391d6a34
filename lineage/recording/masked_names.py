"""Masked names: artifacts whose names differ only in a secret stay different."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from ..model.addresses import canonical_address
from ..redaction import MASK

#: Six hexadecimal digits: enough to distinguish names, too few to find the secret.
_DIGEST_BYTES: Final = 3


def distinct_name(
    text: str, masked: str, *, key: str = "", is_folder: bool = False
) -> str:
    """Return the canonical form of a masked name, each mask followed by a short hash.

    Args:
        text: The name with its secrets.
        masked: The name without them.
        key: Makes the hash another one than that of other installations.
        is_folder: Whether a slash at the end means nothing.
    """
    canonical = canonical_address(masked, is_folder=is_folder)
    if MASK not in canonical:
        return canonical  # What was masked only signed the request.
    whole = canonical_address(text, is_folder=is_folder)
    hashed = blake2b(
        whole.encode("utf-8", "surrogatepass"),
        digest_size=_DIGEST_BYTES,
        key=key.encode()[:64],
    ).hexdigest()
    return canonical.replace(MASK, f"***{hashed}")
