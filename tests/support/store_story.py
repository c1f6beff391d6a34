"""What apps did, recorded in a store, and questions about what came of it."""

from __future__ import annotations

import itertools
from typing import Any

from store_engines import Facts

from lineage.instance.store import Store
from lineage.instance.store.database import TeamReader
from lineage.instance.store.derived_links import downstream, upstream

START = 1_700_000_000.0
NUMBERS = itertools.count(1)


class Story:
    """Records what happens in a store, and asks what came of it.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.held: list[dict[str, Any]] = []
        self.is_holding = False

    def record(self, run: str, direction: str, id: str, **fields: Any) -> str:
        """Record an edge at a second of its own, or at the time `t`; give its uid."""
        number = next(NUMBERS)
        fields = {"kind": "file", "t": number, **fields}
        fact = Facts(run).fact(
            "edge",
            dir=direction,
            id=id,
            **{k: v for k, v in fields.items() if k != "t"},
        )
        fact |= {"uid": f"{run}-{number}", "at": START + fields["t"]}
        self.held.append(fact)
        if not self.is_holding:
            self.send()
        return fact["uid"]

    def uses(self, run: str, id: str, **fields: Any) -> str:
        """Record a use."""
        return self.record(run, "input", id, **fields)

    def makes(self, run: str, id: str, **fields: Any) -> str:
        """Record a production."""
        return self.record(run, "output", id, **fields)

    def send(self) -> None:
        """Send what was held back."""
        facts, self.held = self.held, []
        assert self.store.ingest(1, facts).refused == []

    def node(self, uid: str) -> int:
        """Return the node that an edge is bound to."""
        number = int(uid.rpartition("-")[2])
        with self.store.db.read() as tx:
            rows = tx.all("SELECT id, node_id FROM edges")
        return next(node for id, node in rows if id & 0xFFFFFFFF == number + 1)

    def current(self, id: str) -> int:
        """Return the current node of an artifact."""
        with self.store.db.read() as tx:
            row = tx.one("SELECT latest_id FROM entities WHERE ident = ?", (id,))
        assert row is not None
        return int(row[0])

    def version(self, node: int) -> int:
        """Return the version that a node belongs to."""
        with self.store.db.read() as tx:
            row = tx.one("SELECT same_as FROM nodes WHERE id = ?", (node,))
        assert row is not None
        return int(row[0])

    def walk(self, node: int, *, up: bool) -> tuple[set[str], set[str]]:
        """Return the artifacts and the runs that a node comes from, or leads to."""
        seen, front, runs = {node}, [(node, False)], set()
        with self.store.db.read() as tx:
            reader, links = TeamReader(tx, 1), upstream if up else downstream
            while front:
                start, is_part = front.pop()
                for link in links(reader, [start]):
                    if is_part and link.how == "part of":
                        continue
                    end = link.source if up else link.target
                    if end not in seen:
                        seen.add(end)
                        front.append((end, link.how == "part of"))
            for found in seen:
                rows = tx.all(
                    "SELECT r.run FROM links l JOIN runs r ON r.team_id = l.team_id"
                    " AND r.task_id = l.activity >> 24 WHERE l.node_id = ?"
                    " AND l.activity > 0 AND l.direction > 0",
                    (found,),
                )
                runs |= {row[0] for row in rows}
            names = {
                row[0]
                for found in seen - {node}
                for row in tx.all(
                    "SELECT e.ident FROM nodes n JOIN entities e ON e.id = n.entity_id"
                    " WHERE n.id = ?",
                    (found,),
                )
            }
        return names, runs
