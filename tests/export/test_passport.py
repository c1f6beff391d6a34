"""A passport holds all formats, the manifest of digests, and the files on request."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from lineage.export import FORMATS, GraphRecord, PassportError, write_passport


def test_a_passport_has_all_formats(example: GraphRecord, tmp_path: Path) -> None:
    """Each format has its file, and the manifest has the digest of each."""
    report = write_passport(example, tmp_path / "out")
    manifest = json.loads((report.path / "manifest.json").read_text("utf-8"))
    assert set(manifest["documents"]) == {row.file for row in FORMATS.values()}
    for name, digest in manifest["documents"].items():
        content = (report.path / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest


def test_files_go_along_as_they_were_recorded(
    example: GraphRecord, tmp_path: Path
) -> None:
    """A file that changed since is left out and named; the others are copied."""
    (tmp_path / "result.csv").write_text("something else\n")
    report = write_passport(example, tmp_path / "out", with_files=True)
    manifest = json.loads((report.path / "manifest.json").read_text("utf-8"))
    files = {a["name"]: a["file"] for a in manifest["artifacts"] if "file" in a}
    copied = (report.path / files["data.csv"]).read_bytes()
    assert copied == (tmp_path / "data.csv").read_bytes()
    assert [name.split(" (")[0] for name in report.missing] == ["result.csv"]


def test_a_passport_can_be_one_file(example: GraphRecord, tmp_path: Path) -> None:
    """A name that ends in .zip makes an archive with the same files."""
    report = write_passport(example, tmp_path / "p.zip")
    with zipfile.ZipFile(report.path) as archive:
        assert sorted(archive.namelist()) == list(report.files)
        assert archive.testzip() is None


def test_a_passport_replaces_nothing(example: GraphRecord, tmp_path: Path) -> None:
    """A folder with other files in it is refused, and stays as it was."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(PassportError, match="name a new folder"):
        write_passport(example, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]
