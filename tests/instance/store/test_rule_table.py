"""What an app does, and what must be answered: the rows that the store decides."""

# Longer than 400 lines: the rows of one table.

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest
from store_engines import Facts, digest
from store_story import NUMBERS, START, Story

from lineage.instance.platform.objects import PlatformObjects
from lineage.instance.store import Store, edges
from lineage.instance.store.database import TeamReader
from lineage.instance.store.derived_links import upstream

H1 = f"h1:{'a' * 43}="


@pytest.fixture
def story(store: Store) -> Story:
    """A story in an empty store."""
    return Story(store)


def test_going_back_to_older_data_shows_its_model(story: Story) -> None:
    """Train with v1, v2 and v1 again: the model of v1, made by the third task."""
    made = []
    for run, sign in (("one", "a"), ("two", "b"), ("three", "a")):
        story.uses(run, "/d.csv", stat=digest(sign))
        made.append(story.makes(run, "/m.pt", stat=digest("c" if sign == "a" else "d")))
    current = story.current("/m.pt")
    assert current == story.node(made[2])
    assert story.version(current) == story.version(story.node(made[0]))
    assert story.walk(current, up=True) == ({"/d.csv"}, {"three"})


def test_each_day_has_its_own_model(story: Story) -> None:
    """A rewritten address: a prediction comes from the training before it alone."""
    predictions = []
    for day in ("1", "2"):
        story.makes(f"train{day}", "s3://b/m.pt")
        story.uses(f"predict{day}", "s3://b/m.pt")
        predictions.append(story.makes(f"predict{day}", f"s3://b/pred{day}"))
    for day, uid in zip("12", predictions, strict=True):
        _, runs = story.walk(story.node(uid), up=True)
        assert runs == {f"train{day}", f"predict{day}"}


def test_facts_that_arrive_last_are_put_in_their_place(story: Story) -> None:
    """Reader 15 read A's state, reader 25 B's; the current one is B's, made of A's."""
    b_used = story.uses("b", "7", kind="project", t=19)
    b = story.makes("b", "7", kind="project", t=20)
    late = story.uses("reader25", "7", kind="project", t=25)
    early = story.uses("reader15", "7", kind="project", t=15)
    a = story.makes("a", "7", kind="project", t=10)
    assert story.node(early) == story.node(b_used) == story.node(a)
    assert story.node(late) == story.node(b) == story.current("7")
    assert story.walk(story.node(b), up=True)[1] == {"a", "b"}


def test_a_source_is_matched_by_its_whole_name(story: Story) -> None:
    """`data.csv` is not `sub/data.csv`, in whichever batch they came."""
    places = {"data.csv": "/w/data.csv", "/w/sub/data.csv": "/w/sub/data.csv"}
    outputs = []
    for number, id in enumerate(["data.csv", "/w/sub/data.csv", "data.csv"]):
        story.uses("w", id, local_path=places[id])
        source = [{"kind": "file", "id": id}]
        outputs.append(story.makes("w", f"/w/o{number}", derived_from=source))
    names = [story.walk(story.node(uid), up=True)[0] for uid in outputs]
    assert names == [{"/w/data.csv"}, {"/w/sub/data.csv"}, {"/w/data.csv"}]


def test_a_scratch_file_does_not_join_runs(story: Story) -> None:
    """Five runs rewrite it, no digest came in time: five versions, no common run."""
    for run in "12345":
        story.makes(run, "/scratch.bin")
        story.uses(run, "/scratch.bin")
        made = story.makes(run, f"/out{run}")
        assert story.walk(story.node(made), up=True)[1] == {run}


def test_a_file_changed_by_three_runs_is_a_chain(story: Story) -> None:
    """Read, change, write: the first maker is found from the last version."""
    story.makes("first", "/f")
    for run in ("a", "b", "c"):
        story.uses(run, "/f")
        last = story.makes(run, "/f")
    assert story.walk(story.node(last), up=True)[1] == {"first", "a", "b", "c"}


def test_an_output_declared_twice_comes_from_what_both_declare(story: Story) -> None:
    """An outer function around an inner one, both of which produce it."""
    outer = {"key": "1", "name": "outer", "at": START}
    inner = {"key": "2", "name": "inner", "parent": "1", "at": START}
    cfg = story.uses("r", "/cfg", step=outer)
    story.uses("r", "/d", step=inner)
    story.makes("r", "/o", step=inner, scope="2")
    made = story.makes("r", "/o", step=outer, scope="1")
    assert story.walk(story.node(made), up=True)[0] == {"/cfg", "/d"}
    assert story.walk(story.node(cfg), up=False)[0] == {"/o"}


def test_what_the_body_uses_feeds_its_steps(story: Story) -> None:
    """A config used in `main`, an output made in a step: from the enclosing task."""
    cfg = story.uses("r", "/cfg")
    made = story.makes("r", "/o", step={"key": "1", "name": "s", "at": START})
    with story.store.db.read() as tx:
        (link,) = upstream(TeamReader(tx, 1), [story.node(made)])
    assert (link.source, link.how) == (story.node(cfg), "enclosing step")


def test_sibling_steps_do_not_mix(story: Story) -> None:
    """Each step's output comes from its own inputs."""
    for key in "12":
        step = {"key": key, "name": "s", "at": START}
        story.uses("r", f"/in{key}", step=step)
        made = story.makes("r", f"/out{key}", step=step, scope=key)
        assert story.walk(story.node(made), up=True)[0] == {f"/in{key}"}


def _one_after_another(story: Story, kind: str) -> list[str]:
    """Record three inputs, with a step that writes and one that reads for each."""
    made = []
    for key in "123":
        first = {"key": f"{key}1", "name": "extract", "at": START}
        second = {"key": f"{key}2", "name": "convert", "at": START}
        story.uses("r", f"/in{key}", step=first)
        story.makes("r", "7", kind=kind, step=first, scope=f"{key}1")
        story.uses("r", "7", kind=kind, step=second)
        made.append(story.makes("r", f"/out{key}", step=second, scope=f"{key}2"))
    return made


@pytest.mark.parametrize("kind", ["file", "folder", "table"])
def test_a_scratch_file_does_not_join_the_steps_of_a_loop(
    story: Story, kind: str
) -> None:
    """One step writes it again, its sibling reads it: each output has its own input."""
    for key, made in zip("123", _one_after_another(story, kind), strict=True):
        assert story.walk(story.node(made), up=True)[0] == {f"/in{key}", "7"}


@pytest.mark.parametrize("kind", ["project", "dataset", "job"])
def test_what_is_never_replaced_is_worked_on_by_all_steps(
    story: Story, kind: str
) -> None:
    """A project that steps read and write in turn holds what the first one wrote."""
    *_, last = _one_after_another(story, kind)
    names, _ = story.walk(story.node(last), up=True)
    assert names == {"/in1", "/in2", "/in3", "7"}


@pytest.mark.parametrize("around", [None, "/cfg"])
def test_a_file_is_changed_by_a_step_that_reads_and_one_that_writes_it(
    story: Story, around: str | None
) -> None:
    """A step that used nothing itself wrote what another step of the task read."""
    story.makes("first", "/f")
    if around is not None:
        story.uses("r", around)
    story.uses("r", "/f", step={"key": "1", "name": "load", "at": START})
    made = story.makes("r", "/f", step={"key": "2", "name": "save", "at": START})
    assert "first" in story.walk(story.node(made), up=True)[1]


@pytest.mark.parametrize("is_inner", [False, True])
def test_a_step_changes_what_is_read_around_it_or_inside_it(
    story: Story, is_inner: bool
) -> None:
    """The uses of enclosing and of inner steps count for work in place."""
    outer = {"key": "1", "name": "outer", "at": START}
    inner = {"key": "2", "name": "inner", "parent": "1", "at": START}
    reads, writes = (inner, outer) if is_inner else (outer, inner)
    story.makes("first", "/f")
    story.uses("r", "/f", step=reads)
    story.uses("r", "/cfg", step=writes)
    made = story.makes("r", "/f", step=writes, scope=writes["key"])
    assert "first" in story.walk(story.node(made), up=True)[1]


def test_an_input_after_the_output_is_none_of_it(story: Story) -> None:
    """What the body uses later was not what an earlier output came from."""
    story.uses("r", "/a")
    first = story.makes("r", "/b")
    story.uses("r", "/c")
    last = story.makes("r", "/d")
    assert story.walk(story.node(first), up=True)[0] == {"/a"}
    assert story.walk(story.node(last), up=True)[0] == {"/a", "/c"}


def test_an_older_number_of_a_project_is_not_current(story: Story) -> None:
    """Who uses version 4 of a project after version 5 does not say it is the newest."""
    numbers = [4, 5, 10, 4]
    uses = [story.uses(f"r{n}", "7", kind="project", version_num=n) for n in numbers]
    assert story.current("7") == story.node(uses[2])
    made = story.makes("w", "7", kind="project")
    story.uses("r", "7", kind="project", version_num=11)
    assert story.current("7") == story.node(made)


def test_a_table_that_is_opened_at_an_older_version_stays_at_its_newest(
    story: Story,
) -> None:
    """Who names the version that it reads did not see that the table is in it."""

    def known(number: int) -> dict[str, Any]:
        evidence = [{"kind": "delta", "value": f"t@{number}"}]
        return {"kind": "folder", "evidence": evidence}

    first = story.makes("load", "/t", **known(0))
    story.uses("add", "/t", **known(0))
    last = story.makes("add", "/t", **known(1))
    use = story.uses("read", "/t", version="0", **known(0))
    assert story.node(use) == story.node(first)
    assert story.current("/t") == story.node(last)


@pytest.mark.parametrize(
    "order", [*itertools.permutations(("id", "number", "registered"))]
)
def test_an_id_and_a_number_name_one_version_that_is_registered(
    story: Story, order: tuple[str, ...]
) -> None:
    """Who uses version 90 of a project and who uses number 4 of it, in any order."""
    objects = PlatformObjects(story.store.db)
    pins = {"id": {"version_id": 90, "t": 1}, "number": {"version_num": 4, "t": 2}}
    uses = {}
    for what in order:
        if what in pins:
            uses[what] = story.uses(what, "7", kind="project", **pins[what])
            continue
        with story.store.db.write() as tx:
            for id, project, number in ((90, 7, 4), (91, 7, 5), (92, 8, 4)):
                body = {"projectId": project, "version": number}
                objects.add(tx, 1, "project_version", body, id=id, parent_id=project)
    other = story.uses("other", "7", kind="project", version_id=91, t=3)
    apart = story.uses("apart", "8", kind="project", version_id=90, t=4)
    story.uses("older", "7", kind="project", version_id=90, t=5)
    assert story.node(uses["id"]) == story.node(uses["number"])
    assert story.node(uses["id"]) != story.node(other) == story.current("7")
    assert story.node(apart) == story.current("8")
    with story.store.db.read() as tx:
        labels = tx.all("SELECT label FROM nodes ORDER BY entity_id, ordinal")
    assert [row[0] for row in labels] == ["v4", "v5", "#90"]


def test_a_number_that_was_given_twice_joins_nothing(story: Story) -> None:
    """Two versions of a project that are both registered as number 4."""
    one = story.uses("one", "7", kind="project", version_id=90)
    two = story.uses("two", "7", kind="project", version_num=4)
    objects, body = PlatformObjects(story.store.db), {"projectId": 7, "version": 4}
    same = []
    for id in (90, 91):
        with story.store.db.write() as tx:
            objects.add(tx, 1, "project_version", body, id=id, parent_id=7)
        same.append(story.node(one) == story.node(two))
    assert same == [True, False]


def test_a_source_that_is_named_as_it_is_made_is_what_was_made(story: Story) -> None:
    """At equal times the journals' names decide, also where the naming came first."""
    story.uses("a", "/d", t=1)
    named = story.makes("c", "/o", t=1, derived_from=[{"kind": "file", "id": "/d"}])
    story.makes("a", "/d", t=1)
    assert story.walk(story.node(named), up=True)[1] == {"a", "c"}


def test_an_untouched_output_gets_no_second_maker(story: Story) -> None:
    """It is recorded as reused; its maker is the first run alone."""
    first = story.makes("one", "/o", stat=digest("a"))
    second = story.makes("two", "/o", stat=digest("a"), unwritten=True)
    assert story.node(second) == story.node(first)
    assert story.walk(story.node(second), up=True)[1] == {"one"}


@pytest.mark.parametrize("is_late", [False, True])
def test_what_an_output_left_open_holds_is_seen_by_who_looks(
    story: Story, is_late: bool
) -> None:
    """A log file grows on when its step is over: its numbers are of no version."""
    stat = {"size": 0, "mtime_ns": 1, "inode": 7, "is_open": True}
    log = story.makes("train", "/log", stat={**stat, "is_open": not is_late})
    if is_late:
        late = {**Facts("train").fact("evidence", edge=log, stat=stat), "at": START}
        story.held = [{**late, "uid": "late"}]
        story.send()
    read = story.uses("report", "/log", stat=digest("f"))
    later = story.uses("report", "/log", stat=digest("0"))
    assert story.node(read) == story.node(log) != story.node(later)


def test_copies_and_renames_keep_their_history(story: Story) -> None:
    """The same bytes under another name, but not contents that are equal by chance."""
    for name, size in (("model", 20), ("empty", 0)):
        stat = {**digest(name[0]), "size": size} | (
            {"digest": "sha256:" + ("d" if size else "e") * 64}
        )
        story.makes("train", f"/{name}", stat=stat)
        story.uses("predict" + name, f"/copy-of-{name}", stat=stat)
        made = story.makes("predict" + name, f"/{name}.csv")
        runs = story.walk(story.node(made), up=True)[1]
        assert ("train" in runs) is bool(size)


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("folder", {
            "manifest": {"digest": H1, "files": 1, "bytes": 20, "entries": []},
            "evidence": [{"kind": "dirhash-h1", "value": H1}],
        }),
        ("file", {"evidence": [{"kind": "companions", "value": "a"}]}),
    ],
)  # fmt: skip
def test_copies_of_several_files_keep_their_history(
    story: Story, kind: str, known: dict[str, Any]
) -> None:
    """A renamed folder, and a copied file with what lies beside it."""
    story.makes("train", "/tmp-run", kind=kind, **known)
    story.makes("other", "/no-copy", kind=kind)
    story.uses("predict", "/run", kind=kind, **known)
    made = story.makes("predict", "/out")
    assert story.walk(story.node(made), up=True) == (
        {"/run", "/tmp-run"},
        {"train", "predict"},
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_an_untouched_copy_gets_no_maker_of_its_own(
    story: Story, order: tuple[int, ...]
) -> None:
    """Its bytes have one under another name, whichever is known first."""
    story.is_holding = True
    stat = {**digest("a"), "size": 20}
    story.makes("train", "/m", stat=stat)
    story.makes("publish", "/best", stat=stat, unwritten=True)
    used = story.uses("predict", "/best", stat=stat)
    held = story.held
    for at in order:
        story.held = [held[at]]
        story.send()
    assert story.walk(story.node(used), up=True) == ({"/m"}, {"train"})


def _send_each(story: Story, *, is_late: bool) -> None:
    """Send what was held back, each fact alone, the last one first if `is_late`."""
    held = story.held
    for fact in reversed(held) if is_late else held:
        story.held = [fact]
        story.send()


IN_ANY_ORDER = pytest.mark.parametrize("is_late", [False, True])
KNOWN_WITHOUT_A_DIGEST = pytest.mark.parametrize(
    "known", [{"size": 7}, {"pinned": False, "pinned_reason": "away"}]
)


def _known_of(store: Store) -> dict[int, tuple[Any, ...]]:
    """Return by node the size, whether it is pinned, and why not."""
    with store.db.read() as tx:
        rows = tx.all("SELECT id, size, pinned, pinned_reason FROM nodes")
    return {row[0]: tuple(row[1:]) for row in rows}


def _row(known: dict[str, Any]) -> tuple[Any, ...]:
    pinned = known.get("pinned")
    return (
        known.get("size"),
        pinned if pinned is None else int(pinned),
        known.get("pinned_reason"),
    )


@IN_ANY_ORDER
@KNOWN_WITHOUT_A_DIGEST
def test_what_is_known_without_a_digest_is_kept_in_any_order(
    story: Story, store: Store, known: dict[str, Any], is_late: bool
) -> None:
    """A size alone, or why nothing is pinned, whether a later use came first or not."""
    story.is_holding = True
    made = story.makes("train", "/m", **known)
    story.uses("predict", "/m")
    _send_each(story, is_late=is_late)
    assert _known_of(store)[story.node(made)] == _row(known)


@IN_ANY_ORDER
@KNOWN_WITHOUT_A_DIGEST
def test_what_a_later_run_knows_of_a_named_version_is_known_in_any_order(
    story: Story, store: Store, known: dict[str, Any], is_late: bool
) -> None:
    """Both makings of one version show the size, whichever fact arrived first."""
    story.is_holding = True
    story.makes("first", "/m", version="v1")
    story.makes("second", "/m", version="v1", **known)
    _send_each(story, is_late=is_late)
    assert list(_known_of(store).values()) == [_row(known)] * 2


@IN_ANY_ORDER
@KNOWN_WITHOUT_A_DIGEST
def test_a_use_without_evidence_completes_what_was_made_not_what_was_seen(
    story: Story, store: Store, known: dict[str, Any], is_late: bool
) -> None:
    """It is bound to the last production, though another state was seen since."""
    story.is_holding = True
    made = story.makes("train", "/m", version="v1")
    story.uses("edit", "/m", stat={"size": 20, "mtime_ns": 1})
    story.uses("predict", "/m", **known)
    _send_each(story, is_late=is_late)
    assert _known_of(store)[story.node(made)] == _row(known)


def test_of_two_sizes_of_one_digest_the_first_counts_in_any_order(
    story: Story, store: Store
) -> None:
    """Also where the first one arrives last, and nothing else is new in it."""
    story.is_holding = True
    made = story.makes("train", "/m")
    story.uses("predict", "/m", stat={**digest("a"), "size": 20})
    story.uses("evaluate", "/m", stat={**digest("a"), "size": 30})
    held = story.held
    for fact in (held[0], held[2], held[1]):
        story.held = [fact]
        story.send()
    assert _known_of(store)[story.node(made)] == _row({"size": 20})


@pytest.mark.parametrize("is_late", [False, True])
def test_a_production_goes_on_though_another_task_made_the_same_at_its_time(
    story: Story, is_late: bool
) -> None:
    """Names of journals order what happened at one time, whichever arrived first."""
    same = {"version": "v1"}
    story.is_holding = True
    story.makes("a", "/m", **same)
    first = story.makes("b", "/m", **same)
    again = story.makes("b", "/m", **same)
    for fact in story.held[:2]:
        fact["at"] = START
    story.held[2]["at"] = START + 1
    story.held[:2] = story.held[1::-1] if is_late else story.held[:2]
    _send_each(story, is_late=False)
    assert story.node(first) == story.node(again)


def test_what_is_named_as_a_source_at_its_time_of_making_is_used(
    story: Story,
) -> None:
    """A later production of the same task makes another version of it."""
    story.is_holding = True
    first = story.makes("a", "/m")
    story.makes("b", "/o", derived_from=[{"kind": "file", "id": "/m"}])
    again = story.makes("a", "/m")
    for fact in story.held[:2]:
        fact["at"] = START
    story.held[2]["at"] = START + 1
    story.held[:2] = story.held[1::-1]
    _send_each(story, is_late=False)
    assert story.node(first) != story.node(again)


def test_an_untouched_output_whose_bytes_nobody_made_has_its_declarer(
    story: Story,
) -> None:
    """A later writing of the same bytes elsewhere is none that it could come from."""
    stat = {**digest("a"), "size": 20}
    best = story.makes("publish", "/best", stat=stat, unwritten=True)
    story.makes("train", "/m", stat=stat)
    assert story.walk(story.node(best), up=True) == (set(), {"publish"})


def test_a_late_digest_shows_a_copy(story: Story) -> None:
    """As does late word that the output was not written."""
    whole = {**digest("a"), "size": 20}
    blind = {"size": 20, "mtime_ns": 1}
    maker = story.makes("train", "/m", stat=blind)
    best = story.makes("publish", "/best", stat=blind)
    late = [
        {**Facts(run).fact("evidence", edge=uid, **more), "at": START}
        for run, uid, more in (
            ("publish", best, {"stat": whole}),
            ("train", maker, {"stat": whole}),
            ("publish", best, {"unwritten": True}),
        )
    ]
    for number, fact in enumerate(late):
        fact["uid"] = f"late-{number}"
        story.held = [fact]
        story.send()
    assert story.walk(story.node(best), up=True) == ({"/m"}, {"train"})


def test_another_tasks_scratch_file_is_another_version(story: Story) -> None:
    """A writes and removes it; B writes its own and reads it."""
    story.makes("a", "/scratch")
    story.makes("b", "/scratch")
    story.uses("b", "/scratch")
    made = story.makes("b", "/out")
    assert story.walk(story.node(made), up=True)[1] == {"b"}


def test_digests_part_what_size_and_time_do_not(story: Story) -> None:
    """Two files of equal size and time copied onto one path are two versions."""
    uids = [story.uses("r", "/f", stat=digest(sign)) for sign in "ab"]
    assert story.node(uids[0]) != story.node(uids[1])


def test_a_file_with_companions_has_more_than_its_own_state(story: Story) -> None:
    """A database whose rows lie in its log: its own size, time and bytes stay."""
    seen = {"size": 8192, "mtime_ns": 1, "inode": 7}
    uids = [story.uses("1", "/x.db", stat=digest("d") | seen)]
    for run, sign in (("2", "a"), ("3", "b"), ("4", "a")):
        known = [{"kind": "companions", "value": f"sha256:{sign * 64}"}]
        uids.append(story.uses(run, "/x.db", stat=seen, evidence=known))
    versions = [story.version(story.node(uid)) for uid in uids]
    assert len(set(versions)) == 3
    assert versions[1] == versions[3]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_late_digest_completes_its_edge(story: Story, is_first: bool) -> None:
    """It arrives later, or earlier, and joins what has the same bytes."""
    stat = {"size": 9, "mtime_ns": 5}
    late = {
        "f": "evidence", "uid": "next-1", "task": "train", "at": START + 999,
        "edge": f"train-{next(NUMBERS) + 1}",
        "stat": {**stat, "digest": digest("a")["digest"]},
    }  # fmt: skip
    if is_first:
        story.store.ingest(1, [late])
    made = story.makes("train", "/m", stat=stat)
    if not is_first:
        story.store.ingest(1, [late])
    used = story.uses("predict", "/m", stat={**digest("a"), "mtime_ns": 77})
    assert story.node(used) == story.node(made)


def test_a_clock_that_was_never_set_is_ordered_by_arrival(story: Story) -> None:
    """A fact of 1970 among others belongs where it came."""
    story.makes("a", "/m")
    story.uses("b", "/m", t=-START + 5)
    made = story.makes("b", "/out", t=-START + 6)
    assert story.walk(story.node(made), up=True)[1] == {"a", "b"}


def test_facts_follow_what_a_store_has_whose_own_clock_is_not_set(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device without a battery starts in 1970, and its own store with it."""
    story.makes("a", "/m", stat=digest("a"))
    monkeypatch.setattr(edges, "time", SimpleNamespace(time=lambda: 20.0))
    used = story.uses("b", "/m", t=-START + 5, stat=digest("a"))
    made = story.makes("b", "/out", t=-START + 6)
    story.uses("c", "/out", t=-START + 7)
    last = story.makes("c", "/last", t=-START + 8)
    assert story.walk(story.node(used), up=True)[1] == {"a"}
    assert story.walk(story.node(made), up=True)[1] == {"a", "b"}
    assert story.walk(story.node(last), up=True)[1] == {"a", "b", "c"}


def test_one_digest_with_two_sizes_is_one_version(story: Story) -> None:
    """The digest decides, and the first size is shown."""
    sizes = [{**digest("a"), "size": size} for size in (20, 30)]
    nodes = {story.node(story.uses("r", "/f", stat=stat)) for stat in sizes}
    assert len(nodes) == 1
    with story.store.db.read() as tx:
        assert tx.all("SELECT size FROM nodes") == [(20,)]
