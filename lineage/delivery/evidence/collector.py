"""The collector: finds evidence for the edges of the journal, beside delivery.

Every edge that names a path or an address passes it on its way into the queue. Names
are found first, then content is read; what is there when the edge is sent rides on
it, what is not follows as a fact `evidence`, by the next process if need be.
"""

# Longer than 400 lines: one state of each edge, which one condition guards.

from __future__ import annotations

import importlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from ...errors import attempt, guard, logger
from ...model.addresses import is_address
from ...recording.fork_guard import no_fork
from ...recording.host_info import machine_name
from ...settings import Settings
from ...threads import starts_at_exit
from ..queue import QueuedFact
from .doubts import drop_doubtful
from .locations import Locations
from .protocol import Findings, Subject
from .workers import Workers

#: How long the flusher waits for names, and for what is read quickly.
_NAMES_S: Final = 1.0
_CONTENT_S: Final = 0.05
#: How long a flush waits for what a store says.
_STORE_S: Final = 2.0
#: Larger files are read by threads of their own.
_SMALL: Final = 1024 * 1024
#: What was found for an edge that cannot be sent is kept in the journal after it.
_KEEP_AFTER_S: Final = 2.0
#: An edge is looked into while it is new; of an older one only its file's state.
_NEW_S: Final = 60.0
_ADOPT_EVERY_S: Final = 30.0
_COMPACT: Final = (",", ":")
_NAMED: Final = re.compile(rb'"id": ?"|"local_path":')
_STAT: Final = re.compile(rb'"stat": ?\{[^{}]*\}')


class _Entry:
    """An edge, or late evidence of one, whose evidence is looked for."""

    __slots__ = (
        "edge_uid", "fact", "found", "found_at", "is_done", "is_early", "is_kept",
        "is_named", "is_own", "is_refused", "is_sent", "is_slow", "names",
    )  # fmt: skip

    def __init__(self, fact: dict[str, Any], edge_uid: str) -> None:
        self.fact = fact
        self.edge_uid = edge_uid
        #: Members that name the artifact, for the edge alone.
        self.names: Findings = {}
        #: Members of its version, for the edge or a fact of their own.
        self.found: Findings = {}
        self.found_at = 0.0
        self.is_named = False
        self.is_done = False
        self.is_sent = False
        #: Whether to look takes so long that nobody waits for it.
        self.is_slow = fact.get("stat", {}).get("size", 0) > _SMALL
        self.is_kept = False
        #: Whether the journal had no room for what was found.
        self.is_refused = False
        #: Whether this process recorded it.
        self.is_own = True
        #: Whether its output is looked at when the step ends.
        self.is_early = False


class EvidenceCollector:
    """Finds evidence in threads of its own.

    Args:
        write: Writes a fact into the journal.
        home: Where digests are remembered; None for nowhere.
        settings: Says which files are read.
        has_threads: Whether it may have threads; otherwise all is done at once.
    """

    def __init__(
        self,
        write: Callable[[str], bool],
        home: Path | None = None,
        settings: Settings | None = None,
        *,
        has_threads: bool = True,
    ) -> None:
        self._write = write
        self._has_threads = has_threads
        self._home = home
        self._settings = settings or Settings()
        self.on_change: Callable[[], None] = lambda: None
        #: Of the parent: a database must not be closed in the child of a fork.
        self._inherited: list[Any] = []
        self._memory: Any = None
        self._reset()

    def _reset(self) -> None:
        # Reentrant: a signal's handler may flush while its thread is inside.
        self._changed = threading.Condition(threading.RLock())
        self._entries: dict[str, _Entry] = {}
        self._busy = 0
        #: Addresses that a store is asked about, with the time at which it was.
        self._remote: dict[_Entry, float] = {}
        threads = 2 if self._has_threads else 0
        self._names = Workers("lineage-names", threads)
        self._small = Workers("lineage-evidence", threads)
        self._large = Workers("lineage-digests", threads)
        self._stores = Workers("lineage-stores", threads)
        self._names_s = _NAMES_S
        self._finder: Any = None
        self._memory = None
        self._is_stopped = False
        self._locations: Locations | None = None
        self._adopt_at = 0.0
        self._is_wanted = True

    def reset_after_fork(self) -> None:
        """In the child of a fork: nothing of the parent's work is waited for."""
        self._inherited.append(self._memory)
        self._reset()

    # -- the flusher's part ----------------------------------------------------

    def prepare(self) -> None:
        """Start the threads that could not be started while the process ends."""
        if not starts_at_exit():
            for workers in (self._names, self._small, self._large, self._stores):
                workers.prepare()

    def notice(self, item: QueuedFact) -> None:
        """Look for evidence of a fact that was read from the journal."""
        text = item.text
        if not self._is_wanted or not _NAMED.search(text):
            return
        with guard("A fact cannot be looked into"):
            fact = json.loads(text)
            if fact.get("f") not in ("edge", "evidence"):
                return
            entry = _Entry(fact, fact.get("edge", item.uid))
            entry.is_own = _recorded_here(item.segment.name)
            entry.is_early = not item.uid.startswith(item.segment.name)
            with self._changed:
                self._entries[item.uid] = entry
                self._busy += 1
            self._names.submit(lambda: self._find_names(entry))

    def complete(self, items: Iterable[QueuedFact], *, is_wanted: bool) -> None:
        """Put what was found onto facts that are about to be sent.

        Args:
            items: The facts; their texts are changed.
            is_wanted: Whether the target has a use for evidence.
        """
        if is_wanted != self._is_wanted:
            self._set_wanted(is_wanted)
        if not self._entries:
            return
        pairs = [
            (item, entry)
            for item in items
            if (entry := self._entries.get(item.uid)) is not None
        ]
        if not pairs:
            return
        entries = [entry for _, entry in pairs]
        with self._changed:
            if not self._wait(lambda: all(e.is_named for e in entries), self._names_s):
                self._names_s = 0.0  # A disk hangs: nobody waits for it again.
            self._wait(lambda: all(e.is_done or e.is_slow for e in entries), _CONTENT_S)
            drop_doubtful(entries)
            for item, entry in pairs:
                self._send(item, entry)
            left = {
                entry: json.dumps({**entry.fact, "uid": item.uid}, separators=_COMPACT)
                for item, entry in pairs
                if not entry.is_done
            }
        if left:
            self._want(left)

    def keep(self, *, at_once: bool = False) -> None:
        """Write what was found for facts that cannot be sent into the journal."""
        before = time.monotonic() - (0.0 if at_once else _KEEP_AFTER_S)
        with self._changed:
            due = [
                entry
                for entry in self._entries.values()
                if entry.is_done and not entry.is_kept and entry.found_at <= before
            ]
            for entry in due:
                entry.is_kept = True
        for entry in due:
            self._write_late(entry)

    def is_idle(self) -> bool:
        """Whether nothing is looked for now."""
        if self._busy == 0:
            return True
        before = time.monotonic() - _STORE_S
        waiting = sum(at < before for at in list(self._remote.values()))
        return self._busy <= waiting

    def stop(self) -> None:
        """End the threads; what was found stays in the journal."""
        self.keep(at_once=True)
        for workers in (self._names, self._small, self._large, self._stores):
            workers.stop()
        with self._changed:
            self._is_stopped = True
            memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()

    # -- inside ---------------------------------------------------------------

    def _wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        return self._changed.wait_for(condition, timeout_s)

    def _send(self, item: QueuedFact, entry: _Entry) -> None:
        """Put what is known onto a fact; what is not known follows it."""
        entry.is_sent = True
        names = entry.names
        if not entry.is_named and entry.fact["f"] == "edge":
            names = attempt(_plain_names, entry.fact, _failed) or {}
        item.text = _amended(item.text, {**names, **_news(entry)})
        self._entries.pop(item.uid, None)

    def _want(self, left: dict[_Entry, str]) -> None:
        """Note edges that are sent without their evidence.

        Before they are sent: nobody would look into them again if the process were
        killed after their delivery.
        """
        memory = self._memory_ready()
        memory.want((entry.edge_uid, fact) for entry, fact in left.items())
        with self._changed:
            late = [entry for entry in left if entry.is_done and not entry.is_refused]
        for entry in late:
            memory.found(entry.edge_uid)

    def _set_wanted(self, is_wanted: bool) -> None:
        """Look for evidence, or for none: not every target has a use for it."""
        with self._changed:
            self._is_wanted = is_wanted
            if not is_wanted:
                self._entries.clear()

    def _find_names(self, entry: _Entry) -> None:
        fact = entry.fact
        if fact["f"] == "edge":
            if self._locations is None:
                machine = json.loads(machine_name())
                self._locations = Locations(machine, self._settings.locations)
            entry.names = attempt(self._locations.name, fact, _failed) or {}
        with self._changed:
            entry.is_named = True
            self._names_s = _NAMES_S
            self._changed.notify_all()
        if not _has_content(entry):
            self._finish(entry, {})
            return
        workers = self._large if entry.is_slow else self._small
        if "local_path" not in fact:
            workers = self._stores
            self._remote[entry] = time.monotonic()
        find = partial(self._find, entry)
        # An ending process looks into small files itself where it starts no thread.
        leave = find if workers is self._small else partial(self._leave, entry)
        workers.submit(find, leave)

    def _leave(self, entry: _Entry) -> None:
        """Leave the content of an artifact to the next process: this one is ending."""
        with self._changed:
            entry.is_slow = True  # Nobody waits for it.
            self._busy -= 1
            self._remote.pop(entry, None)
            self._changed.notify_all()

    def _find(self, entry: _Entry) -> None:
        found: Findings = {}
        if self._is_wanted:
            subject = _subject(entry)
            with guard("Evidence cannot be found"):
                found = self._finder_ready().find(subject)
        self._finish(entry, found)

    def _finish(self, entry: _Entry, found: Findings) -> None:
        with self._changed:
            entry.found, entry.is_done = found, True
            entry.found_at = time.monotonic()
            is_sent = entry.is_sent
            self._changed.notify_all()
        if is_sent:
            self._write_late(entry)
        if is_sent and not entry.is_refused and self._memory is not None:
            self._memory.found(entry.edge_uid)
        # Before it is idle: a flush waits for what is adopted as well.
        self._adopt()
        with self._changed:
            self._busy -= 1
            self._remote.pop(entry, None)
            is_idle = self._busy == 0
            self._changed.notify_all()
        if is_idle:
            self.on_change()

    def _write_late(self, entry: _Entry) -> None:
        """Write the evidence of an edge as a fact of its own."""
        news = _news(entry)
        if not news:
            return
        fact = entry.fact
        late = {"f": "evidence", "task": fact["task"]}
        if "task_id" in fact:
            late["task_id"] = fact["task_id"]
        late |= {"at": fact["at"], "edge": entry.edge_uid, **news}
        entry.is_refused = not self._write(json.dumps(late, separators=_COMPACT))

    def _finder_ready(self) -> Any:
        """Return what finds evidence, loading what it needs."""
        with self._changed:
            if self._finder is not None:
                return self._finder
        with no_fork():
            module = importlib.import_module(".resolvers", __package__)
        memory = self._memory_ready()
        with self._changed:
            if self._finder is None:
                self._finder = module.make_finder(self._settings, memory)
            return self._finder

    def _memory_ready(self) -> Any:
        """Return the memory of digests, loading what it needs."""
        with self._changed:
            if self._memory is not None:
                return self._memory
        with no_fork():
            module = importlib.import_module(".digest_memory", __package__)
        with self._changed:
            if self._memory is None:
                host = json.loads(machine_name())
                # A thread that is still at work after the end opens no file again.
                home = None if self._is_stopped else self._home
                self._memory = module.DigestMemory(home, host)
            return self._memory

    def _adopt(self) -> None:
        """Look into edges that processes which ended left without evidence."""
        now = time.monotonic()
        memory = self._memory
        if now < self._adopt_at or self._home is None or memory is None:
            return
        self._adopt_at = now + _ADOPT_EVERY_S
        for uid, text in memory.adopt():
            with guard("An edge without evidence cannot be looked into"):
                entry = _Entry(json.loads(text), uid)
                entry.is_own, entry.is_sent = False, True
                with self._changed:
                    self._busy += 1
                self._large.submit(
                    partial(self._find, entry), partial(self._leave, entry)
                )


def _recorded_here(segment: str) -> bool:
    """Whether this process wrote a segment: its name says who did."""
    parts = segment.split("-")
    return len(parts) == 3 and parts[1] == f"{os.getpid():x}"


def _has_content(entry: _Entry) -> bool:
    """Whether more can be found than names, and is to be looked for now."""
    fact = entry.fact
    if fact["f"] == "evidence" or "stat" in fact:
        return "digest" not in fact.get("stat", {})
    return not entry.is_early and isinstance(fact.get("id"), str)


def _subject(entry: _Entry) -> Subject:
    fact = entry.fact
    named = entry.names.get("canonical", fact.get("canonical", fact.get("id")))
    is_here = "local_path" in fact and fact.get("machine") in (
        None,
        json.loads(machine_name()),
    )
    at = float(fact["at"])
    return Subject(
        kind=fact.get("kind", "file"),
        is_input=fact.get("dir") == "input",
        at_ns=int(at * 1e9),
        begun_ns=int(float(fact.get("begun", 0)) * 1e9),
        path=_path_here(fact) if is_here else None,
        address=named if isinstance(named, str) and is_address(named) else None,
        stat=fact.get("stat", {}),
        version=fact.get("version"),
        is_own=entry.is_own and time.time() - at < _NEW_S,
    )


def _path_here(fact: dict[str, Any]) -> str:
    """Return the path of a local file or folder, also where it is no text."""
    raw = fact.get("path_bytes")
    return fact["local_path"] if raw is None else os.fsdecode(unquote_to_bytes(raw))


def _plain_names(fact: dict[str, Any]) -> Findings:
    """Return the names of an edge whose path cannot be looked at in time."""
    machine, path = fact.get("machine"), fact.get("local_path")
    if path is None:
        return Locations("").name(fact)
    return {"canonical": f"file://{machine}{path}" if machine else path}


def _news(entry: _Entry) -> Findings:
    """Return what was found and is not in the fact already."""
    return {k: v for k, v in entry.found.items() if entry.fact.get(k) != v}


def _amended(text: bytes, members: Findings) -> bytes:
    """Return a fact's text with more members, the others as they were."""
    stat = members.pop("stat", None)
    if stat is not None:
        state = json.dumps({"stat": stat}, separators=(",", ":"))[1:-1].encode()
        text = _STAT.sub(lambda _: state, text, count=1)
    if not members:
        return text
    more = json.dumps(members, separators=(",", ":"))[1:-1].encode()
    if "canonical" in members and b'"canonical":' in text:
        fact = {**json.loads(text), **members}
        return json.dumps(fact, separators=(",", ":")).encode()
    return b"%b,%b}" % (text[:-1], more)


def _failed(error: Exception) -> None:
    logger.debug("an artifact cannot be named: %r", error)
