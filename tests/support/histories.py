"""Small histories of tasks with steps, of all kinds of evidence, for property tests."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st

#: A time that any clock may show.
START = 1_700_000_000.0
#: When a file was written in the middle of a history.
LATE_NS = int(START + 4) * 10**9
ARTIFACTS = [
    ("file", "/d/a"),
    ("file", "/b"),
    ("folder", "/d"),
    ("folder", "/e"),
    ("job", "1"),
    ("project", "7"),
]
#: Ids of versions of project 7, and the numbers that an instance may know of them.
REGISTERED = {90: 5, 91: 4}
#: What says which version of a project an edge is about; it comes with the edge.
PINS = ("version_id", "version_num")
Fact = dict[str, Any]


def _digest(sign: str) -> str:
    return "sha256:" + sign * 64


@st.composite
def evidence(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """What an edge may know of its version; mostly little."""
    forms = ["none", "none", "digest", "stat", "both", "said", "etag", "files"]
    form = draw(st.sampled_from(forms))
    known: dict[str, Any] = {}
    if form == "files":
        return _of_files(draw, kind)
    if form in ("digest", "both", "stat"):
        stat = {"size": 20, "mtime_ns": draw(st.integers(1, 2))}
        if form == "digest":
            stat["mtime_ns"] = draw(st.integers(1, 4))
        if form != "stat":
            stat["digest"] = _digest(draw(st.sampled_from("ab")))
        known["stat"] = stat
    if form == "said" and kind == "project" and draw(st.booleans()):
        pins = [("version_num", number) for number in (4, 5, 10)]
        pins += [("version_id", id) for id in REGISTERED]
        known |= dict(draw(st.lists(st.sampled_from(pins), min_size=1, max_size=2)))
    elif form == "said":
        known["version"] = draw(st.sampled_from(["one", "two"]))
    if form == "etag":
        values = draw(
            st.lists(st.sampled_from("xyz"), min_size=1, max_size=2, unique=True)
        )
        known["evidence"] = [{"kind": "etag", "value": value} for value in values]
    if form in ("said", "etag", "none") and not draw(st.integers(0, 3)):
        known["size"] = draw(st.sampled_from([4, 20, 30]))
    return known


def _of_files(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """What is known of a folder, and of a file with companions."""
    value = draw(st.sampled_from("abc"))
    if kind != "folder":
        known: dict[str, Any] = {"evidence": [{"kind": "companions", "value": value}]}
        if draw(st.booleans()):
            known["stat"] = {"size": 20, "mtime_ns": draw(st.integers(1, 2))}
        return known
    digest = draw(st.sampled_from([f"h1:{value * 43}=", f"stat:{value * 64}"]))
    listed = [
        ["a", 20, draw(st.sampled_from([None, _digest("a")])), draw(st.integers(1, 2))]
    ]
    entries = draw(st.sampled_from([[], listed, listed]))
    manifest = {"digest": digest, "files": 1, "bytes": 20, "entries": entries}
    known = {"manifest": manifest}
    if digest.startswith("h1:"):
        known["evidence"] = [{"kind": "dirhash-h1", "value": digest}]
    return known


def registers() -> st.SearchStrategy[dict[int, int]]:
    """Which numbers an instance knows of the ids of versions."""
    return st.lists(st.sampled_from([*REGISTERED.items()]), max_size=2).map(dict)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Facts of a few tasks with steps, in the order in which they were recorded."""
    facts: list[Fact] = []
    parents = {
        step: draw(st.sampled_from([None, *"123"[:at]]))
        for at, step in enumerate("123")
    }
    for number in range(draw(st.integers(1, 10))):
        run = draw(st.sampled_from(["r1", "r2", "r3"]))
        kind, id = draw(st.sampled_from(ARTIFACTS))
        fact: Fact = {
            "f": "edge",
            "uid": f"{run}-{number}",
            "task": run,
            "at": START + draw(st.integers(0, 8)),
            "dir": draw(st.sampled_from(["input", "output"])),
            "kind": kind,
            "id": id,
        }
        step = draw(st.sampled_from([None, None, *"123"]))
        if step is not None:
            fact["step"] = {"key": step, "name": step, "at": START}
            if parents[step] is not None:
                fact["step"]["parent"] = parents[step]
        if fact["dir"] == "output":
            _complete_output(draw, fact, step, parents)
        known = draw(evidence(kind))
        if draw(st.booleans()) or not known.keys().isdisjoint(PINS):
            fact |= known
        elif known:
            facts.append(
                {
                    "f": "evidence",
                    "uid": f"{run}-{100 + number}",
                    "task": run,
                    "at": fact["at"] + 1,
                    "edge": fact["uid"],
                    **known,
                }
            )
        facts.append(fact)
    return facts


def _complete_output(
    draw: st.DrawFn, fact: Fact, step: str | None, parents: dict[str, str | None]
) -> None:
    around: list[str | None] = [step]
    while around[-1] is not None:
        around.append(parents[around[-1]])
    scope = draw(st.sampled_from([step, step, *around]))
    if scope is not None:
        fact["scope"] = scope
    if draw(st.integers(0, 5)) == 0:
        sources = draw(st.lists(st.sampled_from(ARTIFACTS), max_size=2))
        fact["derived_from"] = [{"kind": kind, "id": id} for kind, id in sources]
    if draw(st.integers(0, 3)) == 0:
        fact["unwritten"] = True


@st.composite
def step_histories(draw: st.DrawFn) -> list[Fact]:
    """Facts of two tasks whose steps use and write the same few artifacts again."""
    facts: list[Fact] = []
    parents = {
        step: draw(st.sampled_from([None, None, *"1234"[:at]]))
        for at, step in enumerate("1234")
    }
    for number in range(draw(st.integers(8, 12))):
        run = draw(st.sampled_from(["r1", "r1", "r1", "r2"]))
        kind, id = draw(
            st.sampled_from([*ARTIFACTS[1:3], *[ARTIFACTS[1]] * 3, ARTIFACTS[5]])
        )
        fact: Fact = {
            "f": "edge",
            "uid": f"{run}-{number}",
            "task": run,
            "at": START + number + draw(st.integers(0, 1)),
            "dir": draw(st.sampled_from(["input", "output"])),
            "kind": kind,
            "id": id,
        }
        step = draw(st.sampled_from([None, *"12341234"]))
        if number < 2:
            # One step has used what another, mostly beside it, then writes.
            fact |= {"dir": ["input", "output"][number], "kind": "file", "id": "/b"}
            step = "12"[number]
        if step is not None:
            fact["step"] = {"key": step, "name": step, "at": START}
            if parents[step] is not None:
                fact["step"]["parent"] = parents[step]
        if fact["dir"] == "output":
            scope = draw(st.sampled_from([step, step, step, None]))
            if scope is not None:
                fact["scope"] = scope
        if draw(st.booleans()):
            fact |= draw(evidence(kind))
        facts.append(fact)
    return facts


@st.composite
def folder_histories(draw: st.DrawFn) -> list[Fact]:
    """Facts of tasks that produce one folder again, and of readers of a file in it."""
    facts: list[Fact] = []
    ways = ["output", "output", "input"]
    inside = ["/d/a", "/d/a", "/d/c", "/copy"]
    digests = [_digest("a")] * 3 + [_digest("b"), None]
    # One digest of a folder is of one content.
    contents: dict[str, list[tuple[str, str | None]]] = {}
    for number in range(draw(st.integers(4, 10))):
        run = draw(st.sampled_from(["r1", "r2", "r3", "r4"]))
        is_folder = number == 0 or draw(st.integers(0, 2)) < 2
        fact: Fact = {
            "f": "edge",
            "uid": f"{run}-{number}",
            "task": run,
            "at": START + number + draw(st.integers(0, 1)),
            "dir": draw(st.sampled_from(ways if is_folder else ["input", *ways])),
            "kind": "folder" if is_folder else "file",
            "id": "/d" if is_folder else draw(st.sampled_from(inside)),
        }
        if is_folder:
            sign = draw(st.sampled_from("abcdefgh"))
            if sign not in contents:
                contents[sign] = [
                    (name, draw(st.sampled_from(digests)))
                    for name in "ab"
                    if draw(st.integers(0, 5))
                ]
            files = [
                [name, 20, digest, draw(st.sampled_from([1, 1, 1, 2, LATE_NS]))]
                for name, digest in contents[sign]
            ]
            manifest = {
                "digest": f"h1:{sign * 43}=",
                "files": 1,
                "bytes": 20,
                "entries": files,
            }
            fact["manifest"] = manifest
            fact["evidence"] = [{"kind": "dirhash-h1", "value": manifest["digest"]}]
        elif draw(st.booleans()):
            sign = draw(st.sampled_from("aaab"))
            size = draw(st.sampled_from([20, 20, 20, 30]))
            fact["stat"] = {"size": size, "mtime_ns": 1}
            if draw(st.integers(0, 3)):
                fact["stat"]["digest"] = _digest(sign)
        facts.append(fact)
    return facts


@st.composite
def address_histories(draw: st.DrawFn) -> list[Fact]:
    """Facts of tasks that produce folders again, of whose files little is known."""
    facts: list[Fact] = []
    places = [
        ("folder", "/d"), ("folder", "/d"), ("folder", "/d/e"), ("file", "/d/a"),
        ("file", "/d/e/b"), ("file", "/d/e/b"),
    ]  # fmt: skip
    for number in range(draw(st.integers(5, 11))):
        run = draw(st.sampled_from(["r1", "r1", "r2", "r3"]))
        kind, id = draw(st.sampled_from(places))
        ways = ["output", "output", "input"] if kind == "folder" else ["input"]
        fact: Fact = {
            "f": "edge",
            "uid": f"{run}-{number}",
            "task": run,
            "at": START + number + draw(st.integers(0, 1)),
            "dir": draw(st.sampled_from([*ways, "input", *ways])),
            "kind": kind,
            "id": id,
        }
        if not draw(st.integers(0, 5)):
            fact["dir"] = "output"
        if fact["dir"] == "output" and not draw(st.integers(0, 4)):
            kind, id = draw(st.sampled_from(places))
            fact["derived_from"] = [{"kind": kind, "id": id}]
        if fact["dir"] == "output" and not draw(st.integers(0, 5)):
            fact["unwritten"] = True
        if not draw(st.integers(0, 3)):
            fact |= draw(evidence(kind))
        elif not draw(st.integers(0, 5)) and (known := draw(evidence(kind))):
            late = {"f": "evidence", "uid": f"{run}-{100 + number}", "task": run}
            facts.append({**late, "at": fact["at"], "edge": fact["uid"], **known})
        facts.append(fact)
    return facts
