"""`lineage forget`: what slipped through is removed, and what stays is named."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from instance_fixture import InstanceFixture, form
from pydantic import TypeAdapter

from lineage.delivery.evidence.digest_memory import DigestMemory
from lineage.instance.authorization import OPEN
from lineage.instance.blobs import Blobs
from lineage.instance.http import InstanceRequest
from lineage.journal import dead_letters, segments
from lineage.journal.directory import JournalDirectory
from lineage.journal.forget import forget_text
from lineage.journal.records import encode, encode_together, read
from lineage.model.facts import Fact
from lineage.system import locked

pytestmark = pytest.mark.slow  # Each test makes a store of its own.

SECRET = 'patient Käthe "K" nr4711'


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
    assert "nr4711" not in found.decode("utf-8", "replace")
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


def edge_of(name: str) -> dict[str, object]:
    """Make an edge that names the text."""
    return {"f": "edge", "uid": "s-1", "task": "t", "at": 1.0, "dir": "input",
            "kind": "file", "id": name}  # fmt: skip


def test_waiting_rejected_and_damaged_facts_are_reached(type_, home: Path) -> None:
    """Dead letters, what was put aside, and edges whose digest is still looked for."""
    folder = JournalDirectory(home)
    dead_letters.keep(folder, "local", "left", edge_of(f"/data/{SECRET}"), SECRET)
    folder.quarantine_piece("torn", f'{{"id":"{SECRET}", to'.encode(), "torn")
    memory = DigestMemory(home, "host")
    memory.want([("s-2", json.dumps(edge_of(f"/data/{SECRET}")))])
    memory.want([("s-3", json.dumps(edge_of(f"/found/{SECRET}")))])
    memory.found("s-3")
    memory.close()
    assert SECRET.encode() in bytes_of(home)
    dry = type_("forget", "--text", SECRET, "--dry-run", "--json").data
    done = type_("forget", "--text", SECRET, "--json").data
    assert done["journal"] == dry["journal"]
    assert {Path(path).name for path in done["journal"]} >= {"torn", "digests.sqlite"}
    assert "nr4711" not in bytes_of(home).decode("utf-8", "replace")
    (rejected,) = dead_letters.read(folder)
    assert json.loads(rejected.fact)["uid"] == "s-1"
    memory = DigestMemory(home, "host")
    (row,) = memory._run("SELECT uid, fact FROM wanted", ())
    memory.close()
    assert json.loads(row[1])["id"].startswith("/data/***")


def test_a_held_memory_of_digests_is_shown(
    type_, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process holds is named, and the command does not end with success."""
    monkeypatch.setattr("lineage.delivery.evidence.digest_memory._BUSY_S", 0.1)
    memory = DigestMemory(home, "host")
    memory.want([("s-2", json.dumps(edge_of(SECRET)))])
    memory._run("BEGIN EXCLUSIVE", ())
    done = type_("forget", "--text", SECRET, "--json")
    memory.close()
    assert done.code == 1
    assert any("digests.sqlite: an app is using" in t for t in done.data["not_reached"])


def openlineage_event(run: str) -> dict[str, object]:
    """Make an event that holds the text in facets of job, run and dataset."""
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-01T00:01:00Z",
        "run": {"runId": run, "facets": {"errorMessage": {"message": SECRET}}},
        "job": {"namespace": "n", "name": "j", "facets": {"sql": {"query": SECRET}}},
        "inputs": [
            {
                "namespace": "db://host",
                "name": "table",
                "facets": {"documentation": {"description": f"of {SECRET}"}},
            }
        ],
    }


def facts_of(task: str, word: str) -> list[dict[str, object]]:
    """Make a fact of each type, which holds a word wherever it may."""
    common = {"task": task, "at": 1796070649.741}
    step = {"key": "s1", "name": word, "params": {"a": word}}
    return [
        {**common, "f": "task", "name": word, "user": word, "command": word,
         "environment": {"x": word}, "node_meta": {"title": word}, "pid": 7},
        {**common, "f": "edge", "dir": "input", "kind": "file", "id": "/data/kept.csv",
         "meta": {"t": word}, "step": step},
        {**common, "f": "step_end", "step": step, "outcome": "error", "error": word},
        {**common, "f": "step_ends", "ends": [["s1", 1.0]]},
        {**common, "f": "params", "params": {word: word}},
        {**common, "f": "metrics", "metrics": [[word, 1.0, None]]},
        {**common, "f": "links", "links": [{"name": word, "url": word}]},
        {**common, "f": "log", "message": word, "fields": word},
        {**common, "f": "evidence", "edge": "e", "name": "kept.csv"},
        {**common, "f": "task_end", "status": "error", "error": word,
         "traceback": word},
    ]  # fmt: skip


def waiting(place: Path) -> list[dict[str, object]]:
    """Read the facts of a segment, each as an instance takes it in."""
    found, torn = read(place.read_bytes()[segments.HEADER :])
    assert not [piece for piece in torn if SECRET.encode() in piece.piece]
    facts = [json.loads(record.text) for record in found]
    for number, fact in enumerate(facts):
        TypeAdapter(Fact).validate_python({"uid": f"u-{number}", **fact})
    return facts


def write_waiting(home: Path, key: str, *, torn: str = "") -> Path:
    """Write a segment with facts of a task and of its child, alone and together."""
    place = home / "journal" / f"1-1-1{segments.SUFFIX}"
    place.parent.mkdir(parents=True, exist_ok=True)
    own = [json.dumps(fact, ensure_ascii=False) for fact in facts_of(key, SECRET)]
    child = json.dumps({**facts_of("other", "kept")[0], "parent": key})
    lines = [encode(own[0]), encode_together([*own[1:], child]), torn.encode()]
    place.write_bytes(segments.header("local") + b"".join(lines) + bytes(64))
    return place


@pytest.mark.parametrize("is_rejected", [False, True])
def test_details_of_a_run_go_from_facts_that_wait(
    type_, home: Path, is_rejected: bool
) -> None:
    """Also from rejected, torn and late ones; edges and other runs' facts stay."""
    with closing(sqlite3.connect(home / "instance.db")) as store:
        (key,) = store.execute("SELECT run FROM runs").fetchone()
    place = write_waiting(home, key, torn=f'{{"task":"{key}","name":"{SECRET}')
    if is_rejected:
        folder = JournalDirectory(home)
        place.unlink()
        for number, fact in enumerate(facts_of(key, SECRET)):
            dead_letters.keep(
                folder, "local", "left", {"uid": str(number), **fact}, SECRET
            )
        place = folder.path / f"left{dead_letters.SUFFIX}"
    memory = DigestMemory(home, "host")
    memory.want([("s-2", json.dumps(facts_of(key, SECRET)[1]))])
    memory.close()
    before = place.read_bytes()
    dry = type_("forget", "--task", "1", "--dry-run", "--json").data
    assert place.read_bytes() == before
    done = type_("forget", "--task", "1", "--json").data
    assert done["journal"] == dry["journal"]
    assert {Path(path).name for path in done["journal"]} >= {
        place.name,
        "digests.sqlite",
    }
    changed = place.read_bytes() + (home / "digests.sqlite").read_bytes()
    assert "nr4711" not in changed.decode("utf-8", "replace")
    facts = waiting(place)
    assert [fact["id"] for fact in facts if fact["f"] == "edge"] == ["/data/kept.csv"]
    assert all(fact["at"] == 1796070649.741 for fact in facts)
    if not is_rejected:
        assert facts[-1] == {**facts_of("other", "kept")[0], "parent": key}


def test_a_users_name_goes_from_facts_that_wait(type_, clean_environment: Path) -> None:
    """What else a run says of itself stays; a file in use is named."""
    place = write_waiting(clean_environment, "k")
    done = type_("forget", "--user", SECRET, "--json")
    assert done.data["journal"] == [str(place)]
    facts = waiting(place)
    assert not [fact for fact in facts if fact.get("user") == SECRET]
    assert facts[0]["name"] == SECRET
    assert facts[-1]["user"] == "kept"
    with place.open("rb") as held:
        assert locked(held.fileno())
        again = type_("forget", "--user", "kept", "--json")
    assert again.code == 1
    assert any("1-1-1.seg: an app is using" in t for t in again.data["not_reached"])


RUN = "01890f9c-1b1c-7cc0-8d2c-000000000001"


@pytest.fixture
def received(clean_environment: Path) -> Path:
    """A home whose instance has taken in an OpenLineage event."""
    instance = InstanceFixture(clean_environment)
    body = json.dumps(openlineage_event(RUN)).encode()
    request = InstanceRequest(
        "POST", "/api/v1/lineage", query={}, headers={}, body=body
    )
    answer = instance.routes.handle(request, OPEN)
    instance.close()
    assert answer.status in (200, 201), answer.content()
    return clean_environment


def test_facets_of_openlineage_events_are_reached(type_, received: Path) -> None:
    """What the events of a run said is kept whole, and rewritten all the same."""
    done = type_("forget", "--text", SECRET, "--json").data
    assert done["rows"]["openlineage_runs.state"] == 1
    assert "nr4711" not in bytes_of(received).decode("utf-8", "replace")


def test_what_events_reported_of_a_run_goes_with_its_details(
    type_, received: Path
) -> None:
    """Forgetting a run leaves no facet of it; what it used stays."""
    number = str(type_("tasks", "--json").data["tasks"][0]["node"]["id"])
    assert type_("forget", "--task", number).code == 0
    with closing(sqlite3.connect(received / "instance.db")) as store:
        assert store.execute("SELECT COUNT(*) FROM openlineage_runs").fetchone() == (0,)
        assert store.execute("SELECT COUNT(*) FROM edges").fetchone() == (1,)
    assert b"nr4711" not in (received / "instance.db").read_bytes()


def test_files_of_a_run_go_with_it_unless_others_keep_them(
    type_, clean_environment: Path
) -> None:
    """A run's own uploads are removed; the same bytes in another's hands stay."""
    instance = InstanceFixture(clean_environment)
    for id in (1, 2):
        instance.call("lineage.register.task", {"name": "t", "id": id})
    for task, content in ((1, b"its own"), (1, b"of both"), (2, b"of both")):
        about = json.dumps({"fullpath": content.decode()}).encode()
        raw, kind = form([("0", None, about), ("0-file", "n", content)])
        headers = {**kind, "x-task-id": str(task)}
        answer = instance.send("tasks.files.bulk.upload", raw=raw, headers=headers)
        assert answer.status == 200, answer.content()
    instance.close()
    done = type_("forget", "--task", "1", "--json").data
    assert len(done["blobs"]) == 1
    kept = [p.read_bytes() for p in (clean_environment / "blobs").glob("??/*")]
    assert kept == [b"of both"]


def test_environment_and_what_a_users_name_stands_in(type_, home: Path) -> None:
    """Packages of a run go with its details; where a name may stay is said."""
    with closing(sqlite3.connect(home / "instance.db")) as store:
        store.execute("UPDATE tasks SET environment = ?", (f'{{"x":"{SECRET[:8]}"}}',))
        store.commit()
    rows = type_("forget", "--text", SECRET[:8], "--dry-run", "--json").data["rows"]
    assert rows["tasks.environment"] == 1
    assert type_("forget", "--task", "1").code == 0
    with closing(sqlite3.connect(home / "instance.db")) as store:
        assert store.execute("SELECT environment FROM tasks").fetchone() == (None,)
    done = type_("forget", "--user", "maria.k", "--json").data
    assert any("forget --text NAME" in text for text in done["not_reached"])


def test_facts_written_together_stay_whole(tmp_path: Path) -> None:
    """A text in one of several facts of a record is starred, and all are still read."""
    place = tmp_path / f"1-1-1{segments.SUFFIX}"
    texts = [json.dumps({"id": name}) for name in ("other", SECRET[:7], "more")]
    place.write_bytes(segments.header("local") + encode_together(texts) + bytes(9))
    assert forget_text(tmp_path, [SECRET[:7]]) == ([place], [])
    found, torn = read(place.read_bytes()[segments.HEADER :])
    assert [json.loads(one.text)["id"] for one in found] == ["other", "*" * 7, "more"]
    assert not torn
