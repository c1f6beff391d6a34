"""Files: one stat on the app's thread."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import lineage
from lineage.recording.file_stat import seen_on_disk
from lineage.testing import capture


def test_a_local_file_is_told_with_its_stat(tmp_path: Path) -> None:
    """Size, time, inode and the absolute path."""
    path = tmp_path / "x.bin"
    path.write_bytes(b"12345")
    told = json.loads("{" + seen_on_disk(str(path), str(path))[1:] + "}")
    stat = path.stat()
    assert told["stat"] == {
        "size": 5,
        "mtime_ns": stat.st_mtime_ns,
        "inode": stat.st_ino,
    }
    assert told["local_path"] == str(path)


def test_relative_paths_become_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path as said is the id; where it lay is absolute."""
    monkeypatch.chdir(tmp_path)
    Path("x.bin").touch()
    with capture() as recorded:
        lineage.current_task().produces_file("./x.bin")
    edge = recorded.edges[0]
    assert edge["id"] == "./x.bin"
    assert edge["local_path"] == os.path.join(os.getcwd(), "x.bin")


@pytest.mark.parametrize(
    "path", ["not/there", "s3://bucket/x", "/", "a\x00b", "x" * 5000, "y" * 300]
)
def test_what_is_no_local_file_has_none(path: str) -> None:
    """URIs, folders, absent and impossible paths are told without a stat."""
    assert seen_on_disk(path, path) == ""


def test_changed_content_is_another_fact(tmp_path: Path) -> None:
    """A path recorded twice is told twice only when the file changed."""
    path = tmp_path / "x.bin"
    path.write_bytes(b"1")
    with capture() as recorded:
        task = lineage.current_task()
        task.produces_file(path)
        task.produces_file(path)
        path.write_bytes(b"22")
        task.produces_file(path)
    assert [e["stat"]["size"] for e in recorded.edges] == [1, 2]
