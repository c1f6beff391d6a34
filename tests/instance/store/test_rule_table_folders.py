"""What an app does with folders and their files, and what must be answered."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from store_engines import digest
from store_story import START, Story

from lineage.instance.store import Store

H1 = f"h1:{'a' * 43}="


@pytest.fixture
def story(store: Store) -> Story:
    """A story in an empty store."""
    return Story(store)


@pytest.mark.parametrize("base", ["/data/table", "s3://bucket/table"])
def test_a_file_of_a_produced_folder_comes_from_its_maker(
    story: Story, base: str
) -> None:
    """And what was made of the file is found from what the folder was made of."""
    used = story.uses("write", "/in")
    story.makes("write", base, kind="folder")
    story.uses("read", f"{base}/day=1/part-0")
    made = story.makes("read", "/out")
    assert "write" in story.walk(story.node(made), up=True)[1]
    assert "/out" in story.walk(story.node(used), up=False)[0]


IN_ANY_ORDER = pytest.mark.parametrize(
    "order", list(itertools.permutations(range(4)))[::5]
)


@IN_ANY_ORDER
@pytest.mark.parametrize(
    ("run", "file"),
    [
        ("s3://bucket/run", "s3://bucket/run/model.pt"),
        ("/models/run", "/models/run/sub/model.pt"),
    ],
)
def test_a_file_of_which_nothing_is_known_comes_from_the_last_maker_of_its_folder(
    story: Story, order: tuple[int, ...], run: str, file: str
) -> None:
    """Two trainings write one folder; a prediction after each reads a file in it."""
    story.is_holding = True
    made, uids = [], []
    for day in "12":
        story.makes(f"train{day}", run, kind="folder")
        uids.append(story.uses(f"predict{day}", file))
        made.append(story.makes(f"predict{day}", f"/out{day}"))
    parts = [story.held[:1], story.held[1:3], story.held[3:4], story.held[4:]]
    for at in order:
        story.held = list(parts[at])
        story.send()
    for day, uid in zip("12", made, strict=True):
        assert story.walk(story.node(uid), up=True)[1] == {
            f"train{day}", f"predict{day}",
        }  # fmt: skip
    assert story.current(file) == story.node(uids[1]) != story.node(uids[0])


def test_finds_are_one_where_their_folder_was_not_written_in_between(
    story: Story,
) -> None:
    """It was declared and left alone, or it is known to have the same content."""
    known = {"kind": "folder", "evidence": [{"kind": "dirhash-h1", "value": H1}]}
    story.makes("one", "/d", **known)
    uses = [story.uses("two", "/d/x")]
    story.makes("three", "/d", unwritten=True, kind="folder")
    uses.append(story.uses("four", "/d/x"))
    assert len({story.node(uid) for uid in uses}) == 1
    story.makes("five", "/e", **known)
    uses = [story.uses("six", "/e/x")]
    story.makes("seven", "/e", **known)
    uses.append(story.uses("eight", "/e/x"))
    assert len({story.node(uid) for uid in uses}) == 1


def test_an_untouched_folder_gets_no_second_maker(story: Story) -> None:
    """It is recorded as reused, and the files in it come from the first run alone."""
    known = {"kind": "folder", "evidence": [{"kind": "dirhash-h1", "value": H1}]}
    story.makes("one", "/d", **known)
    story.uses("two", "/cfg")
    second = story.makes("two", "/d", unwritten=True, **known)
    read = story.uses("three", "/d/x")
    for uid in (second, read):
        assert story.walk(story.node(uid), up=True)[1] == {"one"}


def test_what_a_link_in_a_folder_leads_to_is_a_part_of_it(story: Story) -> None:
    """Files of two snapshots of a repository are links to blobs, some to the same."""
    blob, snaps = "file://m/hub/blobs/c0", ["file://m/hub/one", "file://m/hub/two"]
    story.makes("download", snaps[0], kind="folder")
    story.uses("read", blob, aliases=[f"{snaps[0]}/config.json"])
    first = story.makes("read", "/first")
    story.makes("again", snaps[1], kind="folder")
    again = story.uses("later", blob, aliases=[f"{snaps[1]}/config.json"])
    apart = story.uses("apart", "file://m/hub/blobs/c1", aliases=["/hub/one/x"])
    assert story.walk(story.node(first), up=True)[1] == {"download", "read"}
    assert story.walk(story.node(again), up=True)[0] == {snaps[0]}
    assert story.walk(story.node(apart), up=True)[0] == set()


def test_a_link_that_was_moved_shows_by_the_manifest(story: Story) -> None:
    """`latest` leads to the second of two files when the folder is looked at."""
    for at, sign in enumerate("ab"):
        place = {"aliases": ["file://m/out/latest"], "stat": digest(sign)}
        story.makes(sign, f"file://m/epoch{at}", **place)
    entry = ["latest", 20, digest("b")["digest"], 1]
    manifest = {"digest": H1, "files": 1, "bytes": 20, "entries": [entry]}
    out = story.uses("read", "file://m/out", kind="folder", manifest=manifest)
    assert story.walk(story.node(out), up=True)[1] == {"b"}


@pytest.mark.parametrize(
    ("name", "second", "third", "maker"),
    [
        ("a", ("a", 5, "d", 1), ("a", 5, "d", 1), "w1"),
        ("a", ("a", 5, None, 1), ("a", 5, None, 1), "w1"),
        ("a", ("a", 5, "d", 2), ("a", 5, "d", 2), "w2"),
        ("a", ("a", 6, "d", 1), ("a", 6, "d", 1), "w2"),
        ("a", ("a", 5, "e", 1), ("a", 5, "d", 1), "w3"),
        ("a", ("b", 5, "d", 1), ("a", 5, "d", 1), "w3"),
        ("sub", ("sub/a", 5, "d", 1), ("sub/a", 5, "d", 1), "w1"),
        ("sub", ("sub/a", 5, "d", 1), ("sub/a", 5, "d", 3), "w3"),
    ],
    ids=[
        "left alone", "left alone, unread", "written again", "other size",
        "other content", "was gone", "folder left alone", "folder written again",
    ],
)  # fmt: skip
def test_a_file_that_a_later_maker_of_a_folder_left_alone_keeps_its_own(
    story: Story, name: str, second: Any, third: Any, maker: str
) -> None:
    """Run after run writes into one folder; a reader then takes what is in it."""
    first = ("sub/a" if name == "sub" else "a", 5, "d", 1)
    for number, entry in enumerate((first, second, third), 1):
        path, size, sign, mtime = entry
        listed = (path, size, sign and f"sha256:{sign * 64}", mtime)
        manifest = {
            "digest": f"h1:{str(number) * 43}=", "files": 2, "bytes": 9,
            "entries": [listed, ("own", number, None, number)],
        }  # fmt: skip
        known = [{"kind": "dirhash-h1", "value": manifest["digest"]}]
        story.makes(
            f"w{number}", "/out", kind="folder", manifest=manifest, evidence=known
        )
    kind = "folder" if name == "sub" else "file"
    use = story.uses("r", f"/out/{name}", kind=kind)
    assert story.walk(story.node(use), up=True)[1] & {"w1", "w2", "w3"} == {maker}


def _folder_of(**files: int) -> dict[str, Any]:
    """Return what an edge knows of a folder: files with the times of their writing."""
    listed = [(name, 20, None, at) for name, at in sorted(files.items())]
    sign = "".join(f"{name}{at}" for name, at in sorted(files.items()))
    manifest = {
        "digest": f"h1:{sign:x<43}=", "files": len(files), "bytes": 20,
        "entries": listed,
    }  # fmt: skip
    known = [{"kind": "dirhash-h1", "value": manifest["digest"]}]
    return {"kind": "folder", "manifest": manifest, "evidence": known}


@pytest.mark.parametrize(
    ("second", "third", "runs"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}, {"w1", "w2", "w3"}),
        ({"a": 2, "b": 2}, {"a": 2, "b": 2, "c": 3}, {"w2", "w3"}),
        ({"a": 1, "b": 2}, {"a": 1, "c": 3}, {"w1", "w3"}),
        ({"a": 1, "b": 2}, {"b": 2, "c": 3}, {"w2", "w3"}),
        ({"a": 1, "b": 2}, {"c": 3}, {"w3"}),
    ],
    ids=["all stay", "written again", "the second's is gone", "the first's is gone",
         "all are gone"],
)  # fmt: skip
def test_a_folder_comes_from_the_runs_whose_files_it_has(
    story: Story, second: dict[str, int], third: dict[str, int], runs: set[str]
) -> None:
    """Run after run writes into one folder; who uses it as a whole uses all of it."""
    firsts = []
    for number, files in enumerate(({"a": 1}, second, third), 1):
        firsts.append(story.uses(f"w{number}", f"/in{number}"))
        story.makes(f"w{number}", "/out", **_folder_of(**files))
    story.uses("r", "/out", **_folder_of(**third))
    made = story.makes("r", "/report")
    assert story.walk(story.node(made), up=True)[1] == {"r", *runs}
    for number, first in enumerate(firsts, 1):
        reached = story.walk(story.node(first), up=False)[0]
        assert ("/report" in reached) is (f"w{number}" in runs)


def test_a_folder_of_which_one_file_was_changed_by_hand_has_its_maker(
    story: Story,
) -> None:
    """Nobody made the new version; the other files are still the run's."""
    story.makes("w", "/out", **_folder_of(a=1, b=1))
    story.uses("r", "/out", **_folder_of(a=1, b=2))
    made = story.makes("r", "/report")
    assert story.walk(story.node(made), up=True)[1] == {"r", "w"}


@pytest.mark.parametrize(("again", "is_there"), [(1, True), (2, False)])
def test_a_file_that_a_later_maker_of_its_folder_left_alone_is_a_part_of_that(
    story: Story, again: int, is_there: bool
) -> None:
    """A step wrote a file, its run the folder; what the file came from is found."""
    step = {"key": "1", "name": "draw", "at": START}
    story.uses("w1", "/in", step=step)
    story.makes("w1", "/out/a", step=step, scope="1")
    story.makes("w1", "/out", derived_from=[], **_folder_of(a=1))
    story.makes("w2", "/out", **_folder_of(a=again, b=2))
    story.uses("r", "/out", **_folder_of(a=again, b=2))
    made = story.makes("r", "/report")
    assert ("/in" in story.walk(story.node(made), up=True)[0]) is is_there


@pytest.mark.parametrize(
    ("name", "sign", "listed", "is_part"),
    [
        ("a", "a", [("a", 20, "a", 1)], True),
        ("a", "b", [("a", 20, "a", 1)], False),
        ("a", "b", [("a", 20, None, 1)], True),
        ("a", "b", [("a", 30, None, 1)], False),
        ("a", "b", [("b", 20, "a", 1)], False),
        ("a", "b", [], True),
        ("a", "b", [("a", 20, "a", 2 * 10**18)], True),
        ("a", "b", [("b", 20, "a", 2 * 10**18)], True),
    ],
    ids=["as listed", "changed since", "maybe changed", "other size", "came later",
         "only made for what comes later", "used before the maker wrote it again",
         "used before the maker removed it"],
)  # fmt: skip
@pytest.mark.parametrize("is_later", [False, True])
def test_a_file_that_the_folder_did_not_have_is_no_part_of_it(
    story: Story, name: str, sign: str, listed: Any, is_part: bool, is_later: bool
) -> None:
    """Somebody changed or added a file after the run; a reader takes that one."""

    def folder(entries: Any) -> dict[str, Any]:
        shown = [(n, size, d and f"sha256:{d * 64}", at) for n, size, d, at in entries]
        mark = "".join(f"{n}{size}{d}{at}" for n, size, d, at in entries)
        manifest = {
            "digest": f"h1:{mark:x<43}=", "files": 1, "bytes": 20, "entries": shown
        }  # fmt: skip
        known = [{"kind": "dirhash-h1", "value": manifest["digest"]}]
        return {"kind": "folder", "manifest": manifest, "evidence": known}

    story.makes("w", "/out", **folder(listed))
    use = story.uses("r", f"/out/{name}", stat=digest(sign) | {"size": 20})
    if is_later:
        story.makes("w2", "/out", **folder([("a", 20, sign, 3)]))
    expected = {"r", "w"} if is_part else {"r"}
    made = story.makes("r", "/report")
    assert story.walk(story.node(made), up=True)[1] == expected
    assert ("/out" in story.walk(story.node(use), up=True)[0]) is is_part


@pytest.mark.parametrize(
    ("listed", "makers"),
    [
        ([("a", 20, "b", 3)], {"w2"}),
        ([("a", 20, "a", 3)], {"w1"}),
        ([("a", 20, "c", 3)], set()),
        ([("b", 20, "a", 3)], set()),
    ],
    ids=["the last one", "an earlier one again", "changed by hand", "removed"],
)
def test_a_folder_has_the_states_of_its_files_that_it_shows(
    story: Story, listed: Any, makers: set[str]
) -> None:
    """Two runs wrote a file; a reader then takes the folder as it is."""
    story.makes("w1", "/in/a", stat=digest("a") | {"size": 20})
    story.makes("w2", "/in/a", stat=digest("b") | {"size": 20})
    shown = [(n, size, f"sha256:{d * 64}", at) for n, size, d, at in listed]
    manifest = {"digest": H1, "files": 1, "bytes": 20, "entries": shown}
    known = [{"kind": "dirhash-h1", "value": H1}]
    story.uses("r", "/in", kind="folder", manifest=manifest, evidence=known)
    made = story.makes("r", "/report")
    assert story.walk(story.node(made), up=True)[1] == {"r", *makers}


def test_a_folder_comes_from_who_made_its_files(story: Story) -> None:
    """Other files of the folder are no ancestors of what was made from one."""
    story.makes("a", "/f/x")
    story.uses("b", "/f", kind="folder")
    made = story.makes("b", "/out")
    story.uses("c", "/f/y")
    other = story.makes("c", "/other")
    assert story.walk(story.node(made), up=True)[1] == {"a", "b"}
    assert story.walk(story.node(other), up=True)[1] == {"c"}


def test_a_changed_folder_is_another_version(story: Story) -> None:
    """Its evidence decides; going back to the same files is the same version."""
    hashes = [[{"kind": "dirhash-h1", "value": value}] for value in "aba"]
    uids = [story.uses("r", "/f", kind="folder", evidence=e) for e in hashes]
    versions = [story.version(story.node(uid)) for uid in uids]
    assert versions[0] == versions[2] != versions[1]


@pytest.mark.parametrize(
    ("second", "makers"),
    [
        ([("a", 20, "a", 1), ("b", 20, "b", 2)], {"w1"}),
        ([("a", 20, "a", 2), ("b", 20, "b", 2)], {"w2"}),
        ([("b", 20, "b", 2)], {"w1"}),
    ],
    ids=["left alone", "written again", "gone"],
)
@pytest.mark.parametrize("place", ["/deploy/model", "s3://b/model", "/run/c"])
def test_a_copy_of_a_file_of_a_folder_comes_from_who_wrote_it(
    story: Story, second: Any, makers: set[str], place: str
) -> None:
    """Only the folder was declared; its manifest shows the bytes of what is used."""
    used = []
    for number, entries in enumerate(([("a", 20, "a", 1)], second), 1):
        listed = [(n, size, f"sha256:{d * 64}", at) for n, size, d, at in entries]
        sign = f"h1:{str(number) * 43}="
        manifest = {"digest": sign, "files": 1, "bytes": 20, "entries": listed}
        known = [{"kind": "dirhash-h1", "value": sign}]
        run = f"w{number}"
        used.append(story.uses(run, f"/in{number}"))
        story.makes(run, "/run", kind="folder", manifest=manifest, evidence=known)
    story.uses("r", place, stat=digest("a") | {"size": 20})
    made = story.makes("r", "/report")
    assert story.walk(story.node(made), up=True)[1] == {"r", *makers}
    for number, uid in enumerate(used, 1):
        reached = story.walk(story.node(uid), up=False)[0]
        assert ("/report" in reached) is (f"w{number}" in makers)


@pytest.mark.parametrize(("size", "t"), [(4, 9_000_000), (20, 0)])
def test_what_is_equal_by_chance_or_was_there_before_is_no_copy(
    story: Story, size: int, t: int
) -> None:
    """A few bytes, and a file that was used before the folder had one like it."""
    listed = [("a", size, digest("a")["digest"], 1)]
    manifest = {"digest": H1, "files": 1, "bytes": size, "entries": listed}
    known = [{"kind": "dirhash-h1", "value": H1}]
    story.makes("w", "/run", kind="folder", manifest=manifest, evidence=known)
    use = story.uses("r", "/copy", stat=digest("a") | {"size": size}, t=t)
    assert story.walk(story.node(use), up=True) == (set(), set())
