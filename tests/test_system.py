"""What operating systems do differently, by what the interpreter offers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineage import system


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the calls that POSIX alone has."""
    for name in ("pread", "pwrite", "posix_fallocate", "fdatasync"):
        monkeypatch.delattr(os, name, raising=False)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | system.BINARY)


def test_a_lock_belongs_to_one_descriptor(tmp_path: Path) -> None:
    """It ends when that one is closed."""
    one, other = _opened(tmp_path / "a"), _opened(tmp_path / "a")
    assert system.locked(one)
    assert not system.locked(other)
    os.close(one)
    assert system.locked(other, wait=True)
    os.close(other)


def test_places_are_read_and_written_without_the_calls_for_it(
    tmp_path: Path, bare: None
) -> None:
    """Bytes stay as they are, newlines as well."""
    fd = _opened(tmp_path / "a")
    system.allocate(fd, 3_000_000)
    assert system.write_at(fd, b"a\r\nb\n", 2_000_000) == 5
    assert system.read_at(fd, 5, 2_000_000) == b"a\r\nb\n"
    assert system.read_at(fd, 9, 2_999_998) == b"\0\0"
    system.sync(fd)
    os.close(fd)
    assert (tmp_path / "a").stat().st_size == 3_000_000


def test_a_process_lives_until_it_was_waited_for() -> None:
    """Its number alone says it."""
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert system.is_process_alive(child.pid)
    child.communicate(b"\n")
    assert not system.is_process_alive(child.pid)
    assert system.is_process_alive(os.getpid())


@pytest.mark.parametrize("kind", ["rename", "remove"])
def test_a_file_that_keeps_its_name_while_open_is_closed_before(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try meets the open descriptor, the next one does not."""
    path, target = tmp_path / "a", tmp_path / "b"
    fd = _opened(path)
    name = "rename" if kind == "rename" else "unlink"
    real = getattr(Path, name)

    def change(*args: object, **options: object) -> None:
        try:
            os.fstat(fd)
        except OSError:
            real(*args, **options)
        else:
            raise PermissionError(13, "it is being used")

    monkeypatch.setattr(Path, name, change)
    if kind == "rename":
        system.rename_and_close(fd, path, target)
    else:
        system.remove_and_close(fd, path)
    assert not path.exists()
    assert target.exists() == (kind == "rename")


def test_what_is_never_let_go_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that may not be changed is an error of the caller's, and no leak."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    fd = _opened(tmp_path / "a")
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(PermissionError):
        system.remove_and_close(fd, tmp_path / "a")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
