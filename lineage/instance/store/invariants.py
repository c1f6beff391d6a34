"""What is true of every store, checked: `lineage doctor --store`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from .cards import READABLE, broken_cards
from .database import Database, TeamReader, Transaction
from .derived_links import upstream

#: Nodes whose links are read at once.
CHUNK: Final = 5_000
#: Examples that are named.
MAX_EXAMPLES: Final = 3

#: Each with a query of what breaks it: the team and what to look at.
CHECKS: Final[dict[str, str]] = {
    "every version belongs to an artifact": (
        "SELECT n.team_id, 'data:' || n.id FROM nodes n LEFT JOIN entities e"
        " ON e.team_id = n.team_id AND e.id = n.entity_id WHERE e.id IS NULL"
    ),
    "every edge names a version of its artifact": (
        "SELECT g.team_id, 'edge ' || g.id FROM edges g LEFT JOIN nodes n"
        " ON n.team_id = g.team_id AND n.id = g.node_id"
        " WHERE n.id IS NULL OR n.entity_id <> g.entity_id"
    ),
    "every link leads to a version": (
        "SELECT l.team_id, 'data:' || l.node_id FROM links l LEFT JOIN nodes n"
        " ON n.team_id = l.team_id AND n.id = l.node_id WHERE n.id IS NULL"
    ),
    "the current version is one of the artifact's": (
        "SELECT e.team_id, e.kind || ':' || e.ident FROM entities e LEFT JOIN nodes n"
        " ON n.team_id = e.team_id AND n.id = e.latest_id"
        " WHERE n.id IS NULL OR n.entity_id <> e.id"
    ),
    "nothing was produced after the current version": (
        "SELECT e.team_id, e.kind || ':' || e.ident FROM entities e JOIN edges g"
        " ON g.team_id = e.team_id AND g.entity_id = e.id AND g.event_at > e.latest_at"
        " WHERE e.kind <> 'task' AND g.direction = 1 AND g.is_reused = 0"
    ),
    "nothing was used before it was made": (
        "SELECT g.team_id, 'edge ' || g.id FROM edges g JOIN nodes n"
        " ON n.team_id = g.team_id AND n.id = g.node_id"
        " WHERE g.direction = 0 AND n.is_made = 1 AND n.created_at > g.event_at"
    ),
    "no version was made from a later one": (
        "SELECT l.team_id, 'data:' || l.node_id FROM links l"
        " JOIN nodes o ON o.team_id = l.team_id AND o.id = l.node_id"
        " JOIN nodes n ON n.team_id = l.team_id AND n.id = -l.activity"
        " WHERE l.activity < 0 AND l.direction = 0 AND o.created_at > n.made_at"
    ),
    "versions are numbered from one": (
        "SELECT e.team_id, e.kind || ':' || e.ident FROM entities e JOIN nodes n"
        " ON n.team_id = e.team_id AND n.entity_id = e.id"
        " GROUP BY e.team_id, e.kind, e.ident, e.versions"
        " HAVING MAX(n.ordinal) <> e.versions OR MIN(n.ordinal) <> 1"
    ),
}
#: The checks that SQL alone cannot do: the latter follows links.
CARDS: Final = READABLE
NO_CYCLE: Final = "no version is its own ancestor"
#: How each can be repaired: everything follows from the edges.
REPAIR: Final = "lineage store rebuild"


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that should be true of a store and is not."""

    rule: str
    team_id: int
    count: int
    examples: tuple[str, ...]


def violations(db: Database) -> list[Violation]:
    """Check a store; return what is wrong, which is nothing in a sound one."""
    found: list[Violation] = []
    with db.read() as tx:
        for rule, sql in CHECKS.items():
            found += _grouped(rule, tx.all(sql))
        found += _grouped(CARDS, broken_cards(tx))
        for team in tx.all("SELECT team_id FROM revisions ORDER BY 1"):
            cyclic = _in_cycles(tx, int(team[0]))
            found += _grouped(NO_CYCLE, [(team[0], f"data:{id}") for id in cyclic])
    return found


def _grouped(rule: str, rows: list[tuple[int, str]]) -> list[Violation]:
    by_team: dict[int, list[str]] = defaultdict(list)
    for team, what in rows:
        by_team[team].append(what)
    return [
        Violation(rule, team, len(names), tuple(names[:MAX_EXAMPLES]))
        for team, names in sorted(by_team.items())
    ]


def _in_cycles(tx: Transaction, team: int) -> list[int]:
    """Return nodes that are left when what has no open source is taken away."""
    nodes = [
        row[0] for row in tx.all("SELECT id FROM nodes WHERE team_id = ?", (team,))
    ]
    targets: dict[int, set[int]] = defaultdict(set)
    open_sources = dict.fromkeys(nodes, 0)
    for at in range(0, len(nodes), CHUNK):
        for link in upstream(TeamReader(tx, team), nodes[at : at + CHUNK]):
            # A folder and its files may name each other; walks do not go on there.
            if link.how != "part of" and link.target not in targets[link.source]:
                targets[link.source].add(link.target)
                open_sources[link.target] += 1
    free = [node for node, count in open_sources.items() if count == 0]
    for node in free:
        for target in targets[node]:
            open_sources[target] -= 1
            if open_sources[target] == 0:
                free.append(target)
    return sorted(node for node, count in open_sources.items() if count > 0)
