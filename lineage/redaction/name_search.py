"""A quick look for names of secrets, before their rules are tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .names import LONGEST_COUNT
from .rules import Rule

#: How a name that `mask_named` finds ends, in lower case, without a number.
_NAME_ENDS: Final = (
    "pass", "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token",
    "signature", "auth", "authorization", "credential", "credentials", "str", "string",
    "cookie", "session", "sessionid", "session_id", "session-id", "jwt", "pat",
    "webhook", "webhookurl", "webhook_url", "webhook-url",
)  # fmt: skip
#: A key is a secret only after one of these; alone it orders, as in `/data/key=17/`.
_KEYS: Final = ("key", "keyid", "key_id", "key-id")
_BEFORE_KEYS: Final = (
    "secret", "access", "api", "account", "private", "encryption", "signing", "master",
    "storage", "subscription", "license", "session",
)  # fmt: skip
#: What grants access in a query beside those names.
QUERY_ENDS: Final = (*_KEYS, "sig", "sign", "code", "accessid")
#: Names that often stand for numbers; a partition's folder is called so.
_FOLDER_NAMES: Final = ("pass", "token", "session", "auth", "pat", "cookie")
_FOLDER: Final = "abcdefghijklmnopqrstuvwxyz0123456789_.-"
_SEPARATOR: Final = Rule(r"[=:]")
#: What may stand between a name and its separator: quotes, spaces and a number.
_BETWEEN: Final = "\\\"' \t0123456789_"
_FEW_SEPARATORS: Final = 6


def may_name_secret(low: str) -> bool:
    """Return whether a text has the stem of some name; it is quick."""
    # Written out: a loop would take three times as long, a regular expression ten.
    return (
        "pass" in low or "token" in low or "secret" in low or "key" in low
        or "auth" in low or "pwd" in low or "cred" in low or "cookie" in low
        or "sess" in low or "conn" in low or "sig" in low or "jwt" in low
        or "webhook" in low or "code=" in low or "bearer" in low
        or "basic" in low or "accessid=" in low
        or ("pat" in low and ("pat=" in low or "pat:" in low or "pat\"" in low
                              or "pat'" in low or "pat " in low))
    )  # fmt: skip


def split_words(low: str) -> list[str] | None:
    """Return what stands before and after each `=` and `:`; None for too many."""
    words = _SEPARATOR.split(low, _FEW_SEPARATORS)
    # The rule itself is faster for so many.
    return None if len(words) > _FEW_SEPARATORS else words


def is_any_named(words: Sequence[str], low: str, is_query: bool) -> bool:
    """Return whether a word before `=` or `:` ends as names of secrets do.

    In a query a number is a secret as well.
    """
    # The last word stands before no separator.
    for place, word in enumerate(words[:-1]):
        name = word.rstrip(_BETWEEN)
        if name.endswith(_NAME_ENDS):
            is_harmless = not is_query and _is_number(words, place)
            if not is_harmless and not _is_folder(word, words[place + 1], low):
                return True
        elif name.endswith(_KEYS):
            before = name[: name.rindex("key")].rstrip("_-")
            if before.endswith(_BEFORE_KEYS):
                return True
    return False


def _is_number(words: Sequence[str], place: int) -> bool:
    """Return whether the word counts something: `pass` and `2`, as in `pass=2 lr=3`."""
    if not words[place].endswith(_FOLDER_NAMES):
        return False
    value = words[place + 1].split()
    # What is followed by a separator at once, as in `pass=2:x`, is a longer value.
    is_whole = len(value) > 1 or (len(value) == 1 and place + 2 == len(words))
    return is_whole and len(value[0]) <= LONGEST_COUNT and value[0].isdecimal()


def _is_folder(word: str, value: str, low: str) -> bool:
    """Return whether `word=value` is a partition's folder: `/lake/token` and `17/a`.

    As `is_part_of_path` finds it, where nothing but `=` separates.
    """
    return (
        word.endswith(_FOLDER_NAMES)
        and value[:1] not in ("", " ", "\t", ">")
        and word.rstrip(_FOLDER).endswith(("/", "\\"))
        and "?" not in low
        and low.count(":") == low.count("://")
    )
