"""Masking: secrets are taken out of text before the journal sees it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..errors import logger
from ..settings import SECRET_NAMES, Settings

MASK: Final = "****"

#: Shorter values (`1`, `true`, `admin`) would mask ordinary words.
_LEAST_SECRET: Final = 6

_SECRET_NAME: Final = re.compile(
    r"(TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL)S?$",
    re.IGNORECASE,
)
#: `scheme://user:password@`, up to the last `@` before the path.
_USER_INFO: Final = re.compile(r"(?<=://)[^/?#\s]*(?=@)")
#: Parameters of a query that grant access, by the names that clouds give them.
_SIGNED: Final = re.compile(
    r"(?<=[?&;])((?:x-amz-|x-goog-)?(?:signature|credential|security-token)"
    r"|sig|sign|signature|token|access_?token|auth|authorization|api_?key|key|secret"
    r"|password|passwd|pwd|AWSAccessKeyId|GoogleAccessId|code|jwt)=[^&#\s\"']*",
    re.IGNORECASE,
)
_BEARER: Final = re.compile(
    r"\b(bearer|basic|x-api-key:?|token)(\s+|=)([A-Za-z0-9._~+/-]{8,}=*)",
    re.IGNORECASE,
)
#: `--password hunter2`, as command lines have it.
_OPTION: Final = re.compile(
    r"(--?[\w-]*(?:key|password|passwd|secret|token))(\s+|=)([^\s\"']+)",
    re.IGNORECASE,
)


def secret_values(environ: Mapping[str, str]) -> list[str]:
    """Give the values of variables whose names say that they are secret."""
    found = {value for name, value in environ.items() if is_secret_name(name)}
    long_enough = (value for value in found if len(value) >= _LEAST_SECRET)
    return sorted(long_enough, key=len, reverse=True)


def is_secret_name(name: str) -> bool:
    """Whether what goes by this name is a secret: `password`, `api_key`."""
    return name in SECRET_NAMES or _SECRET_NAME.search(name) is not None


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
        """Make the masker that the environment and the settings ask for."""
        values = secret_values(os.environ if environ is None else environ)
        told = [s for s in (settings.token, settings.api_token) if s]
        secrets = dict.fromkeys([*values, *(s for s in told if len(s) >= 4)])
        return cls(sorted(secrets, key=len, reverse=True), settings.mask_patterns)

    def __call__(self, text: str) -> str:
        """Give the text with every secret masked."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        # The searches below cost microseconds and a path has none of their signs.
        if "://" in text:
            text = _USER_INFO.sub(MASK, text)
        if "?" in text:
            text = _SIGNED.sub(rf"\1={MASK}", text)
        if " " in text or "=" in text:
            text = _BEARER.sub(rf"\1\2{MASK}", text)
            text = _OPTION.sub(rf"\1\2{MASK}", text)
        for pattern in self._patterns:
            text = pattern.sub(MASK, text)
        return text

    def within(self, value: object) -> object:
        """Give a JSON value with the text inside it masked."""
        return _mapped(self, value)


def _mapped(mask: Callable[[str], str], value: object) -> object:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: _mapped(mask, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mapped(mask, item) for item in value]
    return value
