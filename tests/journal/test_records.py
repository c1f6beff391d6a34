"""Lines: what is written is read back, and what stands between is reported."""

from __future__ import annotations

import json
from pathlib import Path
from zlib import adler32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.journal import records
from lineage.journal.directory import JournalDirectory
from lineage.journal.writer import Journal

TEXTS = st.lists(st.text(st.characters(exclude_characters="\n\0", codec="utf-8")))


@given(TEXTS)
def test_what_was_encoded_is_read_back(texts: list[str]) -> None:
    """Every text comes back, in order, with its mark."""
    found, torn = records.read(b"".join(map(records.encode, [f"{{{t}" for t in texts])))
    assert [line.text.decode() for line in found] == [f"{{{t}" for t in texts]
    assert all(line.mark == records.WAITING for line in found)
    assert not torn


@given(TEXTS, st.data())
def test_cutting_loses_only_the_cut_line(texts: list[str], data: st.DataObject) -> None:
    """Wherever the bytes end, all lines before the cut are read."""
    encoded = [records.encode(f"{{{text}") for text in texts]
    whole = b"".join(encoded)
    cut = data.draw(st.integers(0, len(whole)))
    found, torn = records.read(whole[:cut] + bytes(50))
    complete = 0
    while sum(map(len, encoded[: complete + 1])) <= cut and complete < len(encoded):
        complete += 1
    assert len(found) == complete
    assert len(torn) == (cut != sum(map(len, encoded[:complete])))


def test_lines_behind_a_gap_and_garbage_are_read() -> None:
    """Zeros are skipped, garbage is reported with its place, and reading goes on."""
    first, last = records.encode('{"a":1}'), records.encode('{"b":2}')
    data = first + bytes(10) + b"garb\0\0age" + last[:9] + b"\n" + last
    found, torn = records.read(data, base=100)
    assert [line.text for line in found] == [b'{"a":1}', b'{"b":2}']
    assert found[1].offset == 100 + len(data) - len(last)
    assert [piece.piece for piece in torn] == [b"garb", b"age" + last[:9]]


def test_a_changed_byte_is_noticed() -> None:
    """The checksum shows that a line was changed; its mark may change."""
    line = bytearray(records.encode('{"a":1}'))
    line[records.MARK_AT] = records.DELIVERED
    assert records.read(bytes(line))[0][0].mark == records.DELIVERED
    line[12] ^= 1
    assert records.read(bytes(line)) == ([], [records.TornRecord(0, bytes(line[:-1]))])


def test_halves_of_surrogates_become_question_marks() -> None:
    """Text that no UTF-8 can hold is kept as far as it can be."""
    assert b"a?b" in records.encode("a\ud800b")


TOGETHER = st.lists(
    st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers()).map(
        lambda fact: json.dumps(fact, ensure_ascii=False)
    ),
    min_size=1,
)


@pytest.mark.slow
@given(TOGETHER, st.data())
def test_facts_written_together_have_a_mark_each(
    texts: list[str], data: st.DataObject
) -> None:
    """One record gives each of its facts, whichever of them have another mark."""
    line = bytearray(records.encode_together(texts))
    found, torn = records.read(bytes(line), base=50)
    assert [one.text.decode() for one in found] == texts
    assert {one.mark for one in found} == {records.WAITING}
    assert not torn
    marks = [data.draw(st.sampled_from(b" +-")) for _ in found]
    for one, mark in zip(found, marks, strict=True):
        at = one.offset - 50 + records.MARK_AT
        line[at] = records.mark_in_place_of(bytes(line[at : at + 1]), mark)
    again, _ = records.read(bytes(line), base=50)
    assert [one.mark for one in again] == marks
    assert [(one.offset, one.text) for one in again] == [
        (one.offset, one.text) for one in found
    ]
    assert records.checksum(bytes(line[:-1])) == line[: records.MARK_AT]


@pytest.mark.slow
@given(TOGETHER, st.data())
def test_facts_written_together_are_torn_together(
    texts: list[str], data: st.DataObject
) -> None:
    """A write that a death cut gives none of its facts."""
    whole = records.encode_together(texts)
    cut = data.draw(st.integers(1, len(whole) - 1))
    found, torn = records.read(whole[:cut] + bytes(50))
    assert (found, len(torn)) == ([], 1)


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=3))
def test_a_checksum_has_eight_digits_also_where_it_is_small(sizes: list[int]) -> None:
    """That of a short text begins with zeros, that of a long one with none."""
    texts = [f"{{{'x' * size}" for size in sizes]
    together = "\x1c".join(texts)
    line = f"{adler32(together.encode()):08x}\x1c{together}\n"
    assert records.encode_together(texts) == line.encode()


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=5))
def test_a_journal_writes_the_records_that_are_described(sizes: list[int]) -> None:
    """What is written in one step is what `encode` makes, whatever the checksum."""
    written: list[bytes] = []
    journal = Journal(JournalDirectory(Path("nowhere")))
    journal._put = written.append
    texts = [f"{{{'x' * size}" for size in sizes]
    assert all(map(journal.write, texts))
    assert written == [records.encode(text) for text in texts]
    assert journal.write_joined("\x1c".join(texts), len(texts))
    assert written[len(texts) :] == [records.encode_together(texts)]
