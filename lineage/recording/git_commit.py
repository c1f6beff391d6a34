"""The git commit of the program's code, looked up without making the app wait."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Generic, TypeVar

from ..errors import attempt, warn_rarely
from ..system import read_at
from .fork_guard import no_fork
from .json_text import member

T = TypeVar("T")

#: After this time `git` is given up: a disk or a network hangs.
_GIVE_UP_S: Final = 5.0
#: A program that was killed, or has closed its output, is gone by then.
_KILLED_S: Final = 0.5
#: A thread that waits for the answer leaves others a turn after this time.
_TURN_S: Final = 0.05
_COMMAND: Final = ("status", "--porcelain=v2", "--branch", "--untracked-files=no")
_OID: Final = b"# branch.oid "
_HEAD: Final = b"# branch.head "
_PIECE: Final = 65_536
#: Windows has it for sockets alone.
_HAS_POLL: Final = hasattr(select, "poll")


@dataclass(frozen=True, slots=True)
class CodeState:
    """What `git` says of the program's code."""

    folder: str
    commit: str
    branch: str | None
    is_dirty: bool


class GitCommitLookup(Generic[T]):
    """Runs `git` once in a process; each caller says how long it waits at most."""

    def __init__(self) -> None:
        #: What still has to be recorded with the answer.
        self.pending: list[T] = []
        self._answer: str | None = None
        # Python forgets the main program's file before exit handlers run.
        self._main: str | None = getattr(sys.modules.get("__main__"), "__file__", None)
        #: What the answer is made of, where there is a commit.
        self._code: CodeState | None = None
        #: `git` processes of the parent: never waited for in a forked child.
        self._inherited: list[subprocess.Popen[bytes]] = []
        self._reset()

    def _reset(self) -> None:
        # Reentrant: a signal handler may call this while its thread waits.
        self._lock = threading.RLock()
        self._git: subprocess.Popen[bytes] | None = None
        self._output = b""
        self._ends_at = 0.0

    def reset_after_fork(self) -> None:
        """In the child of a fork: leave the parent's `git` alone."""
        if self._git is not None:
            self._inherited.append(self._git)
        self.pending = []
        self._reset()

    def answers(self, wait_s: float) -> Iterator[tuple[T, str]]:
        """Yield each pending item with the answer, once there is one."""
        if self.pending and self.answer(wait_s) is not None:
            while self.pending:
                item = self.pending.pop()
                if self._answer:
                    yield item, self._answer

    def answer(self, wait_s: float) -> str | None:
        """Return the members of a task's fact; None as long as they are not known.

        Args:
            wait_s: How long to wait; the first call starts `git`.
        """
        until = time.monotonic() + wait_s
        if self._answer is None and self._lock.acquire(timeout=max(0.0, wait_s)):
            try:
                attempt(self._run, until, self._failed)
            finally:
                self._lock.release()
        return self._answer

    def code(self) -> CodeState | None:
        """Wait for what `git` says of the code; for a thread that has time."""
        until = time.monotonic() + _GIVE_UP_S
        while self.answer(_TURN_S) is None and time.monotonic() < until:
            # Who else waits has the lock, or the first call began the wait.
            time.sleep(_TURN_S / 10)
        return self._code

    def give_up(self) -> None:
        """End a `git` that has not answered."""
        if self._answer is None and self._git is not None:
            self._git.kill()  # Whoever waits for it wakes up.
        if self._lock.acquire(timeout=_KILLED_S):
            try:
                if self._answer is None:
                    self._answer = ""
                    _reap(self._git)
            finally:
                self._lock.release()

    def _run(self, until: float) -> None:
        if self._answer is not None:
            return  # Given up, while this thread waited for the lock.
        if self._git is None:
            self._git = _started(self._folder())
            self._ends_at = time.monotonic() + _GIVE_UP_S
        while self._answer is None:
            if not _is_readable(self._git, min(until, self._ends_at)):
                if time.monotonic() >= self._ends_at:
                    self.give_up()
                return
            piece = _read(self._git, len(self._output))
            self._output += piece
            if not piece or _has_changes(self._output):
                self._answer = self._finished(self._git, is_whole=not piece)

    def _folder(self) -> str:
        return str(Path(self._main).resolve().parent) if self._main else os.getcwd()

    def _finished(self, git: subprocess.Popen[bytes], *, is_whole: bool) -> str:
        if not is_whole:
            git.kill()  # One change is enough to know.
        is_well = _reap(git)
        commit = _header(self._output, _OID)
        if commit is None or (is_whole and not is_well):
            return ""
        dirty = _has_changes(self._output)
        branch = _header(self._output, _HEAD)
        self._code = CodeState(self._folder(), commit, branch, dirty)
        return member("git_commit", commit) + member("git_dirty", dirty)

    def _failed(self, error: Exception) -> None:
        self._answer = ""
        if self._git is not None:
            self._git.kill()
            _reap(self._git)
        if not isinstance(error, FileNotFoundError):  # There need not be a `git`.
            warn_rarely("git", "The git commit of the code cannot be read: %s", error)


def _started(folder: str) -> subprocess.Popen[bytes]:
    # Where pipes cannot be waited for, a file is read when `git` has ended.
    if _HAS_POLL:
        git = _git(folder, subprocess.PIPE)
        if git.stdout is not None:
            os.set_blocking(git.stdout.fileno(), False)
        return git
    file = tempfile.TemporaryFile()  # noqa: SIM115  # `_reap` closes it
    try:
        git = _git(folder, file)
    except BaseException:
        file.close()
        raise
    git.stdout = file
    return git


def _git(folder: str, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    # A child that is forked meanwhile would keep the pipes open by which this process
    # learns that `git` runs and has ended: it would wait for that child's end.
    with no_fork():
        return subprocess.Popen(
            ["git", "-C", folder, *_COMMAND],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            # Never take git's locks: the user may be at work there.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )


def _reap(git: subprocess.Popen[bytes] | None) -> bool:
    """Release a `git` that has ended; return False if it failed or cannot be ended."""
    if git is None:
        return False
    if git.stdout is not None:
        git.stdout.close()
    try:
        return git.wait(_KILLED_S) == 0
    except subprocess.TimeoutExpired:
        return False


def _is_readable(git: subprocess.Popen[bytes], until: float) -> bool:
    if git.stdout is None:
        return False
    if not _HAS_POLL:
        try:
            git.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True
    poll = select.poll()
    poll.register(git.stdout, select.POLLIN)
    return bool(poll.poll(max(0.0, until - time.monotonic()) * 1000))


def _read(git: subprocess.Popen[bytes], at: int) -> bytes:
    if git.stdout is None:
        return b""
    if not _HAS_POLL:
        return read_at(git.stdout.fileno(), _PIECE, at)
    return os.read(git.stdout.fileno(), _PIECE)


def _header(output: bytes, head: bytes) -> str | None:
    """Return what a line of the answer says; `(detached)` and the like say nothing."""
    for line in output.splitlines():
        if line.startswith(head):
            name = line[len(head) :].decode("utf-8", "replace")
            return None if name.startswith("(") else name
    return None


def _has_changes(output: bytes) -> bool:
    return any(not line.startswith(b"#") for line in output.splitlines())
