"""Downloads are whole or not there, with the rights of any new file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lineage.api.atomic_download import aside


@pytest.mark.posix
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640)])
def test_a_download_has_the_rights_of_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int, mode: int
) -> None:
    """The umask counts, and is never changed: other threads make files meanwhile."""
    before = os.umask(umask)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(os, "umask", lambda mask: pytest.fail("umask was changed"))
            with aside(tmp_path / "new" / "f") as opened:
                opened.write(b"content")
    finally:
        os.umask(before)
    assert (tmp_path / "new" / "f").stat().st_mode & 0o777 == mode
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["f"]


def test_a_download_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """The file that is there stays, and nothing lies beside it."""
    target = tmp_path / ("long name " * 20)
    target.write_bytes(b"old")
    with pytest.raises(ValueError, match="cut off"):
        _fail_to_download(target)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def _fail_to_download(target: Path) -> None:
    with aside(target) as opened:
        opened.write(b"new")
        raise ValueError("cut off")
