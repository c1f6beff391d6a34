"""What the process runs in, found in the background and recorded with its tasks.

The first task records all of it, later ones its digest alone.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Generic, Protocol, TypeVar

from ..errors import guard
from ..model.environment import environment_digest
from ..model.limits import (
    MAX_ENVIRONMENT,
    MAX_ENVIRONMENT_TEXT,
    MAX_TASK_PARAM_NAME,
)
from .fork_guard import no_fork
from .json_text import compact, member, quote, shorten

T = TypeVar("T")

#: The longest wait for it, however much time there is: a disk hangs.
_LONGEST_WAIT_S: Final = 1.0
#: Tasks that wait for it; older ones are recorded without.
_MAX_PENDING: Final = 10_000


class Finder(Protocol):
    """Finds what the process runs in."""

    def find(self) -> Mapping[str, str]:
        """Return the members; called in a thread of its own."""

    def stop(self) -> None:
        """End what `find` waits for."""


class EnvironmentLookup(Generic[T]):
    """Finds the environment once in a process, in a thread of its own.

    Args:
        make_finder: Makes what finds it; may import.
        mask: Takes secrets out of text.
    """

    def __init__(
        self, make_finder: Callable[[], Finder], mask: Callable[[str], str]
    ) -> None:
        #: The tasks that have still to record it.
        self.pending: deque[T] = deque(maxlen=_MAX_PENDING)
        self._make_finder = make_finder
        self._mask = mask
        #: Once it is known, what a fact says: everything, and the digest alone.
        self._whole = ""
        self._digest = ""
        self._is_recorded = False
        self._is_known = False
        self._reset()

    def _reset(self) -> None:
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._finder: Finder | None = None
        if self._is_known:
            self._done.set()

    def reset_after_fork(self) -> None:
        """In the child of a fork: the parent's thread is not there."""
        self.pending.clear()
        self._reset()

    def answers(self, wait_s: float) -> Iterator[tuple[T, str]]:
        """Yield each pending task with the members of its fact, once they are known.

        Args:
            wait_s: How long to wait; the first call starts the search.
        """
        if not self.pending:
            return
        self._start()
        if not self._done.wait(min(wait_s, _LONGEST_WAIT_S)):
            return
        while self.pending:
            task = self.pending.popleft()
            text = self._digest if self._is_recorded else self._whole
            if text:
                self._is_recorded = True
                yield task, text

    def record_again(self) -> None:
        """Record everything once more: facts go to another place from here on."""
        self._is_recorded = False

    def give_up(self) -> None:
        """Wait for it no longer."""
        if self._finder is not None and not self._done.is_set():
            self._finder.stop()
        self._done.set()

    def _start(self) -> None:
        if self._thread is not None or self._done.is_set():
            return
        self._thread = threading.Thread(
            target=self._find, name="lineage-environment", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:  # The interpreter ends, or has no room for a thread.
            self._done.set()

    def _find(self) -> None:
        done = self._done
        with guard("What the process runs in cannot be found"):
            with no_fork():
                self._finder = self._make_finder()
            self._keep(self._finder.find())
        done.set()

    def _keep(self, found: Mapping[str, str]) -> None:
        members = dict(sorted(found.items())[:MAX_ENVIRONMENT])
        members = self._masked(members)
        digest = environment_digest(members)
        self._digest = member("environment_digest", digest)
        pairs = ",".join(f"{quote(k)}:{quote(v)}" for k, v in members.items())
        self._whole = f',"environment":{{{pairs}}}' if members else ""
        self._is_known = True

    def _masked(self, members: Mapping[str, str]) -> dict[str, str]:
        """Mask all values; one text is cheaper than hundreds."""
        text = compact([[k, v] for k, v in members.items()])
        pairs = members.items()
        if self._mask(text) != text:
            pairs = [(self._mask(k), self._mask(v)) for k, v in pairs]  # type: ignore[assignment]  # both are pairs
        return {
            shorten(k, MAX_TASK_PARAM_NAME): shorten(v, MAX_ENVIRONMENT_TEXT)
            for k, v in pairs
        }


def deadline(wait_s: float) -> Callable[[], float]:
    """Return how much is left of a time to wait, whenever it is called."""
    until = time.monotonic() + wait_s
    return lambda: max(0.0, until - time.monotonic())
