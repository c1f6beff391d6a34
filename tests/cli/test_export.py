"""`lineage export` and `lineage passport`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lineage
from lineage.cli import main


@pytest.fixture(autouse=True)
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One task with an input and an output."""
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("a")
    Path("b.csv").write_text("b")
    with lineage.task(name="Copy") as task:
        task.uses_file("a.csv")
        task.produces_file("b.csv")
    assert lineage.flush(20)


def test_an_export_goes_to_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--out` the document itself is printed, and nothing else."""
    assert main(["export", "b.csv"]) == 0
    names = {node["name"] for node in json.loads(capsys.readouterr().out)["nodes"]}
    assert names == {"a.csv", "b.csv", "Copy"}


def test_a_name_starts_at_the_current_version(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As with `show` and `provenance`; a set has all versions that it means."""
    Path("b.csv").write_text("c")
    with lineage.task(name="Copy again") as task:
        task.uses_file("a.csv")
        task.produces_file("b.csv")
    assert lineage.flush(20)
    found = {}
    for selector in ("b.csv", "b.csv@-2", "b.csv & kind:file"):
        assert main(["export", selector]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["selector"] == selector
        found[selector] = {n["name"] for n in document["nodes"] if n["type"] == "task"}
    assert list(found.values()) == [{"Copy again"}, {"Copy"}, {"Copy", "Copy again"}]
    out = tmp_path / "passport"
    assert main(["passport", "b.csv", "--out", str(out)]) == 0
    assert "4 nodes" not in capsys.readouterr().out
    assert "Copy again" in (out / "lineage.csv").read_text()
    assert main(["export", "c.csv"]) == 2
    assert "nothing is called 'c.csv'" in capsys.readouterr().err


def test_an_export_goes_to_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """With `--out` the file holds the document and the command names the file."""
    assert main(["export", "b.csv", "--as", "mermaid", "--out", "b.mmd"]) == 0
    assert Path("b.mmd").read_text().startswith("flowchart LR")
    assert "b.mmd" in capsys.readouterr().out


def test_hops_bound_an_export(capsys: pytest.CaptureFixture[str]) -> None:
    """`--up 1` stops at the task that made the output, `all` at the beginning."""
    assert main(["export", "b.csv", "--up", "1", "--as", "csv"]) == 0
    assert "a.csv" not in capsys.readouterr().out
    assert main(["export", "a.csv", "--up", "0", "--as", "csv"]) == 0
    assert "b.csv" not in capsys.readouterr().out
    words = ["--up", "all", "--down", "all"]
    assert main(["export", "a.csv", *words, "--as", "csv"]) == 0
    assert "b.csv" in capsys.readouterr().out


def test_a_file_that_cannot_be_written_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The error names the file and what to do."""
    assert main(["export", "b.csv", "--out", "no/such/b.json"]) == 2
    assert "no/such/b.json cannot be written" in capsys.readouterr().err


def test_a_passport_that_cannot_be_written_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file stands where a folder is needed: the error names the passport."""
    Path("taken").write_text("a file")
    assert main(["passport", "b.csv", "--out", "taken/passport"]) == 2
    printed = capsys.readouterr().err
    assert "passport cannot be written" in printed
    assert "name another --out" in printed


def test_a_passport_is_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    """All formats and the files themselves lie in one folder."""
    assert main(["passport", "b.csv", "--out", "out", "--with-files"]) == 0
    assert Path("out", "lineage.html").exists()
    copied = [path.name for path in Path("out", "files").rglob("*.csv")]
    assert sorted(copied) == ["a.csv", "b.csv"]
    assert "out" in capsys.readouterr().out
