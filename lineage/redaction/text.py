"""Finds secrets in text by their shape, and puts a mask in their place.

The rules are regular expressions, and most texts are paths without any secret. So a
text is first searched for the stems without which no rule can match, which takes a
microsecond; only then are the rules tried. docs/masking.md has the table of shapes.
"""

from __future__ import annotations

from .command_lines import CLIENT, CLIENT_STEMS, OPTION, client_line, option_value
from .name_search import QUERY_ENDS, is_any_named, may_name_secret, split_words
from .named_values import QUERY, mask_named
from .rules import MASK
from .tokens import (
    BEARER,
    COOKIE,
    LEAST_TOKEN,
    bearer_value,
    mask_tokens,
    may_hold_token,
)
from .user_info import mask_user_info


def redact(text: str) -> str:
    """Return the text with every secret of a known shape masked."""
    low = text.lower()
    if "@" in low:
        text = mask_user_info(text)
    if len(low) >= LEAST_TOKEN and may_hold_token(text, low):
        text = mask_tokens(text)
    # An address's own colon separates no name from a value.
    has_value = "=" in low or low.count(":") > low.count("://")
    has_words = " " in low
    if (has_value or has_words) and may_name_secret(low):
        words = split_words(low) if has_value else ()
        is_query = "?" in low or "&" in low or "#" in low or ";" in low
        has_name = words is None or is_any_named(words, low, is_query)
        if is_query and (has_name or any(w.endswith(QUERY_ENDS) for w in words or ())):
            text = QUERY.sub(rf"\1={MASK}", text)
        if "cookie:" in low:
            text = COOKIE.sub(rf"\1{MASK}", text)
        if (has_words or low.startswith("bearer=")) and (
            "bearer" in low or "basic" in low or "x-api-key" in low
        ):
            text = BEARER.sub(bearer_value, text)
        if "-" in low:
            text = OPTION.sub(option_value, text)
        if has_name:
            text = mask_named(text)
    if " -" in low and CLIENT_STEMS.search(low) is not None:
        text = CLIENT.sub(client_line, text)
    return text
