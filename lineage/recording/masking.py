"""Masking: secrets are taken out of text before the journal sees it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Final

from .. import redaction
from ..errors import logger
from ..redaction import MASK, passwords_in, redact, redact_values
from ..settings import SECRET_NAMES, Settings

#: Shorter values (`1`, `true`, `admin`) would mask ordinary words.
_LEAST_SECRET: Final = 6


def secret_values(environ: Mapping[str, str]) -> list[str]:
    """Return what variables keep secret: by their names, or as passwords in addresses.

    A variable with a secret's name may hold the path of a file instead, which is none.
    """
    found = {
        value
        for name, value in environ.items()
        if is_secret_name(name) and not _is_place(value)
    }
    for value in environ.values():
        found.update(passwords_in(value))
    long_enough = (value for value in found if len(value) >= _LEAST_SECRET)
    return sorted(long_enough, key=len, reverse=True)


def is_secret_name(name: str) -> bool:
    """Return whether what goes by this name is a secret: `password`, `DB_PASS`."""
    return name in SECRET_NAMES or redaction.is_secret_name(name)


def _is_place(value: str) -> bool:
    is_windows = value[1:3] in (":\\", ":/")
    return is_windows or (value.startswith(("/", "~", "./")) and "\n" not in value)


def _compiled(patterns: Iterable[str]) -> list[re.Pattern[str]]:
    usable = []
    for pattern in patterns:
        try:
            usable.append(re.compile(pattern))
        except re.error as error:
            logger.warning("LINEAGE_MASK: %r is no pattern: %s", pattern, error)
    return usable


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

    @classmethod
    def of(cls, settings: Settings, environ: Mapping[str, str] | None = None) -> Masker:
        """Make the masker for an environment and settings."""
        values = secret_values(os.environ if environ is None else environ)
        tokens = [s for s in (settings.token, settings.api_token) if s]
        secrets = dict.fromkeys([*values, *(s for s in tokens if len(s) >= 4)])
        return cls(sorted(secrets, key=len, reverse=True), settings.mask_patterns)

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
