"""Where `Api.from_env` finds the server and the token."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_NEEDED = ("SERVER_ADDRESS", "API_TOKEN")


def credentials(
    env_file: str, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment, in development completed by a file.

    Raises:
        FileNotFoundError: The file is needed and not there.
        ValueError: Its name does not end in `.env`; in production: a value is
            missing.
        KeyError: A value is missing in the file, too.
    """
    found = dict(os.environ if environ is None else environ)
    missing = [name for name in _NEEDED if name not in found]
    if not missing:
        return found
    if found.get("ENV") == "production":
        raise ValueError(f"{' and '.join(missing)} must be set in production")
    found = {**read_env_file(env_file), **found}
    for name in _NEEDED:
        if name not in found:
            raise KeyError(f"{name} is neither set nor in {env_file}")
    return found


def read_env_file(name: str) -> dict[str, str]:
    """Read `NAME=value` lines; comments, `export` and quotes are understood.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The name does not end in `.env`.
    """
    path = Path(name).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there; set SERVER_ADDRESS and API_TOKEN, or write it"
        )
    if not path.name.endswith(".env"):
        raise ValueError(f"{path}: the name of the file must end in .env")
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(pair for pair in map(_assignment, lines) if pair is not None)


def _assignment(line: str) -> tuple[str, str] | None:
    text = line.strip().removeprefix("export ").strip()
    name, separator, value = text.partition("=")
    if not separator or text.startswith("#"):
        return None
    value = value.strip()
    if value[:1] in ("'", '"') and value[-1:] == value[:1] and len(value) > 1:
        return name.strip(), value[1:-1]
    return name.strip(), value.partition(" #")[0].rstrip()
