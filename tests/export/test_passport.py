"""A passport holds all formats, the manifest of digests, and the files on request."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from lineage.export import FORMATS, GraphRecord, PassportError, write_passport
from lineage.model.graph import Node


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


def _node(number: int, **members: object) -> Node:
    return Node(
        **{"key": f"data:{number}", "type": "data", "kind": "file", "id": "/x/a",
           "name": f"n{number}", "team_id": 1, **members}
    )  # fmt: skip


def test_files_that_cannot_go_along_are_named_with_the_reason(tmp_path: Path) -> None:
    """Folders, objects of storages and files whose content nobody recorded."""
    digest = f"sha256:{0:064x}"
    nodes = (
        _node(1, kind="folder", id=str(tmp_path)),
        _node(2, id="s3://b/k", digest=digest),
        _node(3, id=str(tmp_path / "a")),
        _node(4, id=str(tmp_path / "gone"), digest=digest),
        _node(5, kind="project", id="7"),
    )
    record = GraphRecord("x", 1.0, nodes, ())
    report = write_passport(record, tmp_path / "out", with_files=True)
    assert [reason.split(": ", 1)[0] for reason in report.missing] == [
        "n1 (data:1)", "n2 (data:2)", "n3 (data:3)", "n4 (data:4)",
    ]  # fmt: skip
    for reason, words in zip(
        report.missing,
        ("folders", "no file of a machine", "was not recorded", "not here"),
        strict=True,
    ):
        assert words in reason


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
