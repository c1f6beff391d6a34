"""Takes secrets out of text: by their shape, their names, or because they are known."""

from .names import is_secret_name
from .rules import MASK
from .text import redact
from .user_info import passwords_in
from .values import Masker, mask_below, redact_values

__all__ = [
    "MASK",
    "Masker",
    "is_secret_name",
    "mask_below",
    "passwords_in",
    "redact",
    "redact_values",
]
