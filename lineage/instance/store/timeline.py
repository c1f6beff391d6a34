"""The history of one artifact: which version each of its events belongs to.

A pure function of the set of events. `identify` groups events whose evidence names the
same version; `Timeline` then reads the events in their order in time. A `Making` is one
production of a version, or the finding of one that nobody is known to have made; it
becomes a node of the graph. So a version that was made three times has three makings.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .artifact_identity import CONTAINERS, EDITED
from .evidence import NO_EVIDENCE, STAT, VersionEvidence
from .task_uses import StepPaths, TaskUses
from .version_numbers import first_number, is_lower

Role = Literal["use", "production", "mention"]
#: A place in time; the journal's numbers order what one process wrote.
Order = tuple[float, str, int, bool]


@dataclass(slots=True)
class Event:
    """A use or a production of the artifact, or its mention in `derived_from`."""

    at: float
    source: str
    number: int
    id: int
    task: int
    step: int
    role: Role
    evidence: VersionEvidence = NO_EVIDENCE
    names_sources: bool = False
    activity: int = 0
    """The number of the step whose inputs an output comes from."""
    making: Making | None = None
    is_reused: bool = False
    is_copy: bool = False
    """Whether it was not written, and its bytes are what another artifact was."""

    @property
    def order(self) -> Order:
        """The place in time.

        What an output names as its source was there before the output.
        """
        return self.at, self.source, self.number, self.role == "production"


@dataclass(slots=True)
class Version:
    """One state of the artifact's content."""

    first: Making | None = None
    found: Making | None = None
    made: Making | None = None
    """Its last production so far."""
    has_evidence: bool = False
    ordinal: int = 0
    number: int | None = None
    """How the platform counts it, where an app said so."""
    is_unnamed: bool = False
    """Whether it is the first content that nobody made and nobody looked at."""


@dataclass(slots=True, eq=False)
class Making:
    """One production of a version, or its finding; a node of the graph."""

    version: Version
    is_made: bool
    created_at: float
    made_at: float | None = None
    id: int = 0
    """The node's id; 0 while it has none."""
    first_edge: int = 0
    """The edge of its first event."""
    events: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class Timeline:
    """The state of one artifact after the events that were read.

    Args:
        kind: The artifact's kind.
        paths: Says how steps lie inside each other.
        around: When folders around it were produced, in order.
    """

    kind: str
    paths: StepPaths
    around: Sequence[Order] = ()
    versions: dict[Hashable, Version] = field(default_factory=dict)
    count: int = 0
    unknown: Version | None = None
    """The last content that nobody made and nobody looked at."""
    unknown_since: int = 0
    """How many productions of folders around it came before that."""
    last: Event | None = None
    """The last production."""
    is_used: bool = False
    """Whether anything used the artifact since."""
    task_uses: dict[int, TaskUses] = field(default_factory=dict)
    current: Making | None = None
    current_at: float = 0.0
    is_current_observed: bool = False
    in_place: dict[tuple[int, int], tuple[Making, Making, float]] = field(
        default_factory=dict
    )
    """Older and newer making, and when, by the identity of both."""
    makings: list[Making] = field(default_factory=list)
    """Those that are new."""

    def read(self, event: Event, key: Hashable | None) -> None:
        """Read the next event; `key` is the version that its evidence names."""
        if event.role == "production" and not self._is_reuse(event, key):
            making = self._produce(event, key)
        else:
            making = self._use(event, key)
        event.making = making
        making.events.append(event)
        if event.evidence.number is not None:
            making.version.number = first_number(
                making.version.number, event.evidence.number
            )
        self._follow_current(event, making)

    def _is_reuse(self, event: Event, key: Hashable | None) -> bool:
        if not event.evidence.is_unwritten or key is None:
            return False
        version = self.versions.get(key) or self._joined(event)
        has_maker = version is not None and version.made is not None
        event.is_reused = has_maker or event.is_copy
        return event.is_reused

    def _use(self, event: Event, key: Hashable | None) -> Making:
        self.is_used = True
        mine = self.task_uses.get(event.task) if event.role == "mention" else None
        if mine is not None:
            return mine.last
        making = self._find(event, key)
        if event.role != "mention":
            self.note_use(event.task, event.step, making)
        return making

    def note_use(self, task: int, step: int, making: Making) -> None:
        """Keep that a step of a task used a making, after all that it used before."""
        uses = self.task_uses.get(task)
        if uses is None:
            uses = self.task_uses[task] = TaskUses()
        uses.add(step, making)

    def work_in_place(
        self, task: int, activity: int, making: Making, at: float
    ) -> None:
        """Keep what an output was made from, if its task used an older version."""
        uses = self.task_uses.get(task)
        if uses is None:
            return
        is_edited = self.kind in EDITED
        older = uses.last if is_edited else uses.on_path(task, activity, self.paths)
        if older is not None and older is not making:
            self.in_place[id(older), id(making)] = (older, making, at)

    def continues(self, task: int, one: int, other: int) -> bool:
        """Whether a task's productions in two steps may be one, if nobody used it."""
        return self.kind in CONTAINERS or self.paths.shares_path(task, one, other)

    def _find(self, event: Event, key: Hashable | None) -> Making:
        if key is None:
            if self.last is not None and self.last.making is not None:
                return self.last.making
            version = self._unknown(event)
        else:
            version = self._version(event, key)
        found = version.made or version.found
        if found is None:
            found = version.found = self._add(version, event, is_made=False)
        return found

    def _unknown(self, event: Event) -> Version:
        """Return the content of which nothing is known but when it was there.

        Who produces a folder may have written what is in it.
        """
        since = bisect_left(self.around, event.order) if self.around else 0
        version = self.unknown
        if version is None or since != self.unknown_since:
            version = self._new_version()
            version.is_unnamed = self.unknown is None
            self.unknown, self.unknown_since = version, since
        return version

    def _version(self, event: Event, key: Hashable) -> Version:
        version = self.versions.get(key)
        if version is None:
            version = self._joined(event) or self._new_version()
            version.has_evidence = True
            self.versions[key] = version
        return version

    def _joined(self, event: Event) -> Version | None:
        """Return the last produced version if its content is looked at only now."""
        if self.last is None or self.last.making is None:
            return None
        version = self.last.making.version
        is_open = not version.has_evidence and event.evidence.observes
        if event.role == "production" and not event.evidence.is_unwritten:
            is_open = is_open and self._continues(event)
        return version if is_open else None

    def _continues(self, event: Event) -> bool:
        """Whether a production continues the one before, which nobody has seen yet."""
        last = self.last
        return (
            last is not None
            and last.task == event.task
            and not self.is_used
            and self.continues(event.task, last.step, event.step)
        )

    def _produce(self, event: Event, key: Hashable | None) -> Making:
        last = self.last.making if self.last is not None else None
        making = None
        if key is None:
            version = None
            if last is not None and self._continues(event):
                making = last
        else:
            version = self._version(event, key)
            if (
                self.last is not None
                and self.last.task == event.task
                and not self.is_used
                and last is not None
                and last.version is version
            ):
                making = last
        if making is None:
            version = version or self._new_version()
            making = self._add(version, event, is_made=True)
            version.made = making
        if not event.names_sources:
            self.work_in_place(event.task, event.activity, making, event.at)
        making.made_at = event.at
        self.last, self.is_used = event, False
        return making

    def _new_version(self) -> Version:
        self.count += 1
        return Version(ordinal=self.count)

    def _add(self, version: Version, event: Event, *, is_made: bool) -> Making:
        making = Making(version, is_made, event.at, first_edge=event.id)
        version.first = version.first or making
        self.makings.append(making)
        return making

    def _follow_current(self, event: Event, making: Making) -> None:
        is_production = event.role == "production"
        observes = is_production or event.evidence.observes
        if event.role == "mention" or (self.is_current_observed and not observes):
            if self.current is None:
                self.current, self.current_at = making, event.at
            return
        if (
            observes
            or self.current is None
            or not is_lower(making.version.number, self.current.version.number)
        ):
            self.current, self.current_at = making, event.at
        self.is_current_observed = self.is_current_observed or observes


def identify(events: Sequence[Event]) -> list[Hashable | None]:
    """Return, for each of an artifact's events in order, a key of its version.

    Events share a version when they share their best evidence. An event with weaker
    evidence, such as a time of change without a digest, joins the version of an event
    that has the same weaker evidence and better evidence beside it: the nearest one
    before it, else the first one after it. An event without evidence has no key.
    """
    keys: list[Hashable | None] = [None] * len(events)
    if len(events) == 1:
        # Most artifacts have one event in a batch, and nothing to compare it with.
        tokens = events[0].evidence.tokens
        return [tokens[0].text] if tokens else keys
    if not any(event.evidence.tokens for event in events):
        return keys
    holders: dict[str, list[tuple[int, Hashable]]] = {}
    for rank in range(STAT + 1):
        mine = [
            at
            for at, event in enumerate(events)
            if event.evidence.tokens and event.evidence.tokens[0].rank == rank
        ]
        _attach(events, mine, keys, holders)
        _group(events, [at for at in mine if keys[at] is None], rank, keys)
        for at in mine:
            for token in events[at].evidence.tokens:
                holders.setdefault(token.text, []).append((at, keys[at]))
        for known in holders.values() if mine else ():
            known.sort(key=_place)
    return keys


def _attach(
    events: Sequence[Event],
    mine: Sequence[int],
    keys: list[Hashable | None],
    holders: dict[str, list[tuple[int, Hashable]]],
) -> None:
    for at in mine if holders else ():
        before: tuple[int, Hashable] | None = None
        after: tuple[int, Hashable] | None = None
        for token in events[at].evidence.tokens:
            known = holders.get(token.text, ())
            place = bisect_left(known, at, key=_place)
            if place and (before is None or known[place - 1][0] > before[0]):
                before = known[place - 1]
            if place < len(known) and (after is None or known[place][0] < after[0]):
                after = known[place]
        chosen = before or after
        if chosen is not None:
            keys[at] = chosen[1]


def _place(holder: tuple[int, Hashable]) -> int:
    return holder[0]


def _group(
    events: Sequence[Event],
    mine: Sequence[int],
    rank: int,
    keys: list[Hashable | None],
) -> None:
    """Assign one key to events that are connected by evidence of one rank."""
    root: dict[str, str] = {}

    def find(text: str) -> str:
        while root.setdefault(text, text) != text:
            root[text] = text = root[root[text]]
        return text

    for at in mine:
        texts = [t.text for t in events[at].evidence.tokens if t.rank == rank]
        for text in texts[1:]:
            one, other = sorted((find(texts[0]), find(text)))
            root[other] = one
    for at in mine:
        keys[at] = find(events[at].evidence.tokens[0].text)
