"""Facts as the events that the plain reference of the rule reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Fact = dict[str, Any]
#: A node is named by its artifact and the uids of the edges that are bound to it.
Name = tuple[Any, ...]
RANKS = ("said", "companions", "digest", "storage", "stat")


class Event:
    """A use, a production or a mention of one artifact."""

    def __init__(self, fact: Fact, role: str, known: dict[str, Any]) -> None:
        source, _, number = fact["uid"].rpartition("-")
        self.uid = fact["uid"]
        self.when = (fact["at"], source, int(number), role == "production")
        self.at = fact["at"]
        self.task = fact["task"]
        self.role = role
        step = fact.get("step")
        self.step = step["key"] if isinstance(step, dict) else step
        self.scope = fact.get("scope")
        self.sources = fact.get("derived_from")
        self.unwritten = bool(known.get("unwritten"))
        self.evidence = [] if role == "mention" else evidence_of(known)
        manifest = known.get("manifest") or {}
        listed = manifest.get("bytes", known.get("size"))
        self.size = (known.get("stat") or {}).get("size", listed)
        self.manifest = manifest.get("digest")
        self.entries = manifest.get("entries")
        self.number = known.get("version_num")
        self.version: Any = None
        self.node: Node | None = None
        self.reused = False

    def looked(self) -> bool:
        """Whether somebody looked at the content."""
        return any(rank != "said" for rank, _ in self.evidence)


class Node:
    """One production of a version, or its finding."""

    def __init__(self, artifact: Any, version: Any, made: bool, at: float) -> None:
        self.artifact = artifact
        self.version = version
        self.made = made
        self.at = at
        self.events: list[Event] = []

    def name(self) -> Name:
        """Name it by what is bound to it."""
        bound = sorted(f"{e.role}:{e.uid}" for e in self.events)
        return (*self.artifact, *bound)


def evidence_of(known: dict[str, Any]) -> list[tuple[str, str]]:
    """List what an edge knows of its version, best first."""
    found = []
    if known.get("version_num") is not None:
        found.append(("said", f"n{known['version_num']}"))
    if known.get("version_id") is not None:
        found.append(("said", f"v{known['version_id']}"))
    if known.get("version") is not None:
        found.append(("said", known["version"]))
    stat = known.get("stat")
    if stat is not None and stat.get("digest"):
        found.append(("digest", stat["digest"]))
    found += [
        (
            "companions" if one["kind"] == "companions" else "storage",
            f"{one['kind']}:{one['value']}",
        )
        for one in known.get("evidence") or ()
    ]
    if stat is not None and not any(rank == "companions" for rank, _ in found):
        found.append(("stat", f"{stat['size']}/{stat['mtime_ns']}"))
    return sorted(found, key=lambda token: RANKS.index(token[0]))


def complete(
    facts: Iterable[Fact], registered: Mapping[int, int]
) -> list[tuple[Fact, dict[str, Any]]]:
    """Join edges with the evidence that came apart from them."""
    by_uid = {fact["uid"]: fact for fact in facts}
    members = ("stat", "version", "evidence", "unwritten", "manifest", "size")
    joined = []
    for fact in by_uid.values():
        if fact["f"] != "edge":
            continue
        late = [
            f
            for f in by_uid.values()
            if f["f"] == "evidence" and f["edge"] == fact["uid"]
        ]
        late.sort(
            key=lambda f: (bool((f.get("stat") or {}).get("digest")), f["at"], f["uid"])
        )
        own = (*members, "version_num", "version_id")
        known = {m: fact[m] for m in own if fact.get(m) is not None}
        for id, number in registered.items():
            if fact.get("version_id") == id:
                known.setdefault("version_num", number)
            elif fact.get("version_num") == number:
                known.setdefault("version_id", id)
        for other in late:
            known |= {m: other[m] for m in members if other.get(m) is not None}
        joined.append((fact, known))
    return joined


def productions_around(
    artifact: Any, everything: Mapping[Any, list[Event]]
) -> list[Event]:
    """List when a folder around an artifact may have been given other content."""
    found: list[Event] = []
    for whole, events in everything.items():
        if artifact[0] not in ("file", "folder") or whole[0] != "folder":
            continue
        if not artifact[1].startswith(whole[1] + "/"):
            continue
        made = [e for e in events if e.role == "production"]
        made.sort(key=lambda e: e.when)
        for at, event in enumerate(made):
            is_same = at and set(event.evidence) & set(made[at - 1].evidence)
            if not event.unwritten and not is_same:
                found.append(event)
    return found
