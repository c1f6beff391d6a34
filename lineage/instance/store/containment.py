"""Which nodes are parts of others: files of folders, datasets and versions of projects.

A folder or project consists of the versions that its parts had when it was first seen;
if a task made it, of the versions that this task made, and of what manifests show it to
have left alone: such files, and the earlier versions of the folder that they came with.
A part without a maker came with the folder or project that existed when the part was
first seen; where manifests show that earlier versions of the folder held it unchanged,
with the first of those.

What is added to and never replaced has versions that nobody made, such as those that
the platform keeps of a project. They hold what was produced before they were created.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from .activity_ids import STEP_BITS
from .artifact_identity import EDITED
from .database import TeamReader
from .leftovers import MAX_LOOK_BACK, Leftovers, State, states_of
from .linked_parts import (
    FOLDERS,
    Links,
    linked_inside,
    linked_outside,
    objects_inside,
    objects_outside,
)
from .linked_parts import around as folders_around

#: Kinds that lie in folders, and those that folders are.
_FOLDER: Final = "folder"
_PART_KINDS: Final = ("file", "folder")
_ARTIFACTS: Final = (
    "SELECT DISTINCT a.id, a.kind, a.ident, EXISTS ("
    "SELECT 1 FROM entities f WHERE f.team_id = :team AND f.kind = 'folder'),"
    " CASE WHEN a.kind = 'folder' AND a.versions > 1 THEN 1 ELSE 0 END"
    " FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
    " JOIN entities a ON a.team_id = :team AND a.id = n.entity_id"
    " WHERE a.kind IN ('file', 'folder', 'dataset', 'project', 'job')"
)
_INSIDE: Final = (
    "SELECT x.value, a.id FROM each_text(:idents) AS x JOIN entities a"
    " ON a.team_id = :team AND a.kind = :kind"
    " AND a.ident >= x.value || '/' AND a.ident < x.value || '0'"
)
#: Files of Team Files that edges name by their ids lie where the instance has them.
_FILES_INSIDE: Final = (
    "SELECT x.value, a.id FROM each_text(:idents) AS x JOIN platform_things t"
    " ON t.team_id = :team AND t.kind = 'file'"
    " AND t.path >= x.value || '/' AND t.path < x.value || '0'"
    " JOIN entities a ON a.team_id = :team AND a.kind = 'file'"
    " AND a.ident = CAST(t.id AS TEXT)"
)
_PATHS: Final = (
    "SELECT t.id, t.path FROM each_int(:numbers) AS x JOIN platform_things t"
    " ON t.team_id = :team AND t.kind = 'file' AND t.id = x.value"
)
_FOUND: Final = (
    "SELECT DISTINCT n.entity_id FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.entity_id = x.value AND n.is_made = 0"
)
_CREATED: Final = (
    "SELECT p.id, t.id, t.body FROM each_int(:ids) AS x"
    " JOIN entities p ON p.team_id = :team AND p.id = x.value AND p.kind = 'project'"
    " JOIN platform_things t ON t.team_id = :team AND t.kind = 'project_version'"
    " AND CAST(t.parent_id AS TEXT) = p.ident"
)
_MAKERS: Final = (
    "SELECT DISTINCT l.node_id, l.activity FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.node_id = x.value"
    " AND l.direction IN (1, 2, 3)"
)
#: What the times of platform objects are cut off by.
_RESOLUTION_S: Final = 0.001
#: Source, target, and when both had been seen.
Pair = tuple[int, int, float]


def feeding_pairs(
    reader: TeamReader, nodes: Collection[int], *, is_up: bool
) -> list[Pair]:
    """Return pairs of which one fed the other by containment.

    Those are a whole and a part that came with it, and a part and a whole that was
    made of it.

    Args:
        reader: Reads the team's rows.
        nodes: The second of each pair; the first where it is not `is_up`.
        is_up: Which side the nodes are.
    """
    rows = reader.rows(_ARTIFACTS, ids=nodes) if nodes else []
    if not rows:
        return []
    artifacts = [row[:3] for row in rows]
    links: Links = {}
    inside = _inside(reader, artifacts, links)
    outside = _outside(reader, artifacts, links, has_folders=rows[0][3])
    came, made = (outside, inside) if is_up else (inside, outside)
    edited = [id for id, kind, _ in artifacts if kind in EDITED]
    found = [row[0] for row in reader.rows(_FOUND, ids=edited)] if edited else []
    folders = {row[0] for row in rows if row[4]}
    if not came and not made and not found and not folders:
        return []
    ids = {id for pair in (*came, *made) for id in pair}
    states = states_of(reader, ids | folders | {*found})
    side, chosen = int(is_up), set(nodes)
    arrivals = [
        pair
        for pair in _arrivals(reader, [(states[w], states[p]) for w, p in came], links)
        if pair[side].id in chosen
    ]
    makings = [
        (parts, whole)
        for wholes, part in made
        for parts, whole in _made_of(states[wholes], states[part])
        if any(one.id in chosen for one in ((whole,) if is_up else parts))
    ]
    remakings = [
        (states[id], _places(states[id], chosen, is_up=is_up)) for id in folders
    ]
    parts = _of_the_maker(reader, makings, states, remakings, links)
    pairs = [*arrivals, *parts, *_kept_versions(reader, found, states)]
    pairs = [pair for pair in pairs if pair[side].id in chosen]
    return [(one.id, two.id, max(one.at, two.at)) for one, two in pairs]


def _arrivals(
    reader: TeamReader, came: list[tuple[list[State], list[State]]], links: Links
) -> Iterable[tuple[State, State]]:
    """Pair parts that nobody made with the whole that was there."""
    found: list[tuple[list[State], State]] = []
    for wholes, parts in came:
        for part in parts:
            if part.is_made:
                continue
            before = [whole for whole in wholes if whole.at <= part.at]
            if before:
                found.append((before, part))
            elif (
                len(wholes) == len(parts) == 1
                and not wholes[0].is_made
                # Many folders may have links to it; which was there first is certain.
                and (wholes[0].entity, part.entity) not in links
            ):
                found.append((wholes, part))
    leftovers = Leftovers(reader, found, links=links)
    for before, part in found:
        first = leftovers.first_with(before, part)
        if first is not None:
            yield first, part


def _made_of(
    wholes: list[State], parts: list[State]
) -> Iterable[tuple[list[State], State]]:
    """Pair wholes with the versions that their parts had had, the last one last."""
    for whole in wholes:
        before = [part for part in parts if part.at <= whole.at]
        if before:
            yield (before[-1:] if whole.is_made else before), whole
        elif len(wholes) == len(parts) == 1 and not (parts[0].is_made or whole.is_made):
            yield parts, whole


def _kept_versions(
    reader: TeamReader, artifacts: Collection[int], states: dict[int, list[State]]
) -> Iterable[tuple[State, State]]:
    """Pair versions that nobody made with the last production that they hold."""
    created = _created(reader, artifacts) if artifacts else {}
    for id in artifacts:
        for node in states[id]:
            if node.is_made:
                continue
            until = min(node.at, created.get((id, node.version), node.at))
            before = [one for one in states[id] if one.is_made and one.at <= until]
            if before:
                yield before[-1], node


def _created(
    reader: TeamReader, projects: Collection[int]
) -> dict[tuple[int, str], float]:
    """Return when versions were created, by project and by each of their names."""
    found: dict[tuple[int, str], float] = {}
    for project, id, text in reader.rows(_CREATED, ids=projects):
        body = json.loads(text)
        at = _moment(body.get("createdAt"))
        if at is not None:
            found[project, f"v{id}"] = found[project, f"n{body.get('version')}"] = at
    return found


def _moment(text: object) -> float | None:
    """Return the end of the moment that a platform object names; None for no time."""
    try:
        created = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return created.timestamp() + _RESOLUTION_S


def _places(
    wholes: list[State], chosen: Collection[int], *, is_up: bool
) -> Collection[int]:
    """Return which versions of a folder may hold files of earlier ones.

    Those are the chosen ones, or those so soon after one of them that they may hold
    its files.
    """
    own = [place for place, whole in enumerate(wholes) if whole.id in chosen]
    if is_up:
        return own
    last = len(wholes)
    return {
        later
        for place in own
        for later in range(place + 1, min(last, place + MAX_LOOK_BACK))
    }


def _of_the_maker(
    reader: TeamReader,
    makings: list[tuple[list[State], State]],
    states: dict[int, list[State]],
    folders: list[tuple[list[State], Collection[int]]],
    links: Links,
) -> list[tuple[State, State]]:
    """Leave out what was in a folder before a task made it again, and did not stay.

    What nobody made has the versions of its parts that its manifest shows.

    Args:
        reader: Reads the team's rows.
        makings: The versions that a part had had, and the whole.
        states: The versions of each artifact.
        folders: Versions of folders, and the places of those that may hold files of
            earlier ones, which are added.
        links: Names of parts that lie elsewhere.
    """
    before = [
        ([one for one in states[whole.entity] if one.order <= whole.order], parts[-1])
        if whole.is_made
        else ([whole], parts[-1])
        for parts, whole in makings
    ]
    leftovers = Leftovers(reader, before, folders, links)
    pairs: list[tuple[State, State]] = []
    firsts: list[State] = []
    for (parts, whole), (wholes, last) in zip(makings, before, strict=True):
        part = last if whole.is_made else leftovers.part_in(whole, parts)
        if part is not None:
            is_other = leftovers.is_other(whole, part)
            first = None if is_other else leftovers.first_with(wholes, part)
            pairs.append((part, whole))
            firsts.append(first or whole)
    made = [pair for pair in zip(pairs, firsts, strict=True) if pair[0][1].is_made]
    nodes = {node.id for pair, first in made for node in (*pair, first)}
    makers = _makers(reader, nodes)

    def is_of(part: State, whole: State) -> bool:
        return not whole.is_made or bool(makers[part.id] & makers[whole.id])

    kept = [
        (part, whole)
        for (part, whole), first in zip(pairs, firsts, strict=True)
        if is_of(part, whole)
        or (first is not whole and part.at <= first.at and is_of(part, first))
    ]
    kept += [
        (older, wholes[place])
        for wholes, places in folders
        for place in places
        for older in leftovers.earlier(wholes, place)
    ]
    return kept


def _makers(reader: TeamReader, nodes: Collection[int]) -> Mapping[int, set[int]]:
    """Return the tasks that made each node."""
    makers: dict[int, set[int]] = defaultdict(set)
    for node, activity in reader.rows(_MAKERS, ids=nodes) if nodes else ():
        if activity > 0:
            makers[node].add(activity >> STEP_BITS)
    return makers


def _inside(
    reader: TeamReader, artifacts: list[Any], links: Links
) -> set[tuple[int, int]]:
    """Return pairs of one of the artifacts and what is a part of it; add to `links`."""
    pairs: set[tuple[int, int]] = set()
    folders = {ident: id for id, kind, ident in artifacts if kind == _FOLDER}
    for kind in _PART_KINDS if folders else ():
        rows = reader.rows(_INSIDE, idents=folders, kind=kind)
        pairs |= {(folders[ident], part) for ident, part in rows}
    if folders:
        rows = reader.rows(_FILES_INSIDE, idents=folders)
        pairs |= {(folders[ident], part) for ident, part in rows}
        found = linked_inside(reader, folders)
        links |= found
        pairs |= found.keys()
    objects = _objects(artifacts)
    return pairs | objects_inside(reader, objects) if objects else pairs


def _outside(
    reader: TeamReader, artifacts: list[Any], links: Links, *, has_folders: bool
) -> set[tuple[int, int]]:
    """Return pairs of a whole and one of the artifacts in it; add to `links`."""
    pairs: set[tuple[int, int]] = set()
    around: dict[str, list[int]] = defaultdict(list)
    if has_folders:
        numbers = {
            int(ident): id
            for id, kind, ident in artifacts
            if kind == "file" and ident.isdecimal() and len(ident) < 19
        }
        named = [(id, ident) for id, kind, ident in artifacts if kind in _PART_KINDS]
        if numbers:
            rows = reader.rows(_PATHS, numbers=list(numbers))
            named += [(numbers[number], path) for number, path in rows]
        found = linked_outside(reader, named)
        links |= found
        pairs |= found.keys()
        for id, path in named:
            for folder in folders_around(path):
                around[folder].append(id)
    if around:
        for whole, ident in reader.rows(FOLDERS, idents=around):
            pairs |= {(whole, part) for part in around[ident]}
    objects = _objects(artifacts)
    return pairs | objects_outside(reader, objects) if objects else pairs


def _objects(artifacts: list[Any]) -> list[Any]:
    """Return those that may be objects of a platform: known by number, or by path."""
    return [
        one
        for one in artifacts
        if one[1] in ("project", "dataset")
        or (one[1] == "file" and (one[2][:1] == "/" or one[2].isdecimal()))
    ]
