"""`lineage forget`: what slipped through is removed, and what stays is named."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lineage.instance.blobs import Blobs
from lineage.journal import segments
from lineage.journal.records import encode, read

SECRET = 'patient Käthe "K" 4711'


APP = """
import lineage
with lineage.task("run of " + SECRET) as task:
    task.uses_file("/data/" + SECRET + "/in.csv")
    with lineage.step("look at " + SECRET, value=SECRET):
        task.produces_file("s3://bucket/" + SECRET + ".csv")
    try:
        with lineage.step("fails"):
            task.uses_project(5)
            raise ValueError(SECRET)
    except ValueError:
        pass
assert lineage.flush(20)
"""


@pytest.fixture
def home(clean_environment: Path) -> Path:
    """A home with a run that holds the text in every place."""
    app = APP.replace("SECRET", repr(SECRET))
    subprocess.run([sys.executable, "-c", app], check=True, timeout=60)
    Blobs(clean_environment / "blobs").put([b"head ", SECRET.encode(), b" tail"])
    Blobs(clean_environment / "blobs").put([b"nothing of it"])
    return clean_environment


def bytes_of(home: Path) -> bytes:
    """Return all bytes of a home."""
    return b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())


def test_a_text_is_gone_from_every_file(type_, home: Path) -> None:
    """Rows, indices, free pages, journal and blobs: nowhere in the home it stands."""
    dry = type_("forget", "--text", SECRET, "--dry-run", "--json").data
    assert dry["rows"]["entities.ident"] == 2
    assert SECRET.encode() in bytes_of(home)
    done = type_("forget", "--text", SECRET, "--json").data
    assert done["rows"].keys() == dry["rows"].keys()
    assert len(done["blobs"]) == 1
    found = bytes_of(home)
    assert SECRET.encode() not in found
    assert "4711" not in found.decode("utf-8", "replace")
    assert any("backups" in text for text in done["not_reached"])
    assert type_("search", "in.csv").code == 0
    assert type_("forget", "--text", SECRET).code == 1


def test_the_text_may_come_by_standard_input(
    type_, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it stands in no history of a shell."""
    monkeypatch.setattr("sys.stdin", io.StringIO(SECRET + "\n"))
    assert "changed" in type_("forget", "--text", "-").out
    assert SECRET.encode() not in (home / "instance.db").read_bytes()


def test_a_run_keeps_its_edges_alone(type_, home: Path) -> None:
    """Name, command, error and log go; what it used and produced stays."""
    assert type_("forget", "--task", "1").code == 0
    with sqlite3.connect(home / "instance.db") as store:
        row = store.execute("SELECT name, command, error, host FROM tasks").fetchone()
        edges = store.execute("SELECT COUNT(*) FROM edges").fetchone()
    store.close()
    assert row == ("forgotten", None, None, None)
    assert edges == (3,)
    assert "there is no run 99" in type_("forget", "--task", "99").err


def test_a_user_is_forgotten(type_, home: Path) -> None:
    """The name goes from runs, edges and tokens."""
    type_("token", "create", "--team", "a", "--user", "maria.k")
    assert type_("forget", "--user", "maria.k").code == 0
    assert "maria.k" not in type_("token", "list").out


def test_waiting_facts_are_rewritten_and_stay_readable(
    type_, clean_environment: Path
) -> None:
    """A line of the journal keeps its place and gets a checksum that fits."""
    folder = clean_environment / "journal"
    folder.mkdir(parents=True)
    path = folder / f"left{segments.SUFFIX}"
    lines = [encode(f'{{"name":"a {SECRET[:12]} b","n":{n}}}') for n in range(3)]
    path.write_bytes(segments.header("local") + b"".join(lines) + b"\0" * 64)
    done = type_("forget", "--text", SECRET[:12], "--json")
    assert done.data["journal"] == [str(path)]
    good, torn = read(path.read_bytes()[segments.HEADER :])
    assert len(good) == 3
    assert not torn
    assert all(b"**" in record.text for record in good)


def test_a_short_text_is_refused(type_) -> None:
    """It would stand in half of the store."""
    assert type_("forget", "--text", "abc").code == 2
