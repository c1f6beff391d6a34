"""Which secrets are taken out of text before the journal sees it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from .. import redaction
from ..redaction import Masker, passwords_in
from ..settings import SECRET_NAMES, Settings

#: Shorter values (`1`, `true`, `admin`) would mask ordinary words.
_LEAST_SECRET: Final = 6
#: Their values are words as `ubuntu`, or numbers of windows.
_DESKTOP: Final = (
    "SESSION", "DESKTOP_SESSION", "GDMSESSION", "SESSION_ID", "XDG_SESSION_ID",
    "TERM_SESSION_ID", "ITERM_SESSION_ID", "SHELL_SESSION_ID", "WT_SESSION",
    "ZELLIJ_SESSION", "STARSHIP_SESSION_KEY", "KDE_SESSION_UID",
)  # fmt: skip


def secret_values(environ: Mapping[str, str]) -> list[str]:
    """Return what variables keep secret: by their names, or as passwords in addresses.

    A variable with a secret's name may hold the path of a file instead, which is none.
    """
    found = {
        value
        for name, value in environ.items()
        if is_secret(name, value) and not _is_place(value) and not _is_desktop(name)
    }
    for value in environ.values():
        found.update(passwords_in(value))
    long_enough = (value for value in found if len(value) >= _LEAST_SECRET)
    return sorted(long_enough, key=len, reverse=True)


def is_secret(name: str, value: object) -> bool:
    """Return whether a value of this name is a secret: `password`, `DB_PASS`."""
    return name in SECRET_NAMES or redaction.is_secret(name, value)


def _is_desktop(name: str) -> bool:
    """Return whether a variable names the session of a desktop or terminal."""
    return name.upper() in _DESKTOP


def _is_place(value: str) -> bool:
    is_windows = value[1:3] in (":\\", ":/")
    return is_windows or (value.startswith(("/", "~", "./")) and "\n" not in value)


def masker_of(settings: Settings, environ: Mapping[str, str] | None = None) -> Masker:
    """Make the masker for an environment and settings."""
    values = secret_values(os.environ if environ is None else environ)
    tokens = [s for s in (settings.token, settings.api_token) if s]
    secrets = dict.fromkeys([*values, *(s for s in tokens if len(s) >= 4)])
    return Masker(sorted(secrets, key=len, reverse=True), settings.mask_patterns)
