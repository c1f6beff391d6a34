"""Host, user and command of the process that runs a task."""

from __future__ import annotations

import functools
import getpass
import hashlib
import os
import platform
import re
import socket
import sys
from pathlib import Path
from typing import Final

from ..redaction import Masker, show_command
from .json_text import member, quote, shorten

_LONGEST_COMMAND: Final = 4096
_LONGEST_NAME: Final = 1024
_MACHINE_IDS: Final = ("/etc/machine-id", "/var/lib/dbus/machine-id")
_NO_HOST: Final = re.compile(r"[^a-z0-9.-]+")


def program_name() -> str:
    """Return the name of the running program, for a task without a name."""
    if notebook := _notebook_name():
        return notebook
    name = Path(sys.argv[0] if sys.argv else "").name
    if name in ("", "-", "-c"):
        return "python"
    if name == "__main__.py":
        return Path(sys.argv[0]).resolve().parent.name
    return name


def _notebook_name() -> str:
    """Return the name of the running notebook; empty where this is no notebook."""
    if "ipykernel" not in sys.modules:
        return ""
    name = Path(_notebook_path()).name
    return name or ("notebook" if _is_kernel() else "")


def _notebook_path() -> str:
    main = sys.modules.get("__main__")
    # Visual Studio Code sets a global in the kernel, Jupyter a variable.
    path = getattr(main, "__vsc_ipynb_file__", None)
    return str(path or os.environ.get("JPY_SESSION_NAME", ""))


def _is_kernel() -> bool:
    return Path(sys.argv[0] if sys.argv else "").name.startswith("ipykernel")


def _command(mask: Masker) -> str | None:
    """Return what runs the program again, with the secrets in it masked.

    A kernel's own command line connects to a notebook that is gone by then.
    """
    if not _is_kernel():
        return show_command(sys.orig_argv, mask)
    path = _notebook_path()
    return show_command(["jupyter", "execute", path], mask) if path else None


def about_process(mask: Masker, user: str | None) -> str:
    """Return the members of a task fact that describe this process.

    Uses no network and starts no other process.
    """
    command = _command(mask)
    return "".join(
        (
            member("host", shorten(socket.gethostname(), _LONGEST_NAME)),
            f',"machine":{machine_name()}',
            member("user", shorten(user or _user(), _LONGEST_NAME) or None),
            member("pid", os.getpid()),
            member("python", platform.python_version()),
            member("command", command and shorten(command, _LONGEST_COMMAND)),
        )
    )


@functools.cache
def machine_name() -> str:
    """Return the machine whose local paths are meant, as a JSON string.

    It is the host's name and a short hash of the machine's own id: containers and
    machines made from one image share the id, and hosts of different networks may
    share the name.
    """
    host = _NO_HOST.sub("-", socket.gethostname().lower())[:150] or "localhost"
    own_id = next(filter(None, map(_first_line, _MACHINE_IDS)), "")
    hashed = hashlib.sha256(f"lineage {own_id}".encode()).hexdigest()[:6]
    return quote(f"{host}-{hashed}" if own_id else host)


def _first_line(path: str) -> str:
    try:
        # Always loaded, unlike other codecs, whose import a signal may interrupt.
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline(200).strip()
    except OSError:
        return ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""  # a container without a user of that number
