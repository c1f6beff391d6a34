"""`lineage import openlineage`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lineage.cli import main


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files lie in the working directory."""
    monkeypatch.chdir(tmp_path)


def _event(run: str, **more: Any) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-01T00:00:00Z",
        "run": {"runId": run},
        "job": {"namespace": "n", "name": f"job {run}"},
        "inputs": [{"namespace": "db://h", "name": "orders"}],
        **more,
    }


def _jobs(capsys: pytest.CaptureFixture[str]) -> set[str]:
    capsys.readouterr()
    assert main(["tasks", "--json"]) == 0
    return {t["node"]["name"] for t in json.loads(capsys.readouterr().out)["tasks"]}


@pytest.mark.parametrize("form", ["lines", "array", "one", "folder"])
def test_files_of_each_form_are_taken_in(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON lines, an array, a single event, and a folder with files of them."""
    events = [_event("a"), _event("b")] if form != "one" else [_event("a")]
    file = Path("events.json")
    if form == "folder":
        Path("folder", "deep").mkdir(parents=True)
        file = Path("folder", "deep", "events.jsonl")
    text = json.dumps(events) if form == "array" else "\n".join(map(json.dumps, events))
    file.write_text(text)
    name = "folder" if form == "folder" else str(file)
    assert main(["import", "openlineage", name]) == 0
    assert _jobs(capsys) == {f"job {event['run']['runId']}" for event in events}


def test_importing_twice_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """The same events are one truth."""
    Path("e.json").write_text(json.dumps(_event("a")))
    for _ in range(2):
        assert main(["import", "openlineage", "e.json"]) == 0
    assert _jobs(capsys) == {"job a"}


def test_a_file_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the file and the line."""
    Path("e.jsonl").write_text('{"a": 1}\n{oops\n')
    assert main(["import", "openlineage", "e.jsonl"]) == 2
    assert "e.jsonl, line 2 is no JSON" in capsys.readouterr().err
    assert main(["import", "openlineage", "absent.json"]) == 2
    assert "absent.json cannot be read" in capsys.readouterr().err


def test_what_is_refused_is_named_by_its_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line spoils no other, whether it is no event or can be none."""
    bad = {
        3: {"run": {}, "job": {}},
        1203: _event("nul", job={"namespace": "n", "name": "a\0"}),
        1207: _event("half", job={"namespace": "n", "name": "a\udcff"}),
        1210: _event("nan", x=float("nan")),
    }
    events = [bad.get(line) or _event(f"r{line % 20}") for line in range(1, 1221)]
    Path("e.jsonl").write_text("\n".join(map(json.dumps, events)), "utf-8-sig")
    assert main(["import", "openlineage", "e.jsonl", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["received"] == 1216
    named = [text.split(":")[0] for text in answer["ignored"]]
    assert named == [f"e.jsonl, line {line}" for line in bad]
    assert _jobs(capsys) == {f"job r{number}" for number in range(20)}


def test_a_file_that_is_nested_too_deeply_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As one text, and as a line."""
    for text in ("[" * 100_000, '{"a": 1}\n' + "[" * 100_000):
        Path("e.jsonl").write_text(text)
        assert main(["import", "openlineage", "e.jsonl"]) == 2
        assert "nested too deeply" in capsys.readouterr().err


def test_what_is_left_out_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing could be taken in, the exit code says so."""
    Path("e.json").write_text(json.dumps([{"run": {}, "job": {}}]))
    assert main(["import", "openlineage", "e.json"]) == 1
    assert "job.name" in (out := capsys.readouterr().out) or "eventTime" in out
