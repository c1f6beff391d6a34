"""Digests: only of what was seen when recording."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from lineage.delivery.digests import Digests


def fact_of(path: Path, **more: Any) -> dict[str, Any]:
    """Tell of a file as the recorder does."""
    seen = path.stat()
    stat = {"size": seen.st_size, "mtime_ns": seen.st_mtime_ns, "inode": seen.st_ino}
    return {"stat": {**stat, **more}, "local_path": str(path)}


def never() -> None:
    """Stand where no background work is expected."""
    raise AssertionError


def test_an_unchanged_file_gets_its_digest(tmp_path: Path) -> None:
    """The digest is that of the bytes recorded."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    fact = fact_of(path)
    assert Digests().fill(fact, never)
    expected = hashlib.sha256(b"content").hexdigest()
    assert fact["stat"]["digest"] == f"sha256:{expected}"


def test_a_changed_replaced_or_vanished_file_is_marked(tmp_path: Path) -> None:
    """A file never gets a digest that it did not have."""
    path = tmp_path / "file"
    for change in ("touch", "replace", "remove"):
        path.write_bytes(b"content")
        fact = fact_of(path)
        if change == "touch":
            os.utime(path, ns=(1, 1))
        elif change == "remove":
            path.unlink()
        else:
            other = tmp_path / "other"
            other.write_bytes(b"CONTENT")
            os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
            other.replace(path)
        assert Digests().fill(fact, never)
        assert fact["stat"]["changed"] is True, change
        assert "digest" not in fact["stat"]


def test_what_is_no_local_file_is_left_alone() -> None:
    """Facts without a stat, or with a digest already, pass as they are."""
    for fact in ({}, {"stat": None}, {"stat": {"digest": "x"}, "local_path": "y"}):
        before = repr(fact)
        assert Digests().fill(fact, never)
        assert repr(fact) == before


def test_the_oldest_digests_are_forgotten(tmp_path: Path, monkeypatch: Any) -> None:
    """A process that records for months does not remember every file."""
    monkeypatch.setattr("lineage.delivery.digests._MOST_KNOWN", 2)
    digests = Digests()
    for number in range(4):
        path = tmp_path / str(number)
        path.write_bytes(b"x")
        digests.fill(fact_of(path), never)
        digests.fill(fact_of(path), never)
    assert len(digests._known) == 2
