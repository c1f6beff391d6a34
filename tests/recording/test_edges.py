"""What the app's thread records of a path: its place, and one stat."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage.recording.edges import (
    absolute,
    file_members,
    local_path,
    look,
    place_members,
)
from lineage.recording.host_info import machine_name
from lineage.testing import capture


def members(text: str) -> dict[str, Any]:
    """Read the members of a fact."""
    found: dict[str, Any] = json.loads("{" + text.removeprefix(",") + "}")
    return found


def place(text: str, shown: str | None = None, **more: Any) -> dict[str, Any]:
    """Read the members that locate a path."""
    shown = text if shown is None else shown
    return members(place_members(text, shown, local_path(text), **more))


def test_a_file_is_recorded_with_its_state(tmp_path: Path) -> None:
    """Size, times, inode and device are those of one stat."""
    path = tmp_path / "a.csv"
    path.write_text("content")
    seen = path.stat()
    assert members(file_members(str(path))) == {
        "stat": {
            "size": 7,
            "mtime_ns": seen.st_mtime_ns,
            "ctime_ns": seen.st_ctime_ns,
            "inode": seen.st_ino,
            "dev": seen.st_dev,
        }
    }
    assert file_members(local_path(f"file://{path}")) == file_members(str(path))


@pytest.mark.parametrize(
    "text", ["s3://bucket/a", "nowhere", "/dev/null", "x" * 5000, "a\0b", "."]
)
def test_what_is_no_regular_file_has_no_state(text: str) -> None:
    """Addresses, folders, devices and absent files are never opened."""
    assert file_members(local_path(text)) == ""


@pytest.mark.posix
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A FIFO is seen and left alone."""
    os.mkfifo(tmp_path / "pipe")
    assert look(str(tmp_path / "pipe")) is None


def test_an_output_older_than_its_step_is_unwritten(tmp_path: Path) -> None:
    """Only a file whose content and inode are older than the step counts as found."""
    path = tmp_path / "a"
    path.write_text("x")
    later = time.time_ns() + 10**9
    assert members(file_members(str(path), later))["unwritten"] is True
    assert "unwritten" not in file_members(str(path), path.stat().st_mtime_ns)
    os.utime(path, ns=(1, 1))  # as `shutil.copy2` and archives do
    assert "unwritten" not in file_members(str(path), path.stat().st_ctime_ns)


def test_a_path_is_absolute_at_the_call(tmp_path: Path, monkeypatch: Any) -> None:
    """A relative path names the file of the working folder of that moment."""
    monkeypatch.chdir(tmp_path)
    assert place("a.csv")["local_path"] == f"{tmp_path}/a.csv"
    monkeypatch.chdir("/")
    assert place("a.csv")["local_path"] == "/a.csv"
    assert place("a.csv")["machine"] == json.loads(machine_name())


@pytest.mark.skipif(os.sep != "/", reason="elsewhere such a path lacks its drive")
@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("/a/b", "/a/b"),
        ("/a//b/", "/a/b"),
        ("/a/./b/../c", "/a/c"),
        ("//a", "/a"),
        ("/", "/"),
        ("/a/.hidden", "/a/.hidden"),
    ],
)
def test_an_absolute_path_has_one_spelling(written: str, path: str) -> None:
    """Dots, doubled slashes and one at the end are folded."""
    assert absolute(written) == path


def test_a_path_that_lacks_its_drive_gets_it(monkeypatch: Any) -> None:
    r"""On Windows `/data/x` and `C:\data\x` are one file, and have one name."""
    drive = {"/data/x": "C:\\data\\x", "C:/data/../x": "C:\\x"}
    monkeypatch.setattr("lineage.recording.edges._ROOT", None)
    monkeypatch.setattr("os.path.abspath", drive.__getitem__)
    assert [absolute(path) for path in drive] == list(drive.values())


@pytest.mark.skipif(os.sep != "/", reason="elsewhere `..` is folded as text")
def test_two_dots_leave_the_folder_that_a_link_leads_to(
    tmp_path: Path, monkeypatch: Any
) -> None:
    """`link/../x` is the file beside what the link leads to, as it is when opened."""
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep")
    monkeypatch.chdir(tmp_path)
    for written in ("link/../x", f"{tmp_path}/link/../x", "../{}/link/./../x/"):
        given = written.format(tmp_path.name)
        assert absolute(given) == f"{tmp_path}/real/x"
    assert absolute("link/..") == f"{tmp_path}/real"
    assert absolute("../x..y/..z") == f"{tmp_path.parent}/x..y/..z"


def test_an_address_needs_no_place() -> None:
    """The canonical form of an address is made in the background."""
    assert place("s3://bucket/a") == {}
    assert local_path("s3:/bucket/a") is None
    assert place("file:///x/a%20b")["local_path"] == "/x/a b"


def test_masked_names_stay_different() -> None:
    """Names that differ only in a secret never become one; a signature is no name."""
    one = place("https://h/x?key=a", "https://h/x?key=****")
    two = place("https://h/x?key=b", "https://h/x?key=****")
    assert one["canonical"] != two["canonical"]
    assert one == place("https://h/x?key=a&sig=2", "https://h/x?key=****&sig=****")
    assert "key=***" in one["canonical"]
    other = place("https://h/x?key=a", "https://h/x?key=****", key="team")
    assert other["canonical"] != one["canonical"]
    signed = place("https://h/x?X-Amz-Signature=1", "https://h/x?X-Amz-Signature=****")
    assert signed["canonical"] == "https://h/x"
    paths = [place(f"/d/{secret}/x", "/d/****/x")["local_path"] for secret in "ab"]
    assert paths[0] != paths[1]
    assert paths[0].startswith("/d/***")


@pytest.mark.skipif(not os.path.exists("/proc/self/cwd"), reason="Linux shows it")
@pytest.mark.parametrize("path", ["x.csv", "./x.csv", "sub/../x.csv"])
def test_a_path_in_a_working_directory_that_was_deleted_has_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Nothing lies there now, but the edge names the artifact as it was."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert absolute(path) == f"{folder}/x.csv"


@pytest.mark.parametrize("name", ["token=1/part", "token=abc", "secret=1 token=2/x"])
def test_a_relative_path_is_masked_as_the_place_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A partition is no secret, however it is written; a secret stays one."""
    monkeypatch.chdir(tmp_path)
    with capture() as recorded:
        task = lineage.current_task()
        task.uses_file(name)
        task.uses_file(f"{tmp_path}/{name}")
    relative, whole = recorded.edges
    assert relative["local_path"] == whole["local_path"]
    assert ("***" in relative["id"]) is ("***" in whole["id"])


def test_a_tilde_is_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other names that begin so stay, and a folder of that name is one."""
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("USERPROFILE", "/home/ada")
    monkeypatch.chdir(tmp_path)
    assert local_path("~/a.csv") == "/home/ada/a.csv"
    for name in ("~a.csv", "~$book.xlsx", "a~/b"):
        assert local_path(name) == name
    (tmp_path / "~").mkdir()
    assert local_path("~/a.csv") == "~/a.csv"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:///x.db", "x.db"),
        ("sqlite:////data/x.db", "/data/x.db"),
        ("sqlite+aiosqlite:///sub/x.db?timeout=3", "sub/x.db"),
        ("duckdb:///x.duckdb", "x.duckdb"),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("sqlite:///file:x.db?uri=true", None),
        ("snowflake:///x", None),
        ("s3:///x", None),
    ],
)
def test_the_address_of_an_embedded_database_is_its_file(
    address: str, path: str | None
) -> None:
    """So the databases of two projects are two, and each is that of its path."""
    assert local_path(address) == path


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("zip://in.csv::a.zip", "a.zip"),
        ("tar://in.csv::file:///data/a%20b.tar", "/data/a b.tar"),
        ("simplecache::zip://in.csv::~x/a.zip", "~x/a.zip"),
        ("filecache::file:///data/a.csv", "/data/a.csv"),
        ("zip://in.csv::s3://b/a.zip", None),
        ("s3://b/zip::a.zip", None),
        ("simplecache::s3://b/a.csv", None),
    ],
)
def test_what_is_read_out_of_a_local_archive_is_the_archive(
    address: str, path: str | None
) -> None:
    """So who made the archive is found, and archives of two projects are two."""
    assert local_path(address) == path
