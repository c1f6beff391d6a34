"""The platform's things (projects, datasets, files, jobs, modules) of each team."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final

from .problems import Refusal, not_found
from .store.database import Database, Transaction

#: Kinds of things that are kept here.
THINGS: Final = (
    "project",
    "project_version",
    "dataset",
    "file",
    "job",
    "module",
    "app",
)

Thing = dict[str, Any]


class Objects:
    """Keeps the platform's things, each as the JSON object its endpoint shows.

    Ids are the instance's own where none is told; a told id is the team's, so that
    two teams may use the same one and neither learns of the other's.

    Args:
        db: The instance's database.
    """

    def __init__(self, db: Database) -> None:
        self.db = db

    def get(self, team_ids: Sequence[int], kind: str, id: int) -> Thing:
        """Give a thing.

        Raises:
            Refusal: None of the teams has it.
        """
        found = self.find(team_ids, kind, id)
        if found is None:
            raise not_found(kind.replace("_", " "), id)
        return found

    def find(self, team_ids: Sequence[int], kind: str, id: int) -> Thing | None:
        """Give a thing, or none where none of the teams has it."""
        return self._one(team_ids, kind, "id", id)

    def at_path(self, team_ids: Sequence[int], kind: str, path: str) -> Thing | None:
        """Give the thing at a path, or none."""
        return self._one(team_ids, kind, "path", path)

    def listing(
        self,
        team_ids: Sequence[int],
        kind: str,
        *,
        parent_id: int | None = None,
        prefix: str | None = None,
    ) -> list[Thing]:
        """List things, by id: all, those of a parent, or those below a path."""
        sql = (
            "SELECT body FROM platform_things WHERE kind = :kind AND team_id IN"
            " (SELECT t.value FROM each_int(:teams) AS t)"
        )
        if parent_id is not None:
            sql += " AND parent_id = :parent"
        if prefix is not None:
            sql += " AND path >= :prefix AND path < :end"
        params = {
            "kind": kind,
            "teams": list(team_ids),
            "parent": parent_id,
            "prefix": prefix,
            "end": None if prefix is None else _after(prefix),
        }
        used = {name: params[name] for name in params if f":{name}" in sql}
        with self.db.read() as tx:
            return [_body(row) for row in tx.all(f"{sql} ORDER BY id", used)]

    def known_digests(
        self, team_ids: Sequence[int], digests: Sequence[str]
    ) -> set[str]:
        """Tell which bytes the teams have already, in a file or with a task."""
        with self.db.read() as tx:
            return {
                row[0]
                for table in ("platform_things", "task_files")
                for row in tx.all(
                    f"SELECT DISTINCT x.digest FROM {table} x"  # noqa: S608  a constant
                    " JOIN each_text(:digests) AS d ON d.value = x.digest"
                    " WHERE x.team_id IN (SELECT t.value FROM each_int(:teams) AS t)",
                    {"digests": list(digests), "teams": list(team_ids)},
                )
            }

    def add(
        self,
        tx: Transaction,
        team_id: int,
        kind: str,
        body: Mapping[str, Any],
        *,
        id: int | None = None,
        parent_id: int | None = None,
        path: str | None = None,
        digest: str | None = None,
    ) -> Thing:
        """Keep a new thing, or what replaces the one at its path.

        Raises:
            Refusal: The team has a thing of that id already.
        """
        taken = id is not None and _exists(tx, team_id, kind, id)
        if taken:
            raise Refusal(409, f"there is a {kind} {id} already", field="id", value=id)
        number = _number(tx, team_id, kind) if id is None else id
        thing = {"id": number, "teamId": team_id, **_stamps(), **body}
        if path is not None:
            self.remove(tx, team_id, kind, path)
        tx.run(
            "INSERT INTO platform_things"
            " (team_id, kind, id, parent_id, path, digest, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (team_id, kind, number, parent_id, path, digest, json.dumps(thing)),
        )
        return thing

    def change(
        self, tx: Transaction, thing: Thing, kind: str, changes: Mapping[str, Any]
    ) -> Thing:
        """Keep a thing's new state."""
        changed = {**thing, **changes, "updatedAt": now_text()}
        tx.run(
            "UPDATE platform_things SET body = ?"
            " WHERE team_id = ? AND kind = ? AND id = ?",
            (json.dumps(changed), thing["teamId"], kind, thing["id"]),
        )
        return changed

    def remove(self, tx: Transaction, team_id: int, kind: str, path: str) -> int:
        """Forget what lies at a path; the graph keeps what it knows of it."""
        return tx.run(
            "DELETE FROM platform_things WHERE team_id = ? AND kind = ? AND path = ?",
            (team_id, kind, path),
        )

    def remove_below(self, tx: Transaction, team_id: int, prefix: str) -> int:
        """Forget the files below a folder."""
        return tx.run(
            "DELETE FROM platform_things WHERE team_id = ? AND kind = 'file'"
            " AND path >= ? AND path < ?",
            (team_id, prefix, _after(prefix)),
        )

    def project_of_version(self, team_id: int, version_id: int) -> int | None:
        """Give the project that a version belongs to, where it is known."""
        with self.db.read() as tx:
            row = tx.one(
                "SELECT parent_id FROM platform_things"
                " WHERE team_id = ? AND kind = 'project_version' AND id = ?",
                (team_id, version_id),
            )
        return None if row is None else int(row[0])

    def _one(
        self, team_ids: Sequence[int], kind: str, column: str, value: int | str
    ) -> Thing | None:
        with self.db.read() as tx:
            row = tx.one(
                "SELECT body FROM platform_things WHERE kind = :kind"  # noqa: S608  a constant
                f" AND {column} = :value"
                " AND team_id IN (SELECT t.value FROM each_int(:teams) AS t)"
                " ORDER BY team_id LIMIT 1",
                {"kind": kind, "value": value, "teams": list(team_ids)},
            )
        return None if row is None else _body(row)


def now_text() -> str:
    """Give the time as the platform writes it."""
    now = datetime.now(timezone.utc)
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


def _stamps() -> dict[str, str]:
    now = now_text()
    return {"createdAt": now, "updatedAt": now}


def _body(row: Sequence[Any]) -> Thing:
    thing: Thing = json.loads(row[0])
    return thing


def _exists(tx: Transaction, team_id: int, kind: str, id: int) -> bool:
    sql = "SELECT 1 FROM platform_things WHERE team_id = ? AND kind = ? AND id = ?"
    return tx.one(sql, (team_id, kind, id)) is not None


def _number(tx: Transaction, team_id: int, kind: str) -> int:
    while True:
        number = tx.next_numbers(f"platform_{kind}", 1)[0]
        if not _exists(tx, team_id, kind, number):
            return number


def _after(prefix: str) -> str:
    """Give the least text that is greater than all that begin with the prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
