"""Names of platform objects that an app named by their ids, looked up beside delivery.

Facts may go to an instance of ours while the objects are the platform's. There an edge
says "project 12"; the platform knows its name. An edge whose name is known carries it;
otherwise the name follows, as evidence of the edge, when the platform has answered.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ..api.client import Api
from ..api.foreign_api import CallMethod, caller_once
from ..errors import ApiError, attempt, logger
from ..settings import Settings
from .evidence.workers import Workers
from .queue import pause_s

#: How the platform is asked for an object of each kind.
_METHODS: Final = {
    "project": "projects.info",
    "dataset": "datasets.info",
    "job": "jobs.info",
    "task": "tasks.info",
    "file": "file-storage.info",
}
#: Requests on their way at once.
_THREADS: Final = 4
#: Objects that wait for an answer, at most; others keep their ids.
_MAX_WAITING: Final = 1000
#: Names that are remembered, and for how long: objects are renamed at times.
_MAX_KNOWN: Final = 10_000
_FRESH_S: Final = 600.0
#: After a failure the platform is left alone at least this long.
_AWAY_S: Final = 5.0
_MAX_NAME: Final = 1024
#: Refusals of the caller, which say nothing of the object.
_CALLER_WRONG: Final = frozenset({401, 402, 407})
_BY_NUMBER: Final = re.compile(rb'"id": ?[0-9]')

Key = tuple[str, int]


class _Known(NamedTuple):
    """What the platform answered; no name where it has no such object."""

    name: str | None
    until: float


class PlatformNames:
    """Looks names up in threads of its own; nothing ever waits for it.

    Args:
        write: Writes a fact into the journal.
        make_call: Returns what calls a method of the platform with one attempt; used
            by the first look-up.
        mask: Takes secrets out of a name.
    """

    def __init__(
        self,
        write: Callable[[str], bool],
        make_call: Callable[[], CallMethod],
        mask: Callable[[str], str] = str,
    ) -> None:
        self._write = write
        self._make_call = make_call
        self._mask = mask
        self._lock = threading.Lock()
        self._workers = Workers("lineage-platform-names", _THREADS)
        self._call: CallMethod | None = None
        self._known: OrderedDict[Key, _Known] = OrderedDict()
        #: Objects that are looked up, each with the edge that its name is for.
        self._waiting: dict[Key, Mapping[str, Any]] = {}
        self._failures = 0
        self._away_until = 0.0
        self._is_stopped = False

    def complete(self, texts: Sequence[bytes]) -> list[bytes]:
        """Return facts with the names that are known; look up those that are not.

        Args:
            texts: Facts on their way, each as a JSON object with its `uid`.
        """
        return [
            self._completed(text) if _BY_NUMBER.search(text) else text for text in texts
        ]

    def stop(self) -> None:
        """End the threads; what is not known by now stays an id."""
        with self._lock:
            self._is_stopped = True
            self._waiting.clear()
        self._workers.stop()

    def _completed(self, text: bytes) -> bytes:
        try:
            fact = json.loads(text)
        except ValueError:
            return text  # The instance refuses it, for itself.
        key = _key_of(fact)
        name = None if key is None else self._find(key, fact)
        if name is None:
            return text
        member = json.dumps({"name": name}, separators=(",", ":"))[1:].encode()
        return b"%b,%b" % (text[:-1], member)

    def _find(self, key: Key, fact: Mapping[str, Any]) -> str | None:
        """Return the name that is known; have it looked up if that is old, or none."""
        now = time.monotonic()
        with self._lock:
            known = self._known.get(key)
            is_wanted = known is None or known.until < now
            if is_wanted and key not in self._waiting and now >= self._away_until:
                self._want(key, fact)
            return None if known is None else known.name

    def _want(self, key: Key, fact: Mapping[str, Any]) -> None:
        if len(self._waiting) < _MAX_WAITING and not self._is_stopped:
            self._waiting[key] = fact
            self._workers.submit(lambda: self._look_up(key))

    def _look_up(self, key: Key) -> None:
        with self._lock:
            fact = self._waiting.get(key)
        if fact is None:
            return  # Given up meanwhile.
        failures: list[Exception] = []
        name = attempt(lambda _: self._fetch(*key), None, failures.append)
        with self._lock:
            self._waiting.pop(key, None)
            if failures and not _is_answer(failures[0]):
                self._leave_alone(failures[0])
                return
            before = self._remember(key, name)
            if name is None or name == before or self._is_stopped:
                return
        self._write(_late_name(fact, name))

    def _remember(self, key: Key, name: str | None) -> str | None:
        """Keep an answer; return the name that was known before it."""
        self._failures = 0
        before = self._known.pop(key, None)
        self._known[key] = _Known(name, time.monotonic() + _FRESH_S)
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return None if before is None else before.name

    def _fetch(self, kind: str, id: int) -> str | None:
        if self._call is None:
            self._call = self._make_call()
        name = _name_in(kind, self._call(_METHODS[kind], {"id": id}))
        return None if name is None else self._mask(name)[:_MAX_NAME]

    def _leave_alone(self, error: Exception) -> None:
        """The platform is away: edges keep their ids until it is asked again."""
        self._failures += 1
        self._away_until = time.monotonic() + pause_s(self._failures, _AWAY_S)
        self._waiting.clear()
        logger.debug("names of platform objects cannot be looked up: %s", error)


def platform_caller(settings: Settings, timeout_s: tuple[float, float]) -> CallMethod:
    """Return what calls a method of the platform in the environment, once."""
    return caller_once(Api(timeout_s=timeout_s, settings=settings))


def _key_of(fact: Mapping[str, Any]) -> Key | None:
    """Return the object that an edge names by its id alone."""
    kind, id = fact.get("kind"), fact.get("id")
    if fact.get("f") != "edge" or fact.get("name"):
        return None
    return (kind, id) if kind in _METHODS and type(id) is int else None


def _is_answer(error: Exception) -> bool:
    """Whether the platform answered, though with a refusal: there is no name."""
    if not isinstance(error, ApiError) or error.is_retryable:
        return False
    return error.status is not None and error.status not in _CALLER_WRONG


def _name_in(kind: str, answer: Any) -> str | None:
    """Return the name in a platform object; a task's is its session's, or its app's."""
    found = answer if isinstance(answer, Mapping) else {}
    if kind == "task":
        found = _mapping(found.get("meta"))
        found = found if found.get("name") else _mapping(found.get("app"))
    name = found.get("name")
    return name if isinstance(name, str) and name else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _late_name(fact: Mapping[str, Any], name: str) -> str:
    """Write the fact that gives an edge's artifact its name."""
    late = {"f": "evidence", "task": fact["task"]}
    if "task_id" in fact:
        late["task_id"] = fact["task_id"]
    late |= {"at": fact["at"], "edge": fact["uid"], "name": name}
    return json.dumps(late, separators=(",", ":"))
