"""The rule of versions and derivation, written as plainly as possible.

It shares no code with the store: facts in, graph out, each question answered by looking
at all events. `tests/instance/store/test_truth_property.py` compares the two.
"""

# Longer than 400 lines: the rule stands in one piece, to be compared as a whole.

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from versions_events import (
    RANKS,
    Event,
    Fact,
    Name,
    Node,
    complete,
    productions_around,
)  # fmt: skip

CONTAINERS = ("project", "dataset", "folder")
#: What is changed by being worked on, and is never replaced as a whole.
EDITED = ("project", "dataset", "job")


class Graph:
    """The graph that facts describe, and numbers that are known of versions' ids."""

    def __init__(
        self, facts: Iterable[Fact], registered: Mapping[int, int] | None = None
    ) -> None:
        edges = complete(facts, registered or {})
        self.parents: dict[tuple[str, str], str | None] = {}
        for fact, _ in edges:
            step = fact.get("step")
            if isinstance(step, dict):
                self.parents[fact["task"], step["key"]] = step.get("parent")
        self.events: dict[Any, list[Event]] = {}
        self.edges: list[Event] = []
        self.mentions: list[tuple[Event, Event]] = []
        for fact, known in edges:
            role = "use" if fact["dir"] == "input" else "production"
            event = Event(fact, role, known)
            self.edges.append(event)
            self.events.setdefault((fact["kind"], str(fact["id"])), []).append(event)
            for source in {(s["kind"], str(s["id"])) for s in event.sources or ()}:
                mention = Event(fact, "mention", {})
                self.mentions.append((event, mention))
                self.events.setdefault(source, []).append(mention)
        #: How often a part was older than the whole that was there.
        self.leftovers = 0
        #: How often a folder did not have a part in the state that it was seen in.
        self.strangers = 0
        #: How often a version of a folder had files of an older one.
        self.remains = 0
        #: How often a task wrote what only other steps of it had used.
        self.off_path = 0
        #: How often the bytes of a file were those of a file of a folder.
        self.copied = 0
        #: How often a folder was produced between two finds of what nobody made in it.
        self.parted = 0
        self.nodes: list[Node] = []
        self.current: dict[Any, Node] = {}
        self.ordinals: dict[Any, list[Any]] = {}
        self.in_place: list[tuple[Node, Node]] = []
        for artifact, events in self.events.items():
            self._history(artifact, events)

    # -- steps ---------------------------------------------------------------

    def around(self, task: str, step: str | None) -> list[str | None]:
        """List a step, the steps around it and the task's body."""
        chain: list[str | None] = [step]
        while chain[-1] is not None:
            parent = self.parents.get((task, chain[-1]))
            chain.append(None if parent in chain else parent)
        return chain

    def is_on_path(self, use: Event, output: Event) -> bool:
        """Whether a use counts for what an output's step works on in place."""
        return use.step in self.around(
            output.task, output.scope
        ) or output.scope in self.around(use.task, use.step)

    # -- versions ------------------------------------------------------------

    def _same_version(self, events: list[Event]) -> None:
        """Name the version of every event that has evidence."""
        for rank in RANKS:
            mine = [e for e in events if e.evidence and e.evidence[0][0] == rank]
            better = [e for e in events if e.version is not None]
            for event in mine:
                shared = [e for e in better if set(e.evidence) & set(event.evidence)]
                before = [e for e in shared if e.when < event.when]
                if before:
                    event.version = before[-1].version
                elif shared:
                    event.version = shared[0].version
            for event in mine:
                if event.version is None:
                    event.version = object()
                    group = [event]
                    for one in group:
                        for other in mine:
                            ranked = [t for t in one.evidence if t[0] == rank]
                            if other.version is None and set(ranked) & set(
                                other.evidence
                            ):
                                other.version = event.version
                                group.append(other)

    def _is_copy(self, artifact: Any, event: Event) -> bool:
        """Whether another artifact was written with an output's bytes before."""
        if event.size is not None and event.size < 8:
            return False
        digests = {token for token in event.evidence if token[0] == "digest"}
        return any(
            other.role == "production"
            and not other.unwritten
            and other.at <= event.at
            and digests & set(other.evidence)
            for place, events in self.events.items()
            if place != artifact
            for other in events
        )

    def _history(self, artifact: Any, events: list[Event]) -> None:  # noqa: C901  in one piece, as the rule is
        events.sort(key=lambda e: e.when)
        self._same_version(events)
        nodes: list[Node] = []
        last: Event | None = None
        seen_since = False
        joined: dict[Any, Any] = {}
        versions: list[Any] = []
        uses: dict[str, list[Event]] = {}
        current: tuple[bool, Node] | None = None

        numbers: dict[Any, list[int]] = {}
        around = productions_around(artifact, self.events)

        def is_lower(one: Node, other: Node) -> bool:
            mine, theirs = numbers.get(one.version), numbers.get(other.version)
            return bool(mine and theirs and mine < theirs)

        def node_of(version: Any, made: bool, event: Event) -> Node:
            if version not in versions:
                versions.append(version)
            node = Node(artifact, version, made, event.at)
            nodes.append(node)
            return node

        for event in events:
            version = joined.get(event.version, event.version)
            goes_on = (
                last is not None
                and last.task == event.task
                and not seen_since
                and (
                    artifact[0] in CONTAINERS
                    or last.step in self.around(event.task, event.step)
                    or event.step in self.around(event.task, last.step)
                )
            )
            known_here = [n for n in nodes if n.version == version]
            if version is not None and not known_here and last is not None:
                # Somebody looks for the first time at what was produced last.
                assert last.node is not None
                blind = not any(
                    joined.get(e.version, e.version) == last.node.version
                    for e in events
                    if e.when < event.when and e.version is not None
                )
                may = event.role == "use" or event.unwritten or goes_on
                if blind and event.looked() and may:
                    joined[event.version] = version = last.node.version
                    known_here = [n for n in nodes if n.version == version]
            makings = [n for n in known_here if n.made]
            has_maker = bool(makings) or self._is_copy(artifact, event)
            is_reuse = event.unwritten and version is not None and has_maker
            if event.role == "production" and not is_reuse:
                same = (
                    last is not None
                    and last.node
                    and (
                        (version is None and goes_on)
                        or (
                            version is not None
                            and last.node.version == version
                            and last.task == event.task
                            and not seen_since
                        )
                    )
                )
                if same:
                    assert last is not None
                    assert last.node is not None
                    node = last.node
                else:
                    made_up = ("made", event.uid) if version is None else version
                    node = node_of(made_up, True, event)
                known = uses.get(event.task, [])
                older = [
                    e.node
                    for e in known
                    if artifact[0] in EDITED or self.is_on_path(e, event)
                ]
                self.off_path += len(older) < len(known)
                if older and older[-1] is not node and event.sources is None:
                    assert older[-1] is not None
                    self.in_place.append((older[-1], node))
                last, seen_since = event, False
            else:
                event.reused = event.role == "production"
                seen_since = True
                if event.role == "mention" and event.task in uses:
                    assert uses[event.task][-1].node is not None
                    node = uses[event.task][-1].node
                elif version is None:
                    if last is not None:
                        assert last.node is not None
                        node = last.node
                    else:
                        before = sum(one.when < event.when for one in around)
                        name = ("unknown", before)
                        unknown = [n for n in nodes if n.version == name]
                        self.parted += not unknown and any(
                            n.version[0] == "unknown"
                            for n in nodes
                            if isinstance(n.version, tuple)
                        )
                        node = unknown[0] if unknown else node_of(name, False, event)
                elif known_here:
                    node = (makings or known_here)[-1]
                else:
                    node = node_of(version, False, event)
                if event.role != "mention":
                    uses.setdefault(event.task, []).append(event)
            event.node = node
            node.events.append(event)
            if event.number is not None:
                known_as = [*numbers.get(node.version, ()), event.number]
                numbers[node.version] = [min(known_as, key=str)]
            strong = event.role == "production" or event.looked()
            if current is None or (
                event.role != "mention"
                and (strong or not current[0])
                and (strong or not is_lower(node, current[1]))
            ):
                was = current is not None and current[0]
                current = (was or strong, node)
        assert current is not None
        self.nodes += nodes
        self.current[artifact] = current[1]
        self.ordinals[artifact] = versions

    # -- links ---------------------------------------------------------------

    def links(self) -> set[tuple[Name, Name, str, str]]:
        """List source, target, how it is known, and the task; '' where none."""
        found: dict[tuple[Name, Name, str], str] = {}
        order = (
            "declared", "same step", "enclosing step", "same content", "part of"
        )  # fmt: skip

        def add(source: Node, target: Node, how: str, by: str) -> None:
            if source is target:
                return
            key = (source.name(), target.name(), by)
            if key not in found or order.index(how) < order.index(found[key]):
                found[key] = how

        for source, target in self.in_place:
            add(source, target, "declared", "")
        for output, mention in self.mentions:
            if not output.reused:
                assert output.node is not None
                assert mention.node is not None
                add(mention.node, output.node, "declared", "")
        for output in self.edges:
            if output.role == "production" and not output.reused:
                self._links_of_steps(output, add)
        self._links_of_content(add)
        self._links_of_members(add)
        self._links_of_parts(add)
        self._links_of_kept_versions(add)
        self._links_of_leftovers(add)
        return {(*key[:2], how, key[2]) for key, how in found.items()}

    def _links_of_steps(self, output: Event, add: Any) -> None:
        if output.sources is not None:
            return
        own = output.scope
        uses = [
            e
            for e in self.edges
            if e.role == "use" and e.task == output.task and e.at <= output.at
        ]
        outer = self.around(output.task, own)
        within = [u for u in uses if own in self.around(u.task, u.step)[1:]]
        by = f"{output.task}/{own or ''}"
        if output.step == own:
            for use in uses:
                if use.step == own or use in within:
                    add(use.node, output.node, "same step", by)
                elif use.step in outer:
                    add(use.node, output.node, "enclosing step", by)
            return
        # One activity's outputs count together: the latest decides what came before.
        last = max(
            e.at
            for e in self.edges
            if e.node is output.node
            and e.role == "production"
            and e.scope == own
            and e.step != own
            and e.task == output.task
            and not e.reused
            and e.sources is None
        )
        uses = [
            e
            for e in self.edges
            if e.role == "use" and e.task == output.task and e.at <= last
        ]
        direct = [u for u in uses if u.step in outer and u.node is not output.node]
        for use in direct or [
            u for u in uses if own in self.around(u.task, u.step)[1:]
        ]:
            add(use.node, output.node, "enclosing step", by)

    def _events(self, node: Node) -> list[Event]:
        """List what happened to a node's version, in time."""
        events = [
            e for n in self.nodes if n.version == node.version for e in n.events
            if n.artifact == node.artifact
        ]  # fmt: skip
        return sorted(events, key=lambda e: e.when)

    def _contents(self, node: Node) -> set[str]:
        """List what says that another artifact holds the same bytes."""
        found = {self._digest(node)[0] or ""}
        events = self._events(node)
        manifests = [e.manifest for e in events if e.manifest]
        if manifests and manifests[0].startswith("h1:"):
            found.add(manifests[0])
        tokens = [token for event in events for token in event.evidence]
        best = min(tokens, key=lambda t: (RANKS.index(t[0]), t[1]), default=("", ""))
        if best[0] == "companions":
            found.add(best[1])
        return found - {""}

    def _size(self, node: Node) -> int | None:
        digest, size = self._digest(node)
        if digest is not None and size is not None:
            return size
        sizes = [e.size for e in self._events(node) if e.size is not None]
        return sizes[0] if sizes else None

    def _digest(self, node: Node) -> tuple[str | None, int | None]:
        for event in self._events(node):
            for rank, text in event.evidence:
                if rank == "digest":
                    return text, event.size
        return None, None

    def _links_of_content(self, add: Any) -> None:
        for found in self.nodes:
            contents, size = self._contents(found), self._size(found)
            if found.made or not contents or (size is not None and size < 8):
                continue
            for made in self.nodes:
                if (
                    made.made
                    and made.artifact != found.artifact
                    and self._contents(made) & contents
                    and made.at <= found.at
                ):
                    add(made, found, "same content", "")

    def _links_of_members(self, add: Any) -> None:
        """Link files that nobody made to folders that hold files with their bytes."""
        for found in self.nodes:
            digest, size = self._digest(found)[0], self._size(found)
            if found.made or digest is None or (size is not None and size < 8):
                continue
            for artifact in self.events:
                if artifact[0] != "folder" or artifact == found.artifact:
                    continue
                wholes = [n for n in self.nodes if n.artifact == artifact]
                wholes.sort(key=lambda n: n.at)
                has = [
                    at
                    for at, n in enumerate(wholes)
                    if n.made
                    and n.at <= found.at
                    and any(
                        e[0] >= 8 and e[1] == digest for e in self._files(n).values()
                    )
                ]
                if not has:
                    continue
                wholes = wholes[: has[-1] + 1]
                files = self._files(wholes[-1])
                inside = found.artifact[1].startswith(artifact[1] + "/")
                if inside and found.artifact[1][len(artifact[1]) + 1 :] in files:
                    continue
                for name, entry in files.items():
                    first = self._first_with(wholes, name)
                    if entry[1] == digest and first.made:
                        self.copied += 1
                        add(first, found, "same content", "")

    def _links_of_kept_versions(self, add: Any) -> None:
        """A project's version that nobody made holds what was produced before it."""
        for found in self.nodes:
            if found.made or found.artifact[0] not in ("project", "dataset", "job"):
                continue
            before = [
                one
                for one in self.nodes
                if one.artifact == found.artifact and one.made and one.at <= found.at
            ]
            if before:
                add(before[-1], found, "part of", "")

    def _links_of_parts(self, add: Any) -> None:
        for whole in self.events:
            for part in self.events:
                if whole[0] != "folder" or part[0] not in ("file", "folder"):
                    continue
                if not part[1].startswith(whole[1] + "/"):
                    continue
                wholes = sorted(
                    (n for n in self.nodes if n.artifact == whole), key=lambda n: n.at
                )
                parts = sorted(
                    (n for n in self.nodes if n.artifact == part), key=lambda n: n.at
                )
                alone = len(wholes) == len(parts) == 1 and not (
                    wholes[0].made or parts[0].made
                )
                self._pair(wholes, parts, alone, add)

    def _pair(  # noqa: C901  in one piece, as the rule is
        self, wholes: list[Node], parts: list[Node], alone: bool, add: Any
    ) -> None:
        for node in parts:
            before = [n for n in wholes if n.at <= node.at]
            if not node.made and (before or alone):
                source = self._came_with(before or wholes, node)
                if source is not None:
                    add(source, node, "part of", "")
        for node in wholes:
            before = [n for n in parts if n.at <= node.at]
            if not (before or alone):
                continue
            source = (before or parts)[-1]
            if not node.made and self._has(node, source) == "no":
                self.strangers += 1
                held = [n for n in before if self._has(node, n) == "certain"]
                if not held:
                    continue
                source = held[-1]
            makers = [
                {e.task for e in n.events if e.role == "production" and not e.reused}
                for n in (node, source)
            ]
            if not node.made or makers[0] & makers[1]:
                add(source, node, "part of", "")
                continue
            # Its maker left the part alone: it came with an earlier version.
            if self._has(node, source) == "no":
                continue
            first = self._untouched_since(wholes[: wholes.index(node) + 1], source)
            makers[0] = {
                e.task for e in first.events if e.role == "production" and not e.reused
            }
            if first is node or source.at > first.at:
                continue
            if not first.made or makers[0] & makers[1]:
                add(source, node, "part of", "")

    def _links_of_leftovers(self, add: Any) -> None:
        """Link versions of a folder to later ones that have files of theirs."""
        for artifact in self.events:
            if artifact[0] != "folder":
                continue
            wholes = sorted(
                (n for n in self.nodes if n.artifact == artifact), key=lambda n: n.at
            )
            for at, node in enumerate(wholes):
                for name in self._files(node):
                    first = self._first_with(wholes[: at + 1], name)
                    if first is not node:
                        self.remains += 1
                        add(first, node, "part of", "")

    def _came_with(self, wholes: list[Node], part: Node) -> Node | None:
        """Return the version of a folder that a part came with."""
        if self._has(wholes[-1], part) != "no":
            return self._untouched_since(wholes, part)
        self.strangers += 1
        held = [at for at, n in enumerate(wholes) if self._has(n, part) == "certain"]
        return self._untouched_since(wholes[: held[-1] + 1], part) if held else None

    def _has(self, whole: Node, part: Node) -> str:
        """Say whether a folder's version has a part in its state."""
        files = self._files(whole)
        name = part.artifact[1][len(whole.artifact[1]) + 1 :]
        if not files or part.artifact[0] == "folder":
            return "unknown"
        digest, size = self._digest(part)[0], self._size(part)
        if name in files:
            own = files[name]
            if digest and own[1]:
                if digest == own[1]:
                    return "certain"
            elif size is None or size == own[0]:
                return "unknown"
            times = [own[2]]
        else:
            times = [entry[2] for entry in files.values()]
        # Its maker went on writing after the part was seen.
        going_on = whole.made and any(t > part.at * 1e9 for t in times)
        return "unknown" if going_on else "no"

    def _untouched_since(self, wholes: list[Node], part: Node) -> Node:
        """Return the first version of a folder from which on nobody wrote a part."""
        chosen = wholes[-1]
        name = part.artifact[1][len(chosen.artifact[1]) + 1 :]
        entry = self._files(chosen).get(name)
        digest, size = self._digest(part)[0], self._size(part)
        if entry is None:
            return chosen
        if digest != entry[1] if digest and entry[1] else size not in (None, entry[0]):
            return chosen
        first = self._first_with(wholes, name)
        self.leftovers += first is not chosen
        return first

    def _first_with(self, wholes: list[Node], name: str) -> Node:
        """Return the version since which nobody wrote a file of the last one."""
        chosen = wholes[-1]
        manifests = [self._manifest(n) for n in wholes]
        for older in reversed(wholes[:-1]):
            before, after = self._files(older).get(name), self._files(chosen)[name]
            made_again = manifests.count(self._manifest(chosen)) > 1
            if before is None or made_again or before[0] != after[0]:
                break
            both = [
                (a, b) for a, b in zip(before[1:], after[1:], strict=True) if a and b
            ]
            if not both or any(a != b for a, b in both):
                break
            chosen = older
        return chosen

    def _manifest(self, node: Node) -> str | None:
        found = [e.manifest for e in self._events(node) if e.manifest]
        return found[0] if found else None

    def _files(self, node: Node) -> dict[str, list[Any]]:
        """List the files of a folder's version: size, digest and time by name."""
        digest = self._manifest(node)
        listings = [
            json.dumps(e.entries)
            for events in self.events.values()
            for e in events
            if digest is not None and e.manifest == digest
        ]
        return {e[0]: e[1:] for e in json.loads(min(listings))} if listings else {}

    # -- comparison ----------------------------------------------------------

    def canonical(self) -> dict[str, Any]:
        """Return the graph in a form that depends on nothing but the facts."""
        versions = {
            node.name(): (
                self.ordinals[node.artifact].index(node.version) + 1,
                node.made,
                node.at,
                self._digest(node)[0],
                self._size(node),
            )
            for node in self.nodes
        }
        return {
            "nodes": versions,
            "current": {a: node.name() for a, node in self.current.items()},
            "reused": sorted(e.uid for e in self.edges if e.reused),
            "links": self.links(),
        }
