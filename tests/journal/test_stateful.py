"""The journal as a machine: whatever is done to it, acknowledged facts arrive once."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from journal_tools import journal_at

from lineage.delivery.journal_reader import JournalReader
from lineage.delivery.queue import DeliveryQueue, QueuedFact
from lineage.journal import records, segments

FOREVER_S = 1e12


class Reader:
    """A process that reads a home: its own journal, and what others left."""

    def __init__(self, home: Path) -> None:
        self.journal = journal_at(home)
        self.queue = DeliveryQueue()
        self.reader = JournalReader(self.journal, self.queue, FOREVER_S)

    def read(self) -> None:
        """Read what is new, leftovers included."""
        self.reader.scan_again()
        self.reader.poll()

    def take(self, count: int) -> list[QueuedFact]:
        """Take facts to deliver."""
        return self.queue.next_batch(count, None)

    def die(self) -> None:
        """Release everything, as the kernel does for a dead process."""
        self.reader.release()
        self.journal.reset_after_fork()


class JournalMachine(RuleBasedStateMachine):
    """Append, crash at any byte, reopen, acknowledge, rotate, with two readers."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.readers = [Reader(self.home), Reader(self.home)]
        self.number = 0
        self.kept: set[int] = set()
        self.delivered: dict[int, str] = {}
        self.noted: set[int] = set()

    def teardown(self) -> None:
        """Deliver everything: exactly what was acknowledged comes, each once."""
        for reader in self.readers:
            reader.die()
        last = Reader(self.home)
        last.read()
        while items := last.take(100):
            for item in items:
                self._deliver(last, item)
            last.read()
        last.journal.seal()
        last.reader.remove_finished()
        assert set(self.delivered) == self.kept
        assert not list((self.home / "journal").glob("*.seg"))
        last.die()
        shutil.rmtree(self.home)

    @rule(who=st.integers(0, 1), size=st.sampled_from((0, 10, 3000, 90_000)))
    def append(self, who: int, size: int) -> None:
        """Record one fact."""
        self.number += 1
        text = json.dumps({"f": "edge", "n": self.number, "p": "x" * size})
        assert self.readers[who].journal.write(text)
        self.kept.add(self.number)

    @rule(who=st.integers(0, 1), count=st.integers(1, 5))
    def append_many(self, who: int, count: int) -> None:
        """Record several facts at once."""
        numbers = range(self.number + 1, self.number + count + 1)
        texts = [json.dumps({"f": "edge", "n": number}) for number in numbers]
        assert self.readers[who].journal.write_many(texts)
        self.kept.update(numbers)
        self.number += count

    @rule(who=st.integers(0, 1), cut=st.floats(0, 1, exclude_max=True))
    def crash_inside_a_write(self, who: int, cut: float) -> None:
        """Die with a part of a line written, and start again."""
        reader = self.readers[who]
        self.number += 1
        line = records.encode(json.dumps({"f": "edge", "n": self.number, "p": "torn"}))
        segment = reader.journal._active
        if isinstance(segment, segments.Segment) and segment.room() > len(line):
            segment.write(line[: int(cut * len(line))])
        self.restart(who)

    @rule(who=st.integers(0, 1))
    def restart(self, who: int) -> None:
        """Die, and start again."""
        self.readers[who].die()
        self.readers[who] = Reader(self.home)

    @rule(who=st.integers(0, 1), count=st.integers(1, 20), loses=st.booleans())
    def deliver(self, who: int, count: int, loses: bool) -> None:
        """Deliver some; perhaps die between the delivery and its note."""
        reader = self.readers[who]
        reader.read()
        for item in reader.take(count):
            self._deliver(reader, item, is_noted=not loses)
        if loses:
            self.restart(who)
        reader.reader.remove_finished()

    @rule(who=st.integers(0, 1))
    def rotate(self, who: int) -> None:
        """End the segment in use."""
        self.readers[who].journal.seal()

    @rule(who=st.integers(0, 1))
    def prepare(self, who: int) -> None:
        """Make the next segment ahead."""
        self.readers[who].journal.prepare()

    @precondition(lambda self: (self.home / "journal").is_dir())
    @rule(content=st.binary(max_size=300))
    def foreign_file(self, content: bytes) -> None:
        """Put a file into the folder that nobody knows."""
        name = f"foreign-{self.number}{segments.SUFFIX}"
        (self.home / "journal" / name).write_bytes(content)

    @invariant()
    def nothing_is_invented(self) -> None:
        """Only what was recorded is delivered."""
        assert set(self.delivered) <= self.kept

    def _deliver(
        self, reader: Reader, item: QueuedFact, *, is_noted: bool = True
    ) -> None:
        number = json.loads(item.text)["n"]
        known = self.delivered.setdefault(number, item.uid)
        # A fact may come again after an unnoted delivery, under the same uid.
        assert known == item.uid
        assert number not in self.noted, "it came again after it was noted"
        if is_noted:
            reader.reader.acknowledge(item)
            self.noted.add(number)


JournalMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None
)
TestJournalMachine = JournalMachine.TestCase
