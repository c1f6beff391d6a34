"""Finds secrets in text by their shape, and puts a mask in their place.

The rules are regular expressions, and most texts are paths without any secret. So a
text is first searched for the stems without which no rule can match, which takes a
microsecond; only then are the rules tried. All that such a text passes is in this
module. docs/masking.md has the table of shapes.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from .command_lines import (
    CLIENT,
    ECHOED,
    client_line,
    client_list,
    is_secret_option,
    mask_options,
    mask_settings,
    may_be_client,
)
from .command_words import mask_lists, mask_quoted_words, mask_words
from .named_values import QUERY, mask_headers, mask_named, mask_netrc, mask_phrases
from .names import (
    BEFORE_KEYS,
    KEYS,
    LONGEST_COUNT,
    NAME_ENDS,
    OFTEN_NUMBERS,
    is_counted_session,
    is_secret,
)
from .pairs import mask_pairs, secret_member
from .rules import MASK, NO_SECRET
from .tokens import BEARER, COOKIE, bearer_value, mask_tokens
from .user_info import mask_user_info

#: What grants access in a query beside those names.
_QUERY_ENDS: Final = (*KEYS, "sig", "sign", "code", "accessid")
#: Names that often stand for numbers; a partition's folder is called so.
_FOLDER_NAMES: Final = ("pass", "token", "session", "auth", "pat", "cookie")
#: What may stand between a name and its separator: quotes, spaces and a number.
_BETWEEN: Final = "\\\"' \t0123456789_[]!"
_FEW_SEPARATORS: Final = 6
#: Values that the rules leave alone, as they stand most; in lower case.
_HARMLESS: Final = frozenset(
    ("none", "null", "true", "false", "str", "bytes", "secretstr", "unset", "missing",
     "***", "****", '""', "''", "required", "optional", "string", "invalid", "expired")
)  # fmt: skip
#: What names of secrets are made of.
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789_.-"
_LETTERS_AND_SPACE: Final = _LETTERS + " "
#: Ends of names that ordinary text has too often for the quick look.
_SHORT_ENDS: Final = ("pat", "dsn", "sas")
#: The shortest token that its provider's prefix shows: `xoxb-` and ten characters.
_LEAST_TOKEN: Final = 15


def redact(text: str) -> str:
    """Return the text with every secret of a known shape masked."""
    low = text.lower()
    if "@" in low:
        text = mask_user_info(text)
    if len(low) >= _LEAST_TOKEN and _may_hold_token(text, low):
        text = mask_tokens(text)
    # An address's own colon separates no name from a value.
    has_value = "=" in low or low.count(":") > low.count("://")
    has_comma = "," in low
    has_words = has_comma or " " in low
    is_named = (has_value or has_words or "</" in low) and _may_name_secret(low)
    has_options = has_words and (
        " -" in low or " '-" in low or (has_comma and ("'-" in low or '"-' in low))
    )
    is_client = has_options and may_be_client(low)
    if has_words and (is_named or is_client or "@" in low):
        if ("['" in low or '["' in low) and (
            "'-" in low or '"-' in low or "=" in low or "://" in low
        ):
            text = mask_lists(text)
        if " '" in low and (has_options or "=" in low or "://" in low or "'\"'" in low):
            text = mask_quoted_words(text, redact)
    if is_named:
        text = _by_names(text, low, has_value=has_value, has_words=has_words)
    if is_client:
        text = CLIENT.sub(client_line, text)
    if has_options and "echo " in low and "|" in low:
        text = ECHOED.sub(rf"\1{MASK}", text)
    return text


def _by_names(text: str, low: str, *, has_value: bool, has_words: bool) -> str:
    """Mask what stands behind the names of secrets: in text, queries and options."""
    original = text
    words = _split_words(low) if has_value else ()
    is_query = "?" in low or "&" in low or "#" in low or ";" in low
    places = None if words is None else _named_places(words, low, is_query)
    has_name = places is None or bool(places)
    if is_query and (has_name or any(w.endswith(_QUERY_ENDS) for w in words or ())):
        text = QUERY.sub(rf"\1={MASK}", text)
    if "cookie:" in low:
        text = COOKIE.sub(rf"\1{MASK}", text)
    if (has_words or low.startswith("bearer=")) and (
        "bearer" in low or "basic" in low or "x-api-key" in low
    ):
        text = BEARER.sub(bearer_value, text)
    if "-" in low:
        text = mask_options(text)
    if "from-literal" in low or "configure set" in low:
        text = mask_settings(text)
    text = mask_headers(mask_pairs(text, low), low)
    if _may_hold_phrase(low):
        text = mask_phrases(text)
    if "password" in low and ("machine" in low or "default" in low):
        text = mask_netrc(text)
    if has_name:
        # Places are those of the text as it came; few letters have longer small ones.
        is_same = text is original and len(text) == len(low)
        text = mask_named(text, places if is_same else None)
    return text


def _may_name_secret(low: str) -> bool:
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


def _may_hold_phrase(low: str) -> bool:
    """Return whether a secret may follow its name without a sign; it is quick."""
    return ("'" in low or '"' in low or "provided: " in low) and (
        "word " in low or "wd " in low or "phrase " in low or "code " in low
        or "key " in low or "token " in low or "secret " in low
    )  # fmt: skip


def _split_words(low: str) -> list[str] | None:
    """Return what stands before and after each `=` and `:`; None for too many."""
    words = low.replace(":", "=").split("=", _FEW_SEPARATORS)
    # The rule itself is faster for so many.
    return None if len(words) > _FEW_SEPARATORS else words


def _named_places(
    words: Sequence[str], low: str, is_query: bool
) -> list[tuple[int, int]]:
    """Return where the words begin and end that `=` or `:` follows as secrets' names.

    In a query a number is a secret as well.
    """
    places: list[tuple[int, int]] = []
    begin = 0
    # The last word stands before no separator.
    for place, word in enumerate(words[:-1]):
        name = word.rstrip(_BETWEEN)
        value = words[place + 1]
        is_last = place + 2 == len(words)  # A type may stand before a default.
        if is_last and not is_query and value.strip() in _HARMLESS:
            is_found = False
        elif name.endswith(NAME_ENDS):
            is_found = is_query or not _is_number(words, place)
            is_found = is_found and not _is_folder(word, value, low)
        elif name.endswith(KEYS):
            before = name[: name.rindex("key")].rstrip("_.-")
            is_found = before.endswith(BEFORE_KEYS)
        else:
            is_found = False
        if is_found:
            # Only `connection string` is two words.
            letters = _LETTERS if "conn" not in name else _LETTERS_AND_SPACE
            start = len(name.rstrip(letters))
            places.append((begin + start, begin + len(word)))
        begin += len(word) + 1
    return places


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
        and word.rstrip(_LETTERS).endswith(("/", "\\"))
        and "?" not in low
        and low.count(":") == low.count("://")
    )


#: The shortest token of Airtable: `pat`, 14 characters, a dot and 40.
_LEAST_AIRTABLE: Final = 58


def _may_hold_token(text: str, low: str) -> bool:
    """Return whether a text has what some token begins with; it is quick."""
    # Characters that few texts have stand before the stems that need them.
    return (
        (text != low and _may_hold_capital_token(text))
        or ("_" in low and _may_hold_token_of_words(low))
        or ("-" in low and (
            "sk-" in low or "pypi-" in low or "tskey-" in low or "-----b" in low
            or "e-secret-k" in low or "pmak-" in low or "pul-" in low))
        or "xox" in low or "xapp" in low or "ya29" in low or "shp" in low
        or "sntry" in low or "sq0" in low
        or ("hook" in low and ("hooks." in low or "webhook" in low
                               or ("://" in low and "/hook" in low)))
        or ("api" in low and ("dapi" in low or "nvapi" in low
                              or "chat.goog" in low or "api.telegram" in low))
        or ("." in low and ("hvs." in low or "hvb." in low or ".atlasv1." in low
                            or "ifttt." in low or "zn.mws" in low
            or (len(low) >= _LEAST_AIRTABLE and "pat" in low)))
        or ("gl" in low and ("glpat" in low or "glsa" in low or "gldt" in low
                             or "glrt" in low or "glft" in low or "glptt" in low
                             or "glc_" in low))
    )  # fmt: skip


def _may_hold_capital_token(text: str) -> bool:
    return (
        "eyJ" in text or "AKIA" in text or "ASIA" in text or "ABIA" in text
        or "ACCA" in text or "AIza" in text or "SG." in text or "LTAI" in text
        or "ATATT" in text or "GOCSPX" in text or "ATCTT" in text or "ATBB" in text
        or "GR134" in text or "NRAK-" in text
        or ("_" in text and _may_hold_mixed_token(text))
        or ("-" in text and ("plx-" in text or "xai-" in text or "tvly-" in text))
    )  # fmt: skip


def _may_hold_mixed_token(text: str) -> bool:
    return (
        "gsk_" in text or "csk_" in text or "ntn_" in text or "whsec_" in text
        or "figd_" in text or "fo1_" in text or "phx_" in text or "tfp_" in text
    )  # fmt: skip


def _may_hold_token_of_words(low: str) -> bool:
    return (
        "hf_" in low or "k_live" in low or "k_test" in low or "npm_" in low
        or "pat_" in low or "_v1_" in low or "r8_" in low or "gems_" in low
        or "lin_" in low or "lsv2_" in low or "bkua_" in low or "shippo_" in low
        or ("gh" in low and ("ghp_" in low or "gho_" in low or "ghs_" in low
                             or "ghu_" in low or "ghr_" in low))
    )  # fmt: skip


def redact_values(value: Any, mask: Callable[[str], str] = redact) -> Any:
    """Return a JSON value with the text inside it masked.

    Args:
        value: Objects, arrays, texts and numbers.
        mask: Takes secrets out of text.
    """
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        is_row = "value" in value or "Value" in value
        member = secret_member(value) if is_row else None
        return {
            key: mask_below(str(key), item)
            if _may_be_secret(str(key).lower()) and is_secret(str(key), item)
            else (MASK if key == member else redact_values(item, mask))
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return _redact_items(value, mask)
    return value


def _may_be_secret(name: str) -> bool:
    """Return whether a name in lower case has the stem of a secret's; it is quick."""
    return _may_name_secret(name) or name.rstrip(_BETWEEN).endswith(_SHORT_ENDS)


def _redact_items(items: Sequence[Any], mask: Callable[[str], str]) -> list[Any]:
    """Mask the items of an array, which may be the words of a command."""
    if items and all(type(item) is str for item in items):
        return _command(mask_words(items, mask))
    masked = []
    is_value = False
    for item in items:
        is_word = isinstance(item, str)
        is_hidden = is_value and is_word and item[:1] not in ("", "-")
        masked.append(MASK if is_hidden else redact_values(item, mask))
        is_value = is_word and item[:1] == "-" and is_secret_option(item)
    return masked


def _command(words: list[str]) -> list[str]:
    """Mask the words of a command that its client takes for a password."""
    line = repr(words)
    if "'-" not in line or not may_be_client(line):
        return words
    from ast import literal_eval  # Rarely needed, and slow to load.

    masked = CLIENT.sub(client_list, line)
    try:
        return list(literal_eval(masked))
    except (ValueError, SyntaxError):
        # The mask took a quote away: better too much of it than an error.
        return [words[0], MASK]


def mask_below(name: str, value: Any) -> Any:
    """Return what goes by the name of a secret with each text and number masked.

    Keys stay, and so do counts where the name often stands for one: `{"pass": 2}`.
    """
    if isinstance(value, str):
        return MASK if value and not is_counted_session(name, value) else value
    if isinstance(value, dict):
        return {key: _inside(name, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_inside(name, item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    may_count = OFTEN_NUMBERS.search(name) is not None
    return value if may_count and len(str(value)) <= LONGEST_COUNT else MASK


def _inside(name: str, value: Any) -> Any:
    # What describes a value is none: `{"password": {"type": "string"}}`.
    is_type = isinstance(value, str) and NO_SECRET.fullmatch(value) is not None
    return value if is_type else mask_below(name, value)


class Masker:
    """Takes secrets out of text.

    Args:
        secrets: Values that must never be seen, longest first.
        patterns: The user's own regular expressions.
    """

    __slots__ = ("_patterns", "_secrets")

    def __init__(self, secrets: Iterable[str] = (), patterns: Iterable[str] = ()):
        self._secrets = tuple(secrets)
        self._patterns = _compiled(patterns)

    def __call__(self, text: str) -> str:
        """Return the text with every secret masked."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        text = redact(text)
        for pattern in self._patterns:
            text = pattern.sub(MASK, text)
        return text

    def within(self, value: object) -> object:
        """Return a JSON value with the text inside it masked."""
        return redact_values(value, self)


def _compiled(patterns: Iterable[str]) -> list[re.Pattern[str]]:
    usable = []
    for pattern in patterns:
        try:
            usable.append(re.compile(pattern))
        except re.error as error:
            # `errors`, where the package has its logger, masks what it logs.
            logger = logging.getLogger("lineage")
            logger.warning("LINEAGE_MASK: %r is no pattern: %s", pattern, error)
    return usable
