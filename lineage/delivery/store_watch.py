"""Notices that a store has lost what it had confirmed: it was replaced or restored."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..errors import guard, logger
from ..journal import segments
from ..journal.directory import CONFIRMED
from ..journal.writer import Journal
from ..redaction import redact
from .queue import QueuedFact

if TYPE_CHECKING:
    from ..model.ingest import StoreState

LOCAL: Final = "local"
#: Openings of stores that are remembered.
_MOST_OPENINGS: Final = 64


class _State(NamedTuple):
    """A `StoreState`, which no recorded call loads."""

    store: str
    opening: str
    position: int


class StoreWatch:
    """Compares what a store says of itself with what it reported last.

    An instance of ours says with each batch which store took it. Another store, or an
    older position of the same one, shows that facts are lost. A store that was opened
    again may be an older one, too, that others have filled meanwhile: there the last
    fact that it confirmed is sent again, and shows it by being new. An embedded store
    is asked so by each process.

    The last answer and the last fact are kept in the journal's folder, for the next
    process.

    Args:
        journal: Where the facts come from.
        is_on: Whether to send or keep anything at all.
    """

    def __init__(self, journal: Journal, *, is_on: bool) -> None:
        self._journal = journal
        self._is_on = is_on
        self._destination: str | None = None
        self.is_of_earlier = False
        """Whether the loss reaches back to what an earlier process delivered."""
        self._begin()

    def _begin(self) -> None:
        self._state: _State | None = None
        #: By opening: how far the store had come when it answered last.
        self._positions: dict[str, int] = {}
        self._stores: set[str] = set()
        #: The last confirmed fact, until it is kept; then its text.
        self._last: QueuedFact | None = None
        self._wire: bytes | None = None
        self._is_kept_by_earlier = False
        #: The fact that is to show whether the store has what it confirmed.
        self._probe: bytes | None = None

    @property
    def has_doubt(self) -> bool:
        """Whether a fact is to be sent again, to see if the store has it."""
        return self._probe is not None

    # -- what the store says --------------------------------------------------

    def note(self, state: StoreState) -> bool:
        """Take what the store says with a batch.

        Returns:
            Whether it has lost what it had confirmed.
        """
        self.look_back()
        now = _State(state.store, state.opening, state.position)
        before, self._state = self._state, now
        is_opened = now.opening not in self._positions
        least = self._least_position(now, before)
        self._positions[now.opening] = now.position
        self._stores.add(now.store)
        if len(self._positions) > _MOST_OPENINGS:
            self._positions.pop(next(iter(self._positions)))
        if now.position < least:
            self.is_of_earlier = self._is_kept_by_earlier
            self._accept_loss(now)
            return True
        if before is None:
            self._keep_state()
        elif is_opened:
            self.is_of_earlier = self._is_kept_by_earlier
            # The last one before this batch: what others have stored shows nothing.
            self._probe = self._wire_of_last()
        return False

    def _least_position(self, state: _State, before: _State | None) -> float:
        """Return the position that a store without loss has reached."""
        if before is None or _is_other_team(state, before):
            return 0
        if state.store not in self._stores:
            return float("inf")
        if state.opening in self._positions:
            return self._positions[state.opening]
        return before.position if state.store == before.store else 0

    def _accept_loss(self, state: _State) -> None:
        """Go on from here; where two stores answer in turn, that is no further loss."""
        self._probe = None
        self._positions = dict.fromkeys(self._positions, 0)
        self._positions[state.opening] = state.position
        self._keep_state()

    def forget(self) -> None:
        """Expect another store: it is known that the last one is gone."""
        self._begin()
        self.is_of_earlier = False

    @property
    def is_known(self) -> bool:
        """Whether the receiver is an instance of ours, which stores a fact once."""
        self.look_back()
        return self._destination == LOCAL or self._state is not None

    def look_back(self) -> None:
        """Read what an earlier process has kept, once for each destination."""
        destination = self._journal.destination
        if destination == self._destination or not self._is_on:
            return
        self._begin()
        self._destination = destination
        with guard("It cannot be seen whether the store has what it confirmed"):
            self._read(self._journal.folder.confirmed(self._name()))

    def _read(self, kept: bytes | None) -> None:
        if kept is None:
            return
        self.is_of_earlier = self._is_kept_by_earlier = True
        if self._destination == LOCAL:
            # Where no store is left, somebody has deleted it, and knows.
            has_store = (self._journal.folder.home / "instance.db").exists()
            self._wire, self._probe = kept, kept if has_store else None
            return
        known: dict[str, Any] = json.loads(kept)
        state = known["state"]
        self._state = _State(state["store"], state["opening"], state["position"])
        self._positions[self._state.opening] = self._state.position
        self._stores.add(self._state.store)
        fact = known.get("fact")
        self._wire = None if fact is None else json.dumps(fact).encode()

    # -- the last fact --------------------------------------------------------

    def confirmed(self, item: QueuedFact) -> None:
        """Remember the last fact that was delivered."""
        self._last, self._is_kept_by_earlier = item, False

    def probe(self) -> QueuedFact | None:
        """Return the fact that is to be sent again, alone; none where there is none."""
        wire, self._probe = self._probe, None
        if wire is None:
            return None
        fact = json.loads(wire)
        uid = fact.pop("uid")
        nowhere = segments.create_in_memory(segments.PAGE)
        nowhere.open_lines = 1
        text = json.dumps(fact, separators=(",", ":")).encode()
        item = QueuedFact(uid, text, nowhere, 0)
        item.is_alone = item.is_probe = item.is_again = True
        return item

    def keep(self) -> None:
        """Keep the last fact for a successor, now that its segment may be gone."""
        if self._last is None or not self._is_on:
            return
        self._wire, self._last = self._last.wire, None
        if self._destination == LOCAL:
            self._write(self._wire)
        elif self._state is not None:
            self._keep_state()

    def name(self) -> str:
        """Return how people know the store."""
        if self._journal.destination == LOCAL:
            return f"in {self._journal.folder.home}"
        return f"behind {redact(self._journal.destination)}"

    # -- the file -------------------------------------------------------------

    def _wire_of_last(self) -> bytes | None:
        return self._wire if self._last is None else self._last.wire

    def _keep_state(self) -> None:
        if self._destination == LOCAL or self._state is None or not self._is_on:
            return
        wire = self._wire_of_last()
        kept = {
            "state": self._state._asdict(),
            "fact": None if wire is None else json.loads(wire),
        }
        self._write(json.dumps(kept, separators=(",", ":")).encode())

    def _write(self, text: bytes) -> None:
        try:
            self._journal.folder.keep_confirmed(self._name(), text)
        except OSError as error:
            logger.debug("the last delivered fact cannot be kept: %s", error)

    def _name(self) -> str:
        if self._destination == LOCAL:
            return CONFIRMED
        name = segments.short_destination(self._destination or "")
        return f"{CONFIRMED}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _is_other_team(state: _State, before: _State) -> bool:
    """Whether another token was used, whose team has another graph."""
    store, _, team = state.store.rpartition("/")
    store_before, _, team_before = before.store.rpartition("/")
    return store == store_before and team != team_before
