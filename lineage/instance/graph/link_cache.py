"""The warm graph: links that questions have read, kept while they are true."""

from __future__ import annotations

import threading
from typing import Final

from ..store.activity_ids import INPUT, OUTPUT
from ..store.ingest import GraphChange

#: Ids kept of all teams; about 60 bytes each, so 300 MB at most.
MAX_IDS: Final = 5_000_000

Side = dict[int, tuple[int, ...]]


class TeamLinkCache:
    """The links of one team that were read at one revision of it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.revision = -1
        self.size = 0
        self.by_node: dict[int, Side] = {INPUT: {}, OUTPUT: {}}
        self.by_activity: dict[int, Side] = {INPUT: {}, OUTPUT: {}}

    def clear(self, revision: int) -> None:
        """Forget the links, to start at a revision."""
        for side in (*self.by_node.values(), *self.by_activity.values()):
            side.clear()
        self.revision, self.size = revision, 0

    def is_current(self, revision: int) -> bool:
        """Whether it may serve a reader of this revision; a later one restarts it."""
        with self.lock:
            if revision > self.revision:
                self.clear(revision)
            return revision == self.revision

    def keep(self, side: Side, found: Side, revision: int) -> None:
        """Keep what was read, unless the team has changed since."""
        count = len(found) + sum(map(len, found.values()))
        with self.lock:
            if revision != self.revision:
                return
            if self.size + count > MAX_IDS:
                self.clear(revision)
            side.update(found)
            self.size += count

    def change(self, change: GraphChange) -> None:
        """Forget exactly what a change of this process touched."""
        with self.lock:
            if change.revision != self.revision + 1 or change.is_merge:
                self.clear(max(change.revision, self.revision))
                return
            for activity, direction, node in change.links:
                self.by_node[direction].pop(node, None)
                self.by_activity[direction].pop(activity, None)
            self.revision = change.revision


class LinkCache:
    """The warm graphs of the teams."""

    def __init__(self) -> None:
        self._teams: dict[int, TeamLinkCache] = {}

    def team(self, team_id: int) -> TeamLinkCache:
        """Return the cache of a team."""
        return self._teams.setdefault(team_id, TeamLinkCache())

    def on_change(self, change: GraphChange) -> None:
        """Follow a change; rows by the store's intake."""
        cache = self._teams.get(change.team_id)
        if cache is not None:
            cache.change(change)
