"""Local files: one digest for each state, and never one of another state."""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage.delivery.evidence import local_file
from lineage.delivery.evidence.content import current_state, read_content
from lineage.delivery.evidence.digest_memory import DigestMemory
from lineage.delivery.evidence.local_file import LocalFileResolver
from lineage.delivery.evidence.protocol import Subject


def digest_of(content: bytes) -> str:
    """Return the digest as facts hold it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def subject(path: Path, *, is_input: bool = True) -> Subject:
    """Describe a file in the state that it has now."""
    stat = current_state(str(path)) or {}
    return Subject("file", is_input, time.time_ns(), path=str(path), stat=stat)


_OPENED: list[DigestMemory] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Close the memories of a test when it has ended."""
    yield
    while _OPENED:
        _OPENED.pop().close()


def memory_in(home: Path | None, *machine: str) -> DigestMemory:
    """Open a memory of digests as one more process would."""
    _OPENED.append(DigestMemory(home, *machine))
    return _OPENED[-1]


def resolver(home: Path | None = None, **more: Any) -> LocalFileResolver:
    """Make a resolver with a memory of its own."""
    limit = more.pop("max_bytes", None)
    return LocalFileResolver(memory_in(home), limit, time.sleep)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the files that are read."""
    paths: list[str] = []

    def counted(path: str, **how: Any) -> Any:
        paths.append(path)
        return read_content(path, **how)

    monkeypatch.setattr(local_file, "read_content", counted)
    return paths


def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    """Size, times and digest belong to one state."""
    path = tmp_path / "a"
    path.write_bytes(b"content")
    one = subject(path)
    found = resolver().resolve(one)
    assert found == {"stat": {**one.stat, "digest": digest_of(b"content")}}


@pytest.mark.parametrize(
    "change",
    [
        "rewrite",
        "replace",
        "remove",
        "folder",
        pytest.param("pipe", marks=pytest.mark.posix),
    ],
)
def test_a_file_that_changed_has_no_digest(tmp_path: Path, change: str) -> None:
    """A state that is gone keeps its numbers and is marked; nothing blocks."""
    path = tmp_path / "a"
    path.write_bytes(b"content")
    os.utime(path, ns=(5, 5))
    one = subject(path)
    path.rename(tmp_path / "moved")
    if change == "rewrite":
        (tmp_path / "moved").rename(path)
        path.write_bytes(b"CONTENT")
        os.utime(path, ns=(5, 5))
    elif change == "replace":
        shutil.copy2(tmp_path / "moved", path)
    elif change == "folder":
        path.mkdir()
    elif change == "pipe":
        os.mkfifo(path)
    assert resolver().resolve(one) == {"stat": {**one.stat, "changed": True}}


def test_copies_of_equal_size_and_time_are_two_states(tmp_path: Path) -> None:
    """The change time distinguishes what `shutil.copy2` makes look alike."""
    path, files = tmp_path / "in", resolver(tmp_path)
    digests = []
    for content in (b"one", b"two"):
        source = tmp_path / "source"
        source.write_bytes(content)
        os.utime(source, ns=(5, 5))
        shutil.copy2(source, path)
        found = files.resolve(subject(path))
        assert found is not None
        digests.append(found["stat"]["digest"])
        time.sleep(0.03)
    assert digests == [digest_of(b"one"), digest_of(b"two")]


def test_an_unchanged_file_is_read_by_one_process_alone(
    tmp_path: Path, reads: list[str]
) -> None:
    """A second process finds the digest in the home and reads none of the file."""
    path = tmp_path / "a"
    path.write_bytes(b"content")
    first = resolver(tmp_path).resolve(subject(path))
    assert resolver(tmp_path).resolve(subject(path)) == first
    assert reads == [str(path)]


def test_what_was_gone_is_looked_for_again(tmp_path: Path) -> None:
    """A file that was moved away and comes back has its digest."""
    path, files = tmp_path / "a", resolver()
    path.write_bytes(b"content")
    path.rename(tmp_path / "away")
    one = Subject("file", True, 0, path=str(path), stat=subject(tmp_path / "away").stat)
    assert files.resolve(one) == {"stat": {**one.stat, "changed": True}}
    (tmp_path / "away").rename(path)
    found = files.resolve(subject(path))
    assert found is not None
    assert found["stat"]["digest"] == digest_of(b"content")


def test_a_digest_outlives_its_file(tmp_path: Path) -> None:
    """A state that was read once has its digest also after the file was rewritten."""
    path = tmp_path / "a"
    path.write_bytes(b"Monday")
    monday = subject(path)
    resolver(tmp_path).resolve(monday)
    path.write_bytes(b"Tuesday")
    found = resolver(tmp_path).resolve(monday)
    assert found is not None
    assert found["stat"]["digest"] == digest_of(b"Monday")


def test_a_touched_file_is_the_version_it_was(tmp_path: Path) -> None:
    """Equal bytes before and after a change of the times mean: the same version."""
    path, files = tmp_path / "a.h5", resolver(tmp_path)
    path.write_bytes(b"content")
    os.utime(path, ns=(5, 5))
    files.resolve(subject(path))
    os.utime(path, ns=(6, 6))
    declared = subject(path)
    os.utime(path, ns=(7, 7))
    found = files.resolve(declared)
    assert found is not None
    assert found["stat"]["digest"] == digest_of(b"content")
    path.write_bytes(b"CONTENT")
    assert files.resolve(declared) == {"stat": {**declared.stat, "changed": True}}


def test_an_output_that_is_still_open_or_mapped_is_not_pinned(tmp_path: Path) -> None:
    """A write through a mapping need not show in the state of the file."""
    path = tmp_path / "a"
    with path.open("w+b") as file:
        file.write(b"content")
        file.flush()
        declared = subject(path, is_input=False)
        assert resolver().resolve(declared) == {
            "stat": {**declared.stat, "is_open": True},
            "pinned": False,
            "pinned_reason": "still open for writing",
        }
        mapping = mmap.mmap(file.fileno(), 7)
    found = resolver().resolve(subject(path, is_input=False))
    assert found is not None
    assert found["pinned"] is False
    mapping.close()
    with path.open("rb"):
        found = resolver().resolve(subject(path, is_input=False))
    assert found is not None
    assert "digest" in found["stat"]


def test_a_file_beyond_the_bound_is_not_pinned(
    tmp_path: Path, reads: list[str]
) -> None:
    """The bound is named, and nothing is read."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * 2_000_000)
    found = resolver(max_bytes=1024 * 1024).resolve(subject(path))
    assert found is not None
    assert found["pinned"] is False
    assert "LINEAGE_DIGEST_MAX_MB (1 MB)" in found["pinned_reason"]
    assert reads == []


def test_a_file_that_changes_while_it_is_read_has_no_digest(tmp_path: Path) -> None:
    """Contents of two states are never mixed into one digest."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * 3_000_000)

    def write(_fd: int, _state: dict[str, Any]) -> None:
        path.write_bytes(b"y" * 3_000_000)

    assert read_content(str(path), look=write) is None


def test_a_home_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    """Without its file a process remembers for itself."""
    (tmp_path / "digests.sqlite").mkdir()
    path = tmp_path / "a"
    path.write_bytes(b"content")
    files = resolver(tmp_path)
    assert files.resolve(subject(path)) == files.resolve(subject(path))


def test_a_damaged_memory_is_no_trouble(tmp_path: Path) -> None:
    """A file that is no database is left as it is."""
    (tmp_path / "digests.sqlite").write_bytes(b"damaged" * 1000)
    path = tmp_path / "a"
    path.write_bytes(b"content")
    found = resolver(tmp_path).resolve(subject(path))
    assert found is not None
    assert "digest" in found["stat"]


def test_many_threads_share_one_memory(tmp_path: Path) -> None:
    """Digests are the right ones whoever asks for them at the same time."""
    files, wrong = resolver(tmp_path), []
    paths = [tmp_path / f"f{number}" for number in range(20)]
    for path in paths:
        path.write_bytes(path.name.encode())

    def digest() -> None:
        for path in paths:
            found = files.resolve(subject(path))
            if found is None or found["stat"]["digest"] != digest_of(
                path.name.encode()
            ):
                wrong.append(path)

    threads = [threading.Thread(target=digest) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.posix
def test_edges_of_a_dead_process_are_taken_over_once(tmp_path: Path) -> None:
    """What a process left is found by the next one, and by one alone."""
    memory = memory_in(tmp_path, "host")
    pid = os.fork()
    if pid == 0:
        memory_in(tmp_path, "host").want([("e-1", "{}")])
        os._exit(0)
    os.waitpid(pid, 0)
    assert memory_in(tmp_path, "other").adopt() == []
    assert memory.adopt() == [("e-1", "{}")]
    assert memory.adopt() == []
    pid = os.fork()
    if pid == 0:
        os._exit(len(memory_in(tmp_path, "host").adopt()))
    assert os.waitpid(pid, 0)[1] == 0
    memory.found("e-1")
