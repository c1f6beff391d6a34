"""Takes secrets out of text: by their shape, their names, or because they are known."""

from .command_words import show_command
from .names import is_secret, is_secret_name
from .pairs import secret_member
from .rules import MASK
from .text import Masker, mask_below, redact, redact_values
from .user_info import passwords_in

__all__ = [
    "MASK",
    "Masker",
    "is_secret",
    "is_secret_name",
    "mask_below",
    "passwords_in",
    "redact",
    "redact_values",
    "secret_member",
    "show_command",
]
