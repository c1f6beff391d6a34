"""Which version of a folder its files came with, where later ones did not touch them.

A task that produces a folder may find files of earlier tasks in it, and who changes one
file by hand leaves the others. The manifests of two versions show which files were left
alone: those with the same size, time and content. So earlier versions are a part of a
later one, and a file belongs to the version with which it came. A file that no manifest
shows with this content came with none of them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from .database import TeamReader
from .edge_uids import SOURCE_BITS

#: So many versions of a folder are looked back through.
MAX_LOOK_BACK: Final = 32
#: Entries that are picked out of a manifest's text before all of it is read.
_MAX_PICKED: Final = 4
_STATES: Final = (
    "SELECT n.id, n.entity_id, n.is_made, n.created_at, s.source, n.first_edge,"  # noqa: S608  constant SQL
    " n.manifest, n.digest, n.version, n.size"
    " FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.{column} = x.value"
    f" JOIN sources s ON s.team_id = :team AND s.id = n.first_edge >> {SOURCE_BITS}"
)
_NAMES: Final = (
    "SELECT a.id, a.kind, a.ident FROM each_int(:ids) AS x"
    " JOIN entities a ON a.team_id = :team AND a.id = x.value"
)
_MANIFESTS: Final = (
    "SELECT m.digest, m.is_complete, m.entries FROM each_text(:digests) AS x"
    " JOIN manifests m ON m.team_id = :team AND m.digest = x.value"
)
#: Size, digest where known, time of change.
_Entry = tuple[Any, ...]


class State(NamedTuple):
    """One making or finding of an artifact, in the order of time."""

    id: int
    entity: int
    is_made: bool
    at: float
    source: str
    first_edge: int
    manifest: str | None
    digest: str | None
    version: str
    """The best evidence of the version, as text; "" without evidence."""
    size: int | None

    @property
    def order(self) -> tuple[float, str, int, bool]:
        """Its place in time among others; ids would go by arrival."""
        return self.at, self.source, self.first_edge, self.is_made


def states_of(
    reader: TeamReader, ids: Collection[int], *, by_id: bool = False
) -> dict[int, list[State]]:
    """Return the nodes of artifacts, in the order of time.

    Args:
        reader: Reads the team's rows.
        ids: The artifacts' ids.
        by_id: Whether the ids are those of the nodes instead.
    """
    found: dict[int, list[State]] = defaultdict(list)
    sql = _STATES.replace("{column}", "id" if by_id else "entity_id")
    for row in reader.rows(sql, ids=ids):
        found[row[1]].append(State(*row))
    for nodes in found.values():
        nodes.sort(key=lambda node: node.order)
    return found


class Leftovers:
    """Finds the first of a folder's versions that held a part as the last one did.

    Args:
        reader: Reads the team's rows.
        pairs: All that is to be asked about: the wholes before a part, and the part.
        folders: Versions of folders of which the earlier parts are wanted: all in
            the order of time, and the places of those.
        links: By whole and part, the names of parts that lie elsewhere, and to which
            a link in the whole leads.
    """

    def __init__(
        self,
        reader: TeamReader,
        pairs: Collection[tuple[Sequence[State], State]],
        folders: Collection[tuple[Sequence[State], Collection[int]]] = (),
        links: Mapping[tuple[int, int], str] | None = None,
    ) -> None:
        self._links = links or {}
        self._names: dict[int, tuple[str, str]] = {}
        self._texts: dict[str, tuple[bool, str]] = {}
        self._read: dict[str, dict[str, _Entry]] = {}
        self._picked: dict[str, dict[str, _Entry | None]] = defaultdict(dict)
        self._left: dict[tuple[str, str], set[str]] = {}
        wanted = [
            (wholes, part)
            for wholes, part in pairs
            if any(whole.manifest is not None for whole in wholes[-MAX_LOOK_BACK:])
        ]
        digests = {
            whole.manifest
            for wholes, places in folders
            for place in places
            if _may_be_left(wholes[: place + 1])
            for whole in wholes[max(0, place + 1 - MAX_LOOK_BACK) : place + 1]
            if whole.manifest is not None
        }
        if not wanted and not digests:
            return
        ids = {one.entity for wholes, part in wanted for one in (wholes[-1], part)}
        digests |= {
            whole.manifest
            for wholes, _ in wanted
            for whole in wholes[-MAX_LOOK_BACK:]
            if whole.manifest is not None
        }
        self._names = {
            id: (kind, ident) for id, kind, ident in reader.rows(_NAMES, ids=ids)
        }
        self._texts = {
            digest: (bool(is_complete), entries)
            for digest, is_complete, entries in reader.rows(_MANIFESTS, digests=digests)
        }

    def first_with(self, wholes: Sequence[State], part: State) -> State | None:
        """Return the version of the whole that a part came with; None for none.

        Args:
            wholes: The versions up to the time of the part, in order; not empty.
            part: A version of the part that nobody is known to have made.
        """
        at, least = len(wholes) - 1, max(0, len(wholes) - MAX_LOOK_BACK)
        if self.is_other(wholes[at], part):
            while at >= least and not self._is_certain(wholes[at], part):
                at -= 1
            if at < least:
                return None
        if not self._is_listed(wholes[at], part):
            return wholes[at]
        name = self._name_inside(wholes[at], part)
        return wholes[at] if name is None else self._came_with(wholes, at, *name)

    def first_with_bytes(self, wholes: Sequence[State], file: State) -> list[State]:
        """Return the versions of a folder with which files of some bytes came.

        Args:
            wholes: The versions in order, up to the last one that has such a file.
            file: What has the same bytes; where the last version lists that itself,
                there is nothing to find.
        """
        entries = self._entries(wholes[-1].manifest)
        own = self._name_inside(wholes[-1], file)
        if own is not None and own[0] in entries:
            return []
        names = [name for name, entry in entries.items() if entry[1] == file.digest]
        last = len(wholes) - 1
        return [self._came_with(wholes, last, name, False) for name in names]

    def _came_with(
        self, wholes: Sequence[State], at: int, name: str, is_folder: bool
    ) -> State:
        """Return the version since which nobody wrote a part that a version has."""
        least = max(0, len(wholes) - MAX_LOOK_BACK)
        manifests = [whole.manifest for whole in wholes]
        while (
            at > least
            # The manifest of a version that was rebuilt has the times of one making.
            and manifests.count(manifests[at]) == 1
            and self._is_left(manifests[at], manifests[at - 1], name, is_folder)
        ):
            at -= 1
        return wholes[at]

    def part_in(self, whole: State, parts: Sequence[State]) -> State | None:
        """Return the version of a part that a found whole has; None for none of them.

        Args:
            whole: A version that nobody made.
            parts: The versions of the part until then, in order; not empty.
        """
        if not self.is_other(whole, parts[-1]):
            return parts[-1]
        certain = (one for one in reversed(parts) if self._is_certain(whole, one))
        return next(certain, None)

    def is_other(self, whole: State, part: State) -> bool:
        """Whether a manifest shows that a part was not in the whole in this state.

        The folder that a task makes is looked at when it is done. What somebody used
        of it meanwhile may be written again, or be removed, until then.
        """
        name = self._name_inside(whole, part)
        if name is None or name[1] or self._is_listed(whole, part):
            return False
        entry = self._entry(whole.manifest, name[0])
        is_complete, _ = self._texts.get(whole.manifest or "", (False, ""))
        if entry is None and not is_complete:
            return False
        seen = [entry] if entry is not None else self._entries(whole.manifest).values()
        if not seen:
            return False
        return not (
            whole.is_made and any(one[-1] > part.at * 1e9 for one in seen if one[-1])
        )

    def _is_listed(self, whole: State, part: State) -> bool:
        """Whether a manifest has a part, and shows no other state of it."""
        name = self._name_inside(whole, part)
        if name is None or name[1]:
            return name is not None
        entry = self._entry(whole.manifest, name[0])
        if entry is None:
            return False
        size, digest, *_ = entry
        if part.digest is not None and digest is not None:
            return bool(part.digest == digest)
        return part.size is None or part.size == size

    def _is_certain(self, whole: State, part: State) -> bool:
        """Whether a manifest has a part with its very content."""
        name = self._name_inside(whole, part)
        entry = self._entry(whole.manifest, name[0]) if name is not None else None
        return entry is not None and part.digest is not None and entry[1] == part.digest

    def earlier(self, wholes: Sequence[State], place: int) -> list[State]:
        """Return the earlier versions of a folder that are a part of a later one.

        Those are the versions with which files came that the later one still has.

        Args:
            wholes: The versions in the order of time.
            place: The later one's.
        """
        found: list[State] = []
        if not _may_be_left(wholes[: place + 1]):
            return found
        manifests = [whole.manifest for whole in wholes[: place + 1]]
        names, at = set(self._entries(manifests[place])), place
        least = max(0, place + 1 - MAX_LOOK_BACK)
        while names and at > least and manifests.count(manifests[at]) == 1:
            left = names & self._left_alone(manifests[at], manifests[at - 1])
            if at < place and len(left) < len(names):
                found.append(wholes[at])
            names, at = left, at - 1
        if names and at < place:
            found.append(wholes[at])
        return found

    def _left_alone(self, after: str | None, before: str | None) -> set[str]:
        """Return the files that are the same in two manifests."""
        if after is None or before is None or after == before:
            return set()
        known = self._left.get((after, before))
        if known is None:
            theirs = self._entries(before)
            known = self._left[after, before] = {
                name
                for name, entry in self._entries(after).items()
                if _is_same(entry, theirs.get(name))
            }
        return known

    def _name_inside(self, whole: State, part: State) -> tuple[str, bool] | None:
        """Return how a manifest names a part, and whether it is a folder."""
        if whole.entity not in self._names or part.entity not in self._names:
            return None
        _, folder = self._names[whole.entity]
        kind, ident = self._names[part.entity]
        if not ident.startswith(f"{folder}/"):
            linked = self._links.get((whole.entity, part.entity))
            return None if linked is None else (linked, kind == "folder")
        return ident[len(folder) + 1 :], kind == "folder"

    def _is_left(
        self, after: str | None, before: str | None, name: str, is_folder: bool
    ) -> bool:
        """Whether a file or folder is in two manifests, and the same in both."""
        if after is None or before is None or after == before:
            return False
        if not is_folder:
            return _is_same(self._entry(after, name), self._entry(before, name))
        ours, theirs = self._entries(after), self._entries(before)
        if not all(self._texts[one][0] for one in (after, before)):
            return False
        inside = {n for n in ours.keys() | theirs.keys() if n.startswith(f"{name}/")}
        return bool(inside) and all(
            _is_same(ours.get(one), theirs.get(one)) for one in inside
        )

    def _entry(self, manifest: str | None, name: str) -> _Entry | None:
        """Return one file of a manifest, without reading all others for a few."""
        picked = self._picked[manifest or ""]
        if manifest in self._read or len(picked) >= _MAX_PICKED:
            return self._entries(manifest).get(name)
        if name not in picked:
            _, text = self._texts.get(manifest or "", (False, ""))
            at = text.find(f"[{json.dumps(name)}, ")
            found = json.JSONDecoder().raw_decode(text, at)[0] if at >= 0 else None
            picked[name] = None if found is None else tuple(found[1:])
        return picked[name]

    def _entries(self, manifest: str | None) -> Mapping[str, _Entry]:
        if manifest is None or manifest not in self._texts:
            return {}
        if manifest not in self._read:
            entries = json.loads(self._texts[manifest][1])
            self._read[manifest] = {name: tuple(rest) for name, *rest in entries}
        return self._read[manifest]


def _may_be_left(wholes: Sequence[State]) -> bool:
    if len(wholes) < 2:
        return False
    last, before = wholes[-1].manifest, wholes[-2].manifest
    return last is not None and before is not None and last != before


def _is_same(one: _Entry | None, other: _Entry | None) -> bool:
    """Whether two entries show one content that nobody wrote in between."""
    if one is None or other is None or one[0] != other[0]:
        return False
    known = [(a, b) for a, b in zip(one[1:], other[1:], strict=True) if a and b]
    return bool(known) and all(a == b for a, b in known)
