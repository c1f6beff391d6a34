"""A home that cannot be read is named, with what to do, and is never healthy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from journal_tools import edge, journal_at

from lineage.cli import main
from lineage.delivery import status as status_module
from lineage.delivery.status import read_status
from lineage.journal.directory import JournalDirectory

NOBODY = 65534


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a home with one fact, in a place that any user may enter."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    home = place / "home"
    home.mkdir(mode=0o755)
    journal = journal_at(home)
    journal.write(edge(1))
    yield home
    journal.reset_after_fork()  # as if it had ended: it holds no file any more
    shutil.rmtree(place)


@contextmanager
def _without_rights() -> Iterator[None]:
    """Be no superuser for a moment."""
    _load_all_commands()
    user = os.geteuid()
    if user:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@cache
def _load_all_commands() -> None:
    """Load what the commands need: another user may not read the libraries."""
    with tempfile.TemporaryDirectory() as place:
        journal_at(Path(place)).write(edge(1))
        for command in ("status", "flush", "retry", "status"):
            main((command, "--home", place))


def _typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(words)
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    assert "everything is delivered" not in printed.out
    return code, printed.out + printed.err


@pytest.mark.parametrize("taken", ["home", "home/journal"])
@pytest.mark.parametrize("command", ["status", "flush", "retry"])
def test_a_file_in_the_folders_place_is_reported(
    command: str, taken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is named, and what to do; nothing claims that all is delivered."""
    wrong = tmp_path / taken
    wrong.parent.mkdir(exist_ok=True)
    wrong.write_text("in the way")
    code, printed = _typed(capsys, command, "--home", str(tmp_path / "home"))
    assert code == 2
    assert f"{wrong} is no folder" in printed.replace("\n", " ")
    assert "LINEAGE_HOME" in printed


@pytest.mark.posix
@pytest.mark.parametrize("closed", ["", "journal"])
@pytest.mark.parametrize("command", ["status", "flush", "retry"])
def test_a_folder_without_rights_is_reported(
    command: str, closed: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A home or a journal that may not be listed is named with the reason."""
    (home / closed).chmod(0)
    with _without_rights():
        capsys.readouterr()
        code, printed = _typed(capsys, command, "--home", str(home))
    (home / closed).chmod(0o700)
    assert code == 2
    assert f"{home / 'journal'} cannot be read (Permission denied)" in printed
    assert "as a user who may read it" in printed


@pytest.mark.posix
def test_files_of_another_user_are_counted_as_unknown(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What can be read is shown beside the number of files that cannot."""
    (home / "journal").chmod(0o755)
    [segment] = (home / "journal").glob("*.seg")
    segment.chmod(0)
    with _without_rights():
        capsys.readouterr()
        code, printed = _typed(capsys, "status", "--home", str(home))
        flushed, recorded_flush = _typed(
            capsys, "flush", "--home", str(home), "--timeout", "5"
        )
    assert (code, flushed) == (2, 2)
    assert "1 of the files in" in printed
    assert "cannot be opened for writing (Permission denied)" in recorded_flush


@pytest.mark.posix
def test_a_file_that_goes_while_it_is_read_is_delivered(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may deliver between our look and our hand: no problem."""
    [segment] = (home / "journal").glob("*.seg")
    monkeypatch.setattr(JournalDirectory, "files_with_suffix", lambda *_: [segment])
    segment.unlink()
    status = read_status(home)
    assert (status.waiting, status.problem) == (0, None)


@pytest.mark.posix
def test_a_journal_that_goes_while_it_is_read_is_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that was deleted between two looks holds nothing."""
    monkeypatch.setattr(status_module, "problem_of", shutil.rmtree)
    status = read_status(home)
    assert (status.waiting, status.problem) == (0, None)


def test_a_journal_that_is_closed_while_it_is_read_is_reported(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rights that go between two looks end in the same message."""

    def refused(*_: object) -> list[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(JournalDirectory, "files_with_suffix", refused)
    assert "cannot be read (Permission denied)" in (read_status(home).problem or "")


def test_a_home_in_order_shows_no_problem(home: Path) -> None:
    """One fact waits."""
    status = read_status(home)
    assert (status.waiting, status.problem) == (1, None)
