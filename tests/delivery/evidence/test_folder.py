"""Folders: a manifest that others can check, and bounds that are named."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

from lineage.delivery.evidence.digest_memory import DigestMemory
from lineage.delivery.evidence.folder import FolderBounds, FolderResolver
from lineage.delivery.evidence.local_file import LocalFileResolver
from lineage.delivery.evidence.protocol import Subject
from lineage.delivery.evidence.resolvers import make_finder
from lineage.settings import Settings


def resolve(
    path: Path, at_ns: int | None = None, begun_ns: int = 0, **how: Any
) -> dict[str, Any]:
    """Look at a folder as it is now."""
    files = LocalFileResolver(DigestMemory(None), None, time.sleep)
    at_ns = time.time_ns() if at_ns is None else at_ns
    found = FolderResolver(files, **how).resolve(
        Subject("folder", not begun_ns, at_ns, begun_ns, path=str(path))
    )
    assert found is not None
    return found


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


FILES = {"b.txt": b"2", "a.txt": b"1", "sub/c": b"3", "sub/d e": b""}


def test_a_small_folder_has_the_digest_that_other_tools_compute(tmp_path: Path) -> None:
    """`h1:` is in-toto's `dirHash`: the hash of `sha256sum`'s lines, sorted by name."""
    found = resolve(fill(tmp_path, FILES))
    lines = "".join(
        f"{hashlib.sha256(FILES[name]).hexdigest()}  {name}\n" for name in sorted(FILES)
    )
    digest = base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()
    assert found["manifest"]["digest"] == f"h1:{digest}"
    assert found["evidence"][0] == {"kind": "dirhash-h1", "value": f"h1:{digest}"}
    assert [entry[0] for entry in found["manifest"]["entries"]] == sorted(FILES)
    assert (found["manifest"]["files"], found["manifest"]["bytes"]) == (4, 3)


def test_a_copy_of_a_folder_is_the_same_version(tmp_path: Path) -> None:
    """Contents and names count, the times do not."""
    one, two = fill(tmp_path / "1", FILES), fill(tmp_path / "2", FILES)
    os.utime(two / "a.txt", ns=(1, 1))
    found = [resolve(one), resolve(two)]
    assert found[0]["evidence"][0] == found[1]["evidence"][0]
    assert found[0]["evidence"][1] != found[1]["evidence"][1]
    fill(two, {"new": b""})
    assert resolve(two)["evidence"][0] != found[1]["evidence"][0]


@pytest.mark.parametrize("change", ["none", "file", "times", "removal", "folder"])
def test_a_folder_that_its_step_did_not_write_is_marked(
    tmp_path: Path, change: str
) -> None:
    """Nothing in it is as new as the step; what any change leaves is."""
    fill(tmp_path, FILES)
    time.sleep(0.05)
    begun_ns = time.time_ns()
    time.sleep(0.05)
    if change == "file":
        (tmp_path / "sub/c").write_bytes(b"4")
    elif change == "times":
        os.utime(tmp_path / "a.txt", ns=(1, 1))
    elif change == "removal":
        (tmp_path / "sub/c").unlink()
    elif change == "folder":
        (tmp_path / "sub/new").mkdir()
    found = resolve(tmp_path, begun_ns=begun_ns)
    assert found.get("unwritten", False) is (change == "none")
    assert "unwritten" not in resolve(tmp_path)


def test_a_large_folder_is_known_by_names_sizes_and_times(tmp_path: Path) -> None:
    """Beyond the bound nothing is read, and the digest says so by its scheme."""
    fill(tmp_path, FILES)
    for bounds in (FolderBounds(read_files=3), FolderBounds(read_bytes=2)):
        found = resolve(tmp_path, bounds=bounds)
        assert found["manifest"]["digest"].startswith("stat:")
        assert [pair["kind"] for pair in found["evidence"]] == ["dir-stat"]
        assert found["evidence"][0] in resolve(tmp_path)["evidence"]


def test_a_folder_beyond_all_bounds_is_not_pinned(tmp_path: Path) -> None:
    """Too many files, or too slow a disk, is said and not guessed."""
    fill(tmp_path, {str(number): b"" for number in range(600)})
    many = resolve(tmp_path, bounds=FolderBounds(files=10))
    assert many == {"pinned": False, "pinned_reason": "more than 10 files"}
    slow = resolve(tmp_path, bounds=FolderBounds(walk_s=0))
    assert "0 seconds" in slow["pinned_reason"]


def test_a_folder_that_changed_since_is_not_pinned(tmp_path: Path) -> None:
    """A file that came, went or changed after the edge is no part of its version."""
    fill(tmp_path, FILES)
    before = time.time_ns()
    time.sleep(0.06)
    (tmp_path / "a.txt").unlink()
    found = resolve(tmp_path, before)
    assert found == {"pinned": False, "pinned_reason": "changed since it was declared"}


def test_a_folder_that_changed_right_after_is_not_pinned(tmp_path: Path) -> None:
    """The times of files never run ahead of the clock by which edges go."""
    fill(tmp_path, FILES)
    inside = [tmp_path, *tmp_path.rglob("*")]
    changed_ns = max(path.stat().st_ctime_ns for path in inside)
    assert resolve(tmp_path, changed_ns)["manifest"]["files"] == len(FILES)
    assert resolve(tmp_path, changed_ns - 1)["pinned"] is False


def test_a_folder_that_changes_while_it_is_read_is_not_pinned(
    tmp_path: Path, monkeypatch: Any
) -> None:
    """The listing after the reading must be the one before it."""
    fill(tmp_path, FILES)
    read = LocalFileResolver.digest

    def change(self: Any, path: str, stat: Any) -> Any:
        (tmp_path / "new").write_bytes(b"new")
        return read(self, path, stat)

    monkeypatch.setattr(LocalFileResolver, "digest", change)
    found = resolve(tmp_path, time.time_ns() + 10**9)
    assert found == {"pinned": False, "pinned_reason": "changed while it was read"}


@pytest.mark.posix
def test_links_and_odd_names_are_listed(tmp_path: Path) -> None:
    """A link counts as what it leads to; a dead one and a pipe hold nothing."""
    fill(tmp_path / "d", {"a": b"1"})
    (tmp_path / "d" / "link").symlink_to(tmp_path / "d" / "a")
    (tmp_path / "d" / "dead").symlink_to("nowhere")
    (tmp_path / "d" / "loop").symlink_to(tmp_path / "d")
    os.mkfifo(tmp_path / "d" / "pipe")
    with open(os.fsencode(tmp_path) + b"/d/\xff", "wb"):
        pass
    names = [entry[0] for entry in resolve(tmp_path / "d")["manifest"]["entries"]]
    assert names == ["a", "link", "\ufffd"]


def test_a_switched_off_digest_reads_no_content(tmp_path: Path) -> None:
    """`LINEAGE_DIGEST=off` leaves names, sizes and times."""
    fill(tmp_path, FILES)
    finder = make_finder(Settings(digest="off"), DigestMemory(None))
    one = Subject("folder", True, time.time_ns(), path=str(tmp_path))
    assert finder.find(one)["manifest"]["digest"].startswith("stat:")
    stat = {"size": 1, "mtime_ns": 1}
    file = Subject("file", True, 0, path=str(tmp_path / "a.txt"), stat=stat)
    assert finder.find(file) == {}


def test_a_folder_that_is_gone_gives_no_evidence(tmp_path: Path) -> None:
    """What cannot be listed has no version here."""
    files = LocalFileResolver(DigestMemory(None), None, time.sleep)
    one = Subject("folder", True, 0, path=str(tmp_path / "gone"))
    assert FolderResolver(files).resolve(one) is None
