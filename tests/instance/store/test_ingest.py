"""How facts with more than a task and an artifact are stored, on both engines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from store_engines import Facts, digest

from lineage.errors import StoreError
from lineage.instance.graph import GraphQueries
from lineage.instance.store import (
    Store,
    StoreBusyError,
    database,
    open_store,
    write_cache,
)
from lineage.instance.store.activity_ids import activity_id, revision_id, task_of
from lineage.instance.store.edge_uids import join_uid, split_uid, split_uids
from lineage.instance.store.group_commit import GroupCommit
from lineage.instance.store.validation import IngestJob, check

TEAM = [1]


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    """Read rows of the store."""
    with store.db.read() as tx:
        return tx.all(sql)


@pytest.mark.parametrize(
    "uids",
    [
        ["a-1", "a-2", "a-0"],
        ["a-1", "b-2"],
        ["a-1", "a-01", "a-"],
        ["a-1", "a-٣", "a--1"],
        ["a-1", "a-9999999999"],
        ["plain", "a-b-1", "-1"],
    ],
)
def test_uids_are_split_alike_one_by_one_and_together(uids: list[str]) -> None:
    """The short way for a segment's lines gives what each uid gives alone."""
    sources, numbers = split_uids(uids)
    pairs = list(zip(sources, numbers, strict=True))
    assert pairs == [split_uid(uid) for uid in uids]
    assert [join_uid(source, number) for source, number in pairs] == uids


def test_an_output_comes_from_the_sources_that_it_names(store: Store) -> None:
    """Named inputs alone feed it: known before, by a relative path, or new."""
    facts = Facts()
    local = {"local_path": "/data/in/a.csv", "stat": digest("a")}
    store.ingest(1, [facts.uses("job", 1), facts.uses("file", "in/a.csv", **local)])
    sources = [{"kind": "file", "id": "in/a.csv"}, {"kind": "job", "id": 9}]
    store.ingest(1, [facts.uses("job", 2), facts.makes("job", 3, derived_from=sources)])
    nodes = GraphQueries(store).upstream(TEAM, of="job:3").nodes
    assert {node.name for node in nodes} == {"job 3", "task 1", "a.csv", "job 9"}


def test_sources_recorded_in_the_same_batch_are_found(store: Store) -> None:
    """A plain input of the batch is a source by what the app called it."""
    facts = Facts()
    sources = [{"kind": "job", "id": "2"}]
    batch = [facts.uses("job", 1), facts.uses("job", 2)]
    store.ingest(1, [*batch, facts.makes("job", 3, derived_from=sources)])
    nodes = GraphQueries(store).upstream(TEAM, of="job:3").nodes
    assert {node.name for node in nodes} == {"job 3", "task 1", "job 2"}


def test_cards_that_come_with_edges_are_kept(store: Store) -> None:
    """The artifact's card, the task's card, and the title that a search finds."""
    card = {"title": "<h4>Predictions</h4>", "mainLink": {"title": "open"}}
    meta = {"customRelationSettings": card, "customNodeSettings": {"title": "Own"}}
    store.ingest(1, [Facts().makes("file", 5, meta=meta)])
    store.ingest(1, [Facts("other").makes("file", 5, meta={"x": 1})])
    kept = rows(store, "SELECT card FROM nodes ORDER BY id")
    assert [card and json.loads(card) for (card,) in kept] == [card, None]
    assert {"title": "Own"} in [
        json.loads(row[0]) for row in rows(store, "SELECT card FROM tasks") if row[0]
    ]
    assert rows(store, "SELECT field FROM terms WHERE term = 'predictions'") == [(3,)]


def test_two_processes_see_each_other(store_url: str) -> None:
    """What one made the other finds: tasks, steps, artifacts, versions and states."""
    one, two = open_store(store_url), open_store(store_url)
    step = {"key": "1", "name": "s", "at": 1.0}
    inner = {"key": "2", "name": "i", "parent": "1", "at": 2.0}
    facts = Facts()
    one.ingest(1, [facts.uses("job", 1, step=step), facts.makes("project", 7)])
    one.ingest(1, [facts.uses("file", "/m", stat=digest("a"), step=inner)])
    two.ingest(1, [facts.uses("job", 1, step="2"), facts.makes("project", 7)])
    two.ingest(1, [facts.uses("file", "/m", stat=digest("a"), task_id=8)])
    one.ingest(1, [facts.uses("job", 4, step="2"), facts.uses("project", 7)])
    count = "SELECT COUNT(*) FROM {}"
    tables = {t: rows(one, count.format(t))[0][0] for t in ("tasks", "steps", "nodes")}
    assert tables == {"tasks": 1, "steps": 2, "nodes": 4}
    assert one.task_id(1, "run") == two.task_id(1, "run") == 8
    one.close()
    two.close()


def test_a_small_memory_changes_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process forgets of a team it finds again in the store."""
    monkeypatch.setattr(write_cache, "MAX_KNOWN", 0)
    step = {"key": "1", "name": "s", "at": 1.0}
    facts = Facts()
    for at in range(4):
        step_member = step if at == 0 else "1"
        batch = [facts.uses("job", 1), facts.uses("job", 2, step=step_member)]
        store.ingest(1, [*batch, facts.makes("project", 7)])
    counted = [
        rows(store, f"SELECT COUNT(*) FROM {table}")[0][0]
        for table in ("edges", "entities", "nodes", "tasks", "steps", "sources")
    ]
    assert counted == [12, 3, 3, 1, 1, 1]


def test_steps_that_enclose_each_other_end(store: Store) -> None:
    """Steps recorded as each other's parents are still inside their task."""
    facts = Facts()
    a = {"key": "a", "name": "a", "parent": "b", "at": 1.0}
    b = {"key": "b", "name": "b", "parent": "a", "at": 1.0}
    store.ingest(1, [facts.uses("job", 1, step=a), facts.uses("job", 2, step=b)])
    store.ingest(1, [facts.makes("job", 3)])
    nodes = GraphQueries(store).upstream(TEAM, of="job:3").nodes
    assert {node.name for node in nodes} == {"job 1", "job 2", "job 3", "task 1"}


def test_log_lines_of_a_task_are_kept_once(store: Store) -> None:
    """A line has a level; without one it informs."""
    facts = Facts()
    lines = [facts.fact("log", message="a"), facts.fact("log", message="b", level="w")]
    assert store.ingest(1, lines).stored == 2
    assert store.ingest(1, lines).duplicates == 2
    kept = rows(store, "SELECT level, message FROM logs ORDER BY id")
    assert kept == [("info", "a"), ("w", "b")]


def test_a_renumbered_task_leaves_its_mention(store: Store) -> None:
    """An artifact that names task 1 belongs to what really is task 1."""
    store.ingest(1, [Facts("auto").uses("job", 1)])
    store.ingest(1, [Facts("user").uses("task", 1)])
    store.ingest(1, [Facts("numbered").uses("job", 2, task_id=1)])
    joined = rows(
        store,
        "SELECT t.run FROM nodes n JOIN tasks t ON t.id = n.task_id"
        " WHERE n.task_id IS NOT NULL",
    )
    assert joined == [("numbered",)]


def test_work_in_place_takes_the_state_before_its_own(store: Store) -> None:
    """What a task used before it changed a project is not its own change."""
    facts = Facts("inplace")
    store.ingest(1, [Facts("before").makes("project", 7, at=1.0)])
    store.ingest(1, [facts.uses("project", 7), facts.makes("project", 7)])
    store.ingest(1, [facts.uses("project", 7), facts.uses("project", 7)])
    used = rows(store, "SELECT node_id FROM edges WHERE direction = 0 ORDER BY id")
    assert used == [(1,), (2,), (2,)]
    assert rows(store, "SELECT node_id FROM links WHERE activity = -2") == [(1,), (2,)]


def test_one_callers_trouble_is_not_anothers() -> None:
    """Jobs that fail together are tried alone; each has its own outcome."""

    def apply(jobs: Any) -> None:
        if any(job.team_id == 2 for job in jobs):
            raise StoreError("no room")
        for job in jobs:
            job.is_done = True

    jobs = [
        check(team, [Facts(str(team)).uses("job", 1)], user=None) for team in (1, 2)
    ]
    GroupCommit(apply).run(jobs)
    assert jobs[0].error is None
    with pytest.raises(StoreError, match="no room"):
        jobs[1].answer()


def test_a_large_waiting_batch_goes_in_the_next_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One transaction stays within its bound unless one caller alone exceeds it."""
    sizes: list[int] = []

    def apply(jobs: Any) -> None:
        sizes.append(len(jobs))
        for job in jobs:
            job.is_done = True

    monkeypatch.setattr("lineage.instance.store.group_commit.MAX_FACTS", 3)
    GroupCommit(apply).run([IngestJob(1, None, [{}, {}], []) for _ in range(3)])
    assert sizes == [1, 1, 1]


def test_rows_come_with_names_and_errors_are_the_stores(store: Store) -> None:
    """A query can give its columns' names; a wrong statement is a store error."""
    with store.db.read() as tx:
        assert tx.dicts("SELECT 1 AS one, 'x' AS two") == [{"one": 1, "two": "x"}]
    with store.db.write() as tx:
        tx.run_many("DELETE FROM seen WHERE id = ?", [])
        tx.insert_many("seen", ("team_id", "id"), [])
    for attempt in ("run_many", "insert_many", "all"):
        arguments: dict[str, tuple[Any, ...]] = {
            "run_many": ("DELETE FROM nothing WHERE id = ?", [(1,)]),
            "insert_many": ("nothing", ("id",), [(1,)]),
            "all": ("SELECT nothing",),
        }
        with pytest.raises(StoreError), store.db.write() as tx:
            getattr(tx, attempt)(*arguments[attempt])


def test_a_busy_store_is_named_as_the_reason(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller that gets neither the writer nor a connection in time gets an error."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.01)
    store = open_store(f"sqlite:///{tmp_path}/instance.db")
    with store.db.write(), pytest.raises(StoreBusyError), store.db.write():
        pass
    monkeypatch.setattr(database, "MAX_CONNECTIONS", 1)
    store.db.reset_after_fork()
    with store.db.read(), pytest.raises(StoreBusyError), store.db.read():
        pass
    store.close()


def test_a_held_file_is_one_artifact_by_path_and_by_id(store: Store) -> None:
    """A path in the instance's files means the file there; others stay paths."""
    facts = Facts()
    with store.db.write() as tx:
        tx.insert_many(
            "platform_things",
            ("team_id", "kind", "id", "path", "body"),
            [(1, "file", 5, "/models/start.pt", "{}")],
        )
    paths = ["/models/start.pt", "/models/other.pt", "relative.pt"]
    store.ingest(1, [*(facts.uses("file", path) for path in paths)])
    store.ingest(1, [facts.uses("file", 5)])
    known_as = {row[0] for row in rows(store, "SELECT ident FROM entities")}
    assert known_as == {"5", "/models/other.pt", "relative.pt"}


def test_a_connection_that_breaks_is_not_used_again(tmp_path: Any) -> None:
    """A transaction whose connection is gone fails; the next one opens another."""
    store = open_store(f"sqlite:///{tmp_path}/instance.db")

    def fail() -> None:
        with store.db.write() as tx:
            tx._connection.close()
            tx.run("SELECT 1")

    with pytest.raises(StoreError):
        fail()
    assert store.ingest(1, [Facts().uses("job", 1)]).stored == 1
    with pytest.raises(StoreError), store.db.write() as tx:
        tx._connection.close()
    assert rows(store, "SELECT COUNT(*) FROM edges") == [(1,)]
    store.close()


def test_an_activity_shows_its_task() -> None:
    """Steps lead to their task; a container's revision belongs to none."""
    assert task_of(activity_id(7, 3)) == 7
    assert task_of(revision_id(9)) is None


def test_what_is_remembered_is_bounded_for_all_teams_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beyond the bound every team is forgotten, whoever filled it."""
    monkeypatch.setattr(write_cache, "MAX_KNOWN", 3)
    memory = write_cache.CacheRegistry()
    memory.of(1).sources.update({"a": 1, "b": 2})
    memory.of(2).runs.update({"c": 3})
    assert len(memory.of(1)) + len(memory.of(2)) == 3
    memory.of(2).runs.update({"d": 4})
    assert len(memory.of(1)) + len(memory.of(2)) == 0


def test_callers_facts_are_checked_together_and_refused_each(store: Store) -> None:
    """One caller's bad fact is named to that caller, and spoils no other's."""
    one, two = Facts("one"), Facts("two")
    bad = {**two.uses("job", 2), "dir": "sideways"}
    answers = store.ingest_many([(1, [one.uses("job", 1)]), (2, [bad]), (1, [])])
    assert [answer.stored for answer in answers] == [1, 0, 0]
    assert [len(answer.refused) for answer in answers] == [0, 1, 0]
    good = [(1, [one.uses("job", 3)]), (2, [two.uses("job", 4)])]
    assert [answer.stored for answer in store.ingest_many(good)] == [1, 1]
    assert rows(store, "SELECT team_id, COUNT(*) FROM edges GROUP BY 1 ORDER BY 1") == [
        (1, 2),
        (2, 1),
    ]


@pytest.mark.parametrize("field", ["uid", "task", "id", "name", "step", "derived_from"])
def test_a_text_with_nul_is_refused_by_its_field(store: Store, field: str) -> None:
    """Whichever field holds it, alone among good ones."""
    facts = Facts()
    source = [{"kind": "file", "id": "a\x00"}]
    step = {"key": "1", "name": "a\x00", "at": 1.0}
    value = {"step": step, "derived_from": source}.get(field, "a\x00")
    fact = {**facts.makes("file", "/b"), field: value}
    answer = store.ingest(1, [facts.uses("file", "/a"), fact])
    assert answer.stored == 1
    assert [refused.field for refused in answer.refused] == [field]


@pytest.mark.parametrize("count", [1, 15, 16, 17, 90, 91, 200])
def test_many_rows_are_inserted_once_each(store: Store, count: int) -> None:
    """However they are cut into statements, and those that are there are left."""
    terms = [(1, f"t{n}", 0, n) for n in range(count)]
    columns = ("team_id", "term", "field", "target")
    with store.db.write() as tx:
        tx.insert_many("terms", columns, terms[: count // 2])
        tx.insert_many("terms", columns, terms, or_ignore=True)
    assert rows(store, "SELECT * FROM terms ORDER BY target") == terms
