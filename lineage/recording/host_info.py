"""Host, user and command of the process that runs a task."""

from __future__ import annotations

import getpass
import os
import platform
import shlex
import socket
import sys
from pathlib import Path
from typing import Final

from .json_text import member, shorten
from .masking import Masker

_LONGEST_COMMAND: Final = 4096
_LONGEST_NAME: Final = 1024


def program_name() -> str:
    """Return the name of the running program, for a task without a name."""
    name = Path(sys.argv[0] if sys.argv else "").name
    if name in ("", "-", "-c"):
        return "python"
    if name == "__main__.py":
        return Path(sys.argv[0]).resolve().parent.name
    return name


def about_process(mask: Masker, user: str | None) -> str:
    """Return the members of a task fact that describe this process.

    Uses no network and starts no other process.
    """
    command = mask(shlex.join(sys.orig_argv))
    return "".join(
        (
            member("host", shorten(socket.gethostname(), _LONGEST_NAME)),
            member("user", shorten(user or _user(), _LONGEST_NAME) or None),
            member("pid", os.getpid()),
            member("python", platform.python_version()),
            member("command", shorten(command, _LONGEST_COMMAND)),
        )
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""  # a container without a user of that number
