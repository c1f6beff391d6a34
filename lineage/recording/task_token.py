"""The open task and its step as text, to be carried into another process."""

from __future__ import annotations

import json
import os
import socket
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ..settings import Settings
from .json_text import shorten
from .open_tasks import OpenTasks
from .task_names import remember_name

#: The environment variable that carries a token into a child process.
VARIABLE: Final = "LINEAGE_CONTEXT"
#: Where a token lies in the configuration that `multiprocessing` hands to children.
PROCESS_KEY: Final = "lineage_context"
_FORMAT: Final = 1
_MAX_LENGTH: Final = 4096
_MAX_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class TaskToken:
    """What another process needs to record into an open task."""

    key: str
    """The task's key."""
    task_id: int | None = None
    """The platform's id of the task."""
    step: str = ""
    """The key of the step in which the work was handed over."""
    has_inputs: bool = False
    """Whether that step had recorded inputs, from which outputs derive."""
    name: str | None = None
    home: str = ""
    """The home of the process that opened the task; empty when it must not travel."""
    host: str = ""
    """The machine on which `home` lies."""

    def encode(self) -> str:
        """Return the token as ASCII text without line breaks."""
        return _encoded(self)

    @property
    def is_local(self) -> bool:
        """Whether its home can be looked at from here."""
        return bool(self.home) and self.host == host_id()

    def has_ended(self) -> bool:
        """Whether the task is known to have ended."""
        return self.is_local and OpenTasks(self.home).has_ended(self.key)


# Each function that is pickled in a step has the same token as the one before.
@lru_cache(maxsize=256)
def _encoded(token: TaskToken) -> str:
    members = [
        _FORMAT,
        token.key,
        token.task_id,
        token.step,
        int(token.has_inputs),
        None if token.name is None else shorten(token.name, _MAX_NAME),
        token.home,
        token.host,
    ]
    return json.dumps(members, separators=(",", ":"))


@lru_cache(maxsize=256)
def decode_token(text: str) -> TaskToken | None:
    """Read a token; None when the text is none that this version understands."""
    if not 2 < len(text) <= _MAX_LENGTH:
        return None
    try:
        members = json.loads(text)
    except ValueError:
        return None
    if not isinstance(members, list) or members[:1] != [_FORMAT] or len(members) < 8:
        return None
    _, key, task_id, step, has_inputs, name, home, host = members[:8]
    texts = (key, step, home, host, name or "")
    if not all(isinstance(text, str) for text in texts) or not _is_key(key):
        return None
    if not (task_id is None or isinstance(task_id, int)) or (
        step and not _is_key(step)
    ):
        return None
    remember_name(key, name)
    return TaskToken(key, task_id, step, bool(has_inputs), name, home, host)


def _is_key(text: str) -> bool:
    return 0 < len(text) <= 100 and text.replace("-", "").isalnum() and text.isascii()


@lru_cache(maxsize=1)
def host_id() -> str:
    """Return a short name of this machine, the same in all its processes."""
    return socket.gethostname()[:40]


def settings_here() -> Settings:
    """Return this process's settings, its home settled.

    A child that works in another folder than its parent finds a relative home, and the
    default one, where the parent has it: both record into the task that is open.
    """
    settings = Settings.from_environ()
    token = None if settings.home.is_absolute() else ambient_token()
    if token is None or not token.is_local or not os.path.isdir(token.home):
        return settings.settled()
    home = Path(token.home)
    is_theirs = home.parts[-len(settings.home.parts) :] == settings.home.parts
    if settings.has_given_home and not is_theirs:
        return settings.settled()  # It was set for this process.
    return settings.settled() if token.has_ended() else replace(settings, home=home)


def ambient_token() -> TaskToken | None:
    """Return the token that this process was started with, if there is one.

    A child of `multiprocessing` finds it in its configuration, any other child in
    its environment.
    """
    text: Any = None
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        config = getattr(process.current_process(), "_config", {})
        text = config.get(PROCESS_KEY)
    if text is None:
        text = os.environ.get(VARIABLE)
    return decode_token(text) if isinstance(text, str) else None
