"""What a store promises of the facts that it takes in, on both engines."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from store_engines import Facts, digest

from lineage.errors import StoreCorruptError, StoreError, StoreTooNewError
from lineage.instance.graph import GraphQueries
from lineage.instance.store import ConflictError, Store, open_store

TEAM = [1]


def count(store: Store, table: str) -> int:
    """Count a table's rows."""
    with store.db.read() as tx:
        row = tx.one(f"SELECT COUNT(*) FROM {table}")
    return int(row[0]) if row else 0


def test_rows_of_a_batch_keep_what_only_some_of_them_have(store: Store) -> None:
    """A column that is empty in the first row, in all rows, or in a part of them."""
    steps = ("team_id", "task_id", "number", "step", "name", "started_at", "error")
    rows = [
        (1, 1, number, f"s{number}", "s", 1.0, "no" if number == 40 else None)
        for number in range(60)
    ]
    with store.db.write() as tx:
        tx.insert_many("steps", steps, rows)
        found = tx.all("SELECT number FROM steps WHERE error IS NOT NULL")
        tx.insert_many("steps", steps, [(2, *row[1:6], None) for row in rows])
        empty = tx.one("SELECT COUNT(*), COUNT(error) FROM steps WHERE team_id = 2")
    assert found == [(40,)]
    assert empty == (60, 0)


def test_the_same_fact_is_stored_once(store: Store) -> None:
    """Sending a batch again, or a fact twice in one, changes nothing."""
    facts = Facts()
    batch = [facts.uses("job", 1), facts.fact("task", name="t"), facts.makes("job", 2)]
    first = store.ingest(1, [*batch, batch[0]])
    again = store.ingest(1, [*batch, facts.uses("job", 3)])
    assert (first.stored, first.duplicates) == (3, 1)
    assert (again.stored, again.duplicates) == (1, 3)
    assert count(store, "edges") == 3


@pytest.mark.parametrize(
    "uid", ["plain", "a-b", "seg-007", "seg-1", "seg-٣", "x-99999999999"]
)
def test_any_uid_is_kept_as_it_is(store: Store, uid: str) -> None:
    """A uid needs no form; the graph returns it as it was sent."""
    store.ingest(1, [Facts().uses("job", 1, uid=uid)])
    assert store.ingest(1, [Facts().uses("job", 1, uid=uid)]).duplicates == 1
    assert GraphQueries(store).get_task(TEAM, id=1).edges[0].uid == uid


def test_equal_uids_of_teams_do_not_meet(store: Store) -> None:
    """A team cannot hide another's facts by using their uids first."""
    fact = Facts().uses("job", 1)
    assert store.ingest(1, [fact]).stored == 1
    assert store.ingest(2, [fact]).stored == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "nope"}, "kind"),
        ({"kind": "app"}, "dir"),
        ({"id": ""}, "id"),
        ({"at": -1}, "at"),
        ({"at": float("nan")}, "at"),
        ({"dir": "sideways"}, "dir"),
        ({"f": "nope"}, None),
        ({"id": "a\x00b"}, "id"),
        ({"name": "a\x00b"}, "name"),
        ({"stat": {"size": 2**70, "mtime_ns": 1}}, "stat.size"),
        ({"step": {"key": "1", "name": "n\x00", "at": 1}}, "step"),
    ],
)
def test_a_bad_fact_spoils_no_other(
    store: Store, change: dict[str, Any], field: str | None
) -> None:
    """It is named with its field; the good ones around it are stored."""
    facts = Facts()
    bad = facts.uses("job", 1) | change
    answer = store.ingest(1, [facts.uses("job", 2), bad, facts.makes("job", 3)])
    assert (answer.stored, len(answer.refused)) == (2, 1)
    assert answer.refused[0].index == 1
    assert answer.refused[0].uid == bad["uid"]
    assert (answer.refused[0].field or "").startswith(field or "")


@pytest.mark.parametrize("value", [None, 5, "text", [], {}, {"f": "edge"}])
def test_values_that_are_no_facts_are_refused(store: Store, value: Any) -> None:
    """Whatever stands in a batch is answered, never raised."""
    answer = store.ingest(1, [value])
    assert (answer.stored, len(answer.refused)) == (0, 1)


def test_a_recorded_number_wins(store: Store) -> None:
    """A task numbered by the store makes way for a recorded one with its number."""
    store.ingest(1, [Facts("auto").fact("task", name="auto")])
    store.ingest(1, [Facts("given").fact("task", name="given", task_id=1)])
    assert store.task_id(1, "given") == 1
    assert store.task_id(1, "auto") == 2
    assert store.task_id(1, "none") is None


def test_a_run_learns_its_number_later(store: Store) -> None:
    """What was recorded before the number was known belongs to the same task."""
    facts = Facts()
    store.ingest(1, [facts.uses("job", 1)])
    store.ingest(1, [facts.makes("job", 2, task_id=77)])
    task = GraphQueries(store).get_task(TEAM, id=77)
    assert task.edges_total == 2
    assert len(GraphQueries(store).list_tasks(TEAM).tasks) == 1


def test_a_run_merges_into_the_task_that_it_is(store: Store) -> None:
    """Steps, edges and links move along when the number is taken already."""
    store.ingest(1, [Facts("one").uses("job", 1, task_id=77)])
    two = Facts("two")
    step = {"key": "1", "name": "s", "at": 1.0}
    store.ingest(1, [two.uses("job", 2, step=step), two.makes("job", 3, scope="1")])
    store.ingest(1, [two.makes("job", 4, task_id=77)])
    queries = GraphQueries(store)
    task = queries.get_task(TEAM, id=77)
    assert (task.edges_total, [step.name for step in task.steps]) == (4, ["s"])
    names = {node.name for node in queries.upstream(TEAM, of="job:3").nodes}
    # The task used job 1 before, outside the step that made job 3.
    assert names == {"job 3", "task 77", "job 2", "job 1"}
    assert len(queries.list_tasks(TEAM).tasks) == 1


def test_an_output_comes_from_its_scope(store: Store) -> None:
    """Of the inputs inside a step, and of those around it before the output."""
    facts = Facts()
    outer = {"key": "1", "name": "outer", "at": 1.0}
    inner = {"key": "2", "name": "inner", "parent": "1", "at": 2.0}
    store.ingest(
        1,
        [
            facts.uses("job", 11, step=outer),
            facts.uses("job", 12, step=inner),
            facts.makes("job", 20, step="2", scope="2"),
            facts.makes("job", 10, step="1", scope="1"),
            facts.uses("job", 13),
            facts.makes("job", 30),
        ],
    )
    queries = GraphQueries(store)
    sources = {
        out: {n.id for n in queries.upstream(TEAM, of=f"job:{out}", depth=2).nodes}
        - {out, 1}
        for out in (20, 10, 30)
    }
    assert sources == {20: {11, 12}, 10: {11, 12}, 30: {11, 12, 13}}


def test_a_step_recorded_late_gets_its_name(store: Store) -> None:
    """A key that comes before its step is filled in when the step is recorded."""
    facts = Facts()
    store.ingest(1, [facts.uses("job", 1, step="5")])
    step = {"key": "5", "name": "late", "at": 1.0}
    store.ingest(1, [facts.fact("step_end", step=step, outcome="error", error="E")])
    steps = GraphQueries(store).get_task(TEAM, id=1).steps
    assert [(s.name, s.outcome, s.error) for s in steps] == [("late", "error", "E")]


@pytest.mark.parametrize("is_fresh", [False, True])
def test_ends_of_many_steps_come_in_one_fact(store: Store, is_fresh: bool) -> None:
    """Each ends at its own time; a key with NUL spoils the fact, and no other."""
    facts = Facts()
    steps = [{"key": str(n), "name": f"s{n}"} for n in (1, 2)]
    recorded = [facts.uses("job", n, step=step) for n, step in enumerate(steps, 1)]
    ends = [facts.fact("step_ends", ends=[["1", 2e9], ["2", 3e9]])]
    bad = facts.fact("step_ends", ends=[["\x00", 2e9]])
    store.ingest(1, recorded)
    if is_fresh:  # as in another process
        store.intake.reset_after_fork()
    answer = store.ingest(1, [*ends, bad])
    assert [(r.uid, r.field) for r in answer.refused] == [(bad["uid"], "ends")]
    shown = GraphQueries(store).get_task(TEAM, id=1).steps
    assert [(s.outcome, s.ended_at) for s in shown] == [("ok", 2e9), ("ok", 3e9)]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_step_keeps_what_it_was_given(store: Store, is_late: bool) -> None:
    """Parameters come back as they were given, also of a step that comes late."""
    given = {"format": "p\x00g", "size": 3, "rate": 0.5, "fast": True, "none": None}
    step = {"key": "5", "name": "late", "at": 1.0, "params": given}
    facts = Facts()
    if is_late:
        store.ingest(1, [facts.uses("job", 1, step="5")])
    answer = store.ingest(1, [facts.uses("job", 2, step=step)])
    assert answer.refused == []
    [recorded] = GraphQueries(store).get_task(TEAM, id=1).steps
    assert recorded.params == given
    assert type(recorded.params["fast"]) is bool


def test_versions_of_a_file_go_by_its_bytes(store: Store) -> None:
    """The same bytes are the same version, each time that they are made."""
    for at, sign in enumerate("abab"):
        fact = Facts(f"r{at}").makes("file", "/x/m.pt", stat=digest(sign))
        store.ingest(1, [fact])
    queries = GraphQueries(store)
    versions = queries.get_data(TEAM, key="data:1").versions
    assert [node.version for node in versions] == ["bbbbbbbb", "aaaaaaaa"] * 2


def test_states_of_a_container_go_by_who_made_them(store: Store) -> None:
    """A use takes the state of its time; a pinned version stands after the latest."""
    store.ingest(1, [Facts("a").uses("project", 7, at=10.0)])
    store.ingest(1, [Facts("b").makes("project", 7, at=20.0)])
    store.ingest(1, [Facts("b").makes("project", 7, at=21.0, uid="b-9")])
    store.ingest(1, [Facts("c").uses("project", 7, at=15.0)])
    store.ingest(1, [Facts("d").uses("project", 7, at=25.0)])
    store.ingest(1, [Facts("e").uses("project", 7, at=30.0, version_num=4)])
    store.ingest(1, [Facts("f").uses("project", 7, at=31.0, version_id=99)])
    queries = GraphQueries(store)
    used = {}
    for run in "acdef":
        task = queries.get_task(TEAM, run=run)
        used[run] = task.edges[0].data.version
    expected = {"a": "state 1", "c": "state 1", "d": "state 2", "e": "v4", "f": "#99"}
    assert used == expected


def test_a_task_made_later_takes_over_its_mention(store: Store) -> None:
    """A task that others named first becomes one card with itself."""
    store.ingest(
        1, [Facts("user").uses("task", 50), Facts("user").makes("job", 1, uid="o")]
    )
    store.ingest(1, [Facts("used").uses("job", 9, task_id=50)])
    queries = GraphQueries(store)
    names = {n.name for n in queries.upstream(TEAM, of="job:1").nodes}
    assert names == {"job 1", "task 1", "task 50", "job 9"}


def test_a_task_ends_once_and_opens_again(store: Store) -> None:
    """Late details change no ended task; another run of it opens it again."""
    one, queries = Facts("one"), GraphQueries(store)
    end = one.fact("task_end", status="error", error="E: x", traceback="T", task_id=5)
    store.ingest(1, [one.fact("task", task_id=5, name="n"), end])
    store.ingest(1, [one.fact("task", task_id=5, name="m", at=1_700_005_000.0)])
    task = queries.get_task(TEAM, id=5)
    assert (task.node.status, task.node.name, task.traceback) == ("error", "m", "T")
    store.ingest(1, [Facts("two").fact("task", task_id=5, at=1_700_006_000.0)])
    assert queries.get_task(TEAM, id=5).node.status == "started"


def test_names_of_artifacts_may_come_later(store: Store) -> None:
    """A later name is shown and found; so is that a file holds a model."""
    facts, queries = Facts(), GraphQueries(store)
    store.ingest(1, [facts.uses("file", 5)])
    store.ingest(1, [facts.uses("file", "5", name="Best net", is_model=True)])
    hit = queries.search(TEAM, text="net").hits[0].node
    assert (hit.name, hit.kind, hit.version_count) == ("Best net", "model_weight", 1)


def test_concurrent_callers_share_commits(store: Store) -> None:
    """Every caller's facts are there when its call returns, each once."""
    answers = []

    def call(at: int) -> None:
        facts = Facts(f"run{at}")
        answers.extend(store.ingest(1, [facts.uses("job", at)]) for _ in range(5))

    threads = [threading.Thread(target=call, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(answer.stored for answer in answers) == 40
    assert count(store, "edges") == 40


def test_batches_of_callers_go_together(store: Store) -> None:
    """One call takes the batches of several teams."""
    answers = store.ingest_many(
        [(1, [Facts("a").uses("job", 1)]), (2, [Facts("b").uses("job", 1), 5])]
    )
    assert [(a.stored, len(a.refused)) for a in answers] == [(1, 0), (1, 1)]


def test_an_undone_transaction_leaves_nothing(store: Store) -> None:
    """What fails is undone, in the store and in memory."""
    store.ingest(1, [Facts("a").uses("job", 1)])
    with store.db.write() as tx:
        tx.run("ALTER TABLE links RENAME TO hidden")
    with pytest.raises(StoreError):
        store.ingest(1, [Facts("b").uses("job", 2)])
    with store.db.write() as tx:
        tx.run("ALTER TABLE hidden RENAME TO links")
    assert count(store, "edges") == 1
    assert store.ingest(1, [Facts("b").uses("job", 2)]).stored == 1
    assert GraphQueries(store).get_task(TEAM, run="b").edges_total == 1


def test_a_unique_row_shows_a_conflict(store: Store) -> None:
    """A row that is there already is an error of its own."""
    row = (1, 5)
    with store.db.write() as tx:
        tx.insert_many("seen", ("team_id", "id"), [row])
    with pytest.raises(ConflictError), store.db.write() as tx:
        tx.insert_many("seen", ("team_id", "id"), [row])
    with store.db.write() as tx:
        tx.insert_many("seen", ("team_id", "id"), [row] * 60, or_ignore=True)
    assert count(store, "seen") == 1


def test_a_newer_store_is_refused(store_url: str) -> None:
    """A migration that this version does not know is named, with what to do."""
    store = open_store(store_url)
    with store.db.write() as tx:
        tx.run("INSERT INTO lineage_migrations VALUES (9999, 'future', 1.0)")
    store.close()
    with pytest.raises(StoreTooNewError, match=r"9999_future.*upgrade"):
        open_store(store_url)


def test_a_store_opens_again(store_url: str) -> None:
    """Facts are there for the next process that opens the store."""
    store = open_store(store_url)
    store.ingest(1, [Facts().uses("job", 1)])
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.task_id(1, "run")
    again = open_store(store_url)
    assert again.ingest(1, [Facts().uses("job", 1)]).duplicates == 1
    again.close()


def test_a_damaged_file_is_reported(tmp_path: Any) -> None:
    """A file that is no store names itself and what to do."""
    path = tmp_path / "instance.db"
    path.write_bytes(b"this is no database at all, but long enough" * 30)
    with pytest.raises(StoreCorruptError, match=r"instance\.db.*move the file"):
        open_store(f"sqlite:///{path}")


def test_another_programs_database_is_refused_and_not_changed(tmp_path: Path) -> None:
    """Neither its bytes, nor its journal mode, nor the files beside it."""
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE edges (a)")
        connection.execute("CREATE TABLE users (a)")
    before = path.read_bytes()
    with pytest.raises(StoreCorruptError, match=r"other\.db.*edges, users.*not exist"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["other.db"]


def test_another_programs_journal_stays_beside_its_database(tmp_path: Path) -> None:
    """A database in WAL mode that its program, killed, has not closed."""
    path, left = tmp_path / "open.db", tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE users (a)")
        for name in ("", "-wal"):
            shutil.copy(f"{path}{name}", f"{left}{name}")
    files = [left, tmp_path / "other.db-wal"]
    before = [name.read_bytes() for name in files]
    with pytest.raises(StoreCorruptError, match="users"):
        open_store(f"sqlite:///{left}")
    assert [name.read_bytes() for name in files] == before


@pytest.mark.parametrize("url", ["mysql://x", "sqlite:relative", ""])
def test_other_urls_are_refused(url: str) -> None:
    """A URL of no known engine names those that there are."""
    with pytest.raises(StoreError, match="postgresql://"):
        open_store(url)


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Any) -> None:
    """A place where no file can be is a store error that names it."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="file"):
        open_store(f"sqlite:///{tmp_path}/file/instance.db")
