"""Who runs a task, and where: host, user, command, version of the code."""

from __future__ import annotations

import functools
import getpass
import os
import platform
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

from ..errors import guard
from .encoding import member, shorten
from .masking import Masker

_GIT_TIMEOUT_S: Final = 5.0
_LONGEST_COMMAND: Final = 4096
_LONGEST_NAME: Final = 1024


def program_name() -> str:
    """Give the name of the running program, for a task that was given none."""
    name = Path(sys.argv[0] if sys.argv else "").name
    if name in ("", "-", "-c"):
        return "python"
    if name == "__main__.py":
        return Path(sys.argv[0]).resolve().parent.name
    return name


def about_process(mask: Masker, user: str | None) -> str:
    """Give the members of a task fact that tell of this process.

    Costs no network and no other process.
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


def about_code() -> str:
    """Give the members that tell the git commit; asks `git`, so not on app threads."""
    commit, is_dirty = _git_state(_code_folder())
    return member("git_commit", commit) + member("git_dirty", is_dirty)


def _code_folder() -> str:
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return str(Path(main).resolve().parent) if main else os.getcwd()


@functools.lru_cache(maxsize=8)
def _git_state(folder: str) -> tuple[str | None, bool | None]:
    with guard("The git commit of the code cannot be told"):
        commit = _git(folder, "rev-parse", "HEAD")
        if commit:
            changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
            return commit, None if changes is None else bool(changes)
    return None, None


def _git(folder: str, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", folder, *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_TIMEOUT_S,
            # Never take git's locks: the user may be at work there.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
