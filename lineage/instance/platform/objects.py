"""Each team's platform objects: projects, datasets, files, jobs, modules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final

from ..errors import RequestError, not_found
from ..list_query import Rows, read_page
from ..params import ListFilter, PageParams
from ..store.database import Database, Transaction
from ..store.platform_names import rename_object
from ..store.rebuild import rebuild_named_version
from ..store.sql_values import of_int

#: Kinds of objects that are kept here.
OBJECT_KINDS: Final = (
    "project",
    "project_meta",
    "project_version",
    "project_reservation",
    "dataset",
    "archived_project",
    "archived_dataset",
    "file",
    "job",
    "module",
    "app",
)

PlatformObject = dict[str, Any]

_FIELDS: Final = {"id": of_int("r.id"), "teamId": of_int("r.team_id")}


class PlatformObjects:
    """Keeps platform objects, each as the JSON that its endpoint returns.

    Without an id the instance chooses one; a given id belongs to the team, so that
    two teams may use the same one and neither learns of the other's.

    Args:
        db: The instance's database.
    """

    def __init__(self, db: Database) -> None:
        self.db = db

    def get(self, team_ids: Sequence[int], kind: str, id: int) -> PlatformObject:
        """Return an object.

        Raises:
            RequestError: None of the teams has it.
        """
        found = self.find(team_ids, kind, id)
        if found is None:
            raise not_found(kind.replace("_", " "), id)
        return found

    def find(
        self, team_ids: Sequence[int], kind: str, id: int
    ) -> PlatformObject | None:
        """Return an object, or None where none of the teams has it."""
        return self._one(team_ids, kind, "id", id)

    def at_path(
        self, team_ids: Sequence[int], kind: str, path: str
    ) -> PlatformObject | None:
        """Return the object at a path, or None."""
        return self._one(team_ids, kind, "path", path)

    def listing(
        self,
        team_ids: Sequence[int],
        kind: str,
        *,
        parent_id: int | None = None,
        prefix: str | None = None,
    ) -> list[PlatformObject]:
        """List objects, by id: all, those of a parent, or those below a path."""
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

    def page(
        self,
        team_ids: Sequence[int],
        kind: str,
        form: PageParams,
        *,
        parent_id: int | None = None,
        only: tuple[str, Mapping[str, Any]] = ("", {}),
    ) -> tuple[list[PlatformObject], int]:
        """Return the requested page of objects, and the total number.

        Args:
            team_ids: Whose objects.
            kind: Which kind of objects.
            form: The listing's parameters.
            parent_id: Only those of this parent.
            only: A further condition on the table `x`, and its parameters.
        """
        where, params = in_teams("x", team_ids)
        params |= {"kind": kind, **only[1]}
        if parent_id is not None:
            where += " AND x.parent_id = :parent"
            params["parent"] = parent_id
        rows = Rows(
            columns="r.body",
            names="x.team_id, x.id, x.body",
            source=f"platform_things x WHERE x.kind = :kind AND {where}{only[0]}",
            params=params,
            fields=_FIELDS,
            name_index="x.name_lower",
        )
        with self.db.read() as tx:
            found, total = read_page(tx, rows, form)
        return [_body(row) for row in found], total

    def named(
        self, team_ids: Sequence[int], kind: str, **given: str
    ) -> PlatformObject | None:
        """Return the first object, by id, whose field has a value, or None."""
        conditions = [
            ListFilter(field=name, value=value) for name, value in given.items()
        ]
        found, _ = self.page(team_ids, kind, PageParams(filter=conditions, per_page=1))
        return found[0] if found else None

    def below(
        self, team_id: int, folder: str
    ) -> tuple[list[PlatformObject], list[str]]:
        """List a folder: the files that lie in it, by path, and its folders' names."""
        sign = folder.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        names = {"team": team_id, "end": _after(folder), "deep": f"{sign}%/%"}
        sql = (
            " FROM platform_things WHERE team_id = :team AND kind = 'file'"
            " AND path >= :low AND path < :end AND path {not}LIKE :deep ESCAPE '!'"
        )
        inner: list[str] = []
        with self.db.read() as tx:
            rows = tx.all(
                f"SELECT body{sql.replace('{not}', 'NOT ')} ORDER BY path",
                {**names, "low": folder},
            )
            # From each folder the index leads to what follows it.
            low, first = folder, f"SELECT MIN(path){sql.replace('{not}', '')}"
            while (row := tx.one(first, {**names, "low": low})) and row[0]:
                inner.append(row[0][len(folder) :].partition("/")[0])
                low = _after(f"{folder}{inner[-1]}/")
        return [_body(row) for row in rows], inner

    def known_digests(
        self, team_ids: Sequence[int], digests: Sequence[str]
    ) -> set[str]:
        """Return which bytes the teams have already, in a file or with a task."""
        where, params = in_teams("x", team_ids)
        with self.db.read() as tx:
            return {
                row[0]
                for table in ("platform_things", "task_files")
                for row in tx.all(
                    "SELECT DISTINCT x.digest FROM each_text(:digests) AS d"  # noqa: S608  constants
                    f" JOIN {table} x ON x.digest = d.value AND {where}",
                    {"digests": list(digests), **params},
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
    ) -> PlatformObject:
        """Keep a new object; at a path it replaces the one that is there.

        Raises:
            RequestError: The team already has an object with that id.
        """
        # Two callers that bring the same id or path come one after the other.
        tx.lock_team(team_id)
        taken = id is not None and _exists(tx, team_id, kind, id)
        if taken:
            raise RequestError(
                409, f"there is a {kind} {id} already", field="id", value=id
            )
        number = _number(tx, team_id, kind) if id is None else id
        stored = {"id": number, "teamId": team_id, **_stamps(), **body}
        if path is not None:
            self.remove(tx, team_id, kind, path)
        tx.run(
            "INSERT INTO platform_things"
            " (team_id, kind, id, parent_id, path, digest, name_lower, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (team_id, kind, number, parent_id, path, digest, lowered(stored),
             kept_text(stored)),
        )  # fmt: skip
        rename_object(tx, team_id, kind, number, stored.get("name"))
        if kind == "project_version" and parent_id is not None:
            rebuild_named_version(tx, team_id, parent_id, number, stored["version"])
        return stored

    def change(
        self,
        tx: Transaction,
        stored: PlatformObject,
        kind: str,
        changes: Mapping[str, Any],
    ) -> PlatformObject:
        """Keep an object's new state."""
        changed = {**stored, **changes, "updatedAt": now_text()}
        tx.run(
            "UPDATE platform_things SET body = ?, name_lower = ?"
            " WHERE team_id = ? AND kind = ? AND id = ?",
            (
                kept_text(changed),
                lowered(changed),
                stored["teamId"],
                kind,
                stored["id"],
            ),
        )
        rename_object(tx, stored["teamId"], kind, stored["id"], changed.get("name"))
        return changed

    def children(
        self, tx: Transaction, parent: PlatformObject, kind: str
    ) -> list[PlatformObject]:
        """Return an object's parts of a kind, by id."""
        sql = (
            "SELECT body FROM platform_things"
            " WHERE team_id = ? AND kind = ? AND parent_id = ? ORDER BY id"
        )
        return [
            _body(row) for row in tx.all(sql, (parent["teamId"], kind, parent["id"]))
        ]

    def parents(self, team_id: int, kind: str) -> list[int]:
        """Return the ids of what a team's objects of a kind lie in."""
        sql = (
            "SELECT DISTINCT parent_id FROM platform_things"
            " WHERE team_id = ? AND kind = ? AND parent_id IS NOT NULL"
        )
        with self.db.read() as tx:
            return [int(row[0]) for row in tx.all(sql, (team_id, kind))]

    def delete(self, tx: Transaction, stored: PlatformObject, kind: str) -> None:
        """Remove an object by its id; the graph keeps its history."""
        tx.run(
            "DELETE FROM platform_things WHERE team_id = ? AND kind = ? AND id = ?",
            (stored["teamId"], kind, stored["id"]),
        )

    def archive(self, tx: Transaction, stored: PlatformObject, kind: str) -> None:
        """Keep an object aside: no list shows it, and its id is free again."""
        hidden, place = archived(kind), (stored["teamId"], kind, stored["id"])
        self.delete(tx, stored, hidden)
        tx.run(
            "UPDATE platform_things SET kind = ?"
            " WHERE team_id = ? AND kind = ? AND id = ?",
            (hidden, *place),
        )

    def free_number(self, tx: Transaction, team_id: int, kind: str) -> int:
        """Return the next id of a kind that the team has not used."""
        return _number(tx, team_id, kind)

    def remove(self, tx: Transaction, team_id: int, kind: str, path: str) -> int:
        """Remove the object at a path; the graph keeps its history."""
        return tx.run(
            "DELETE FROM platform_things WHERE team_id = ? AND kind = ? AND path = ?",
            (team_id, kind, path),
        )

    def remove_below(self, tx: Transaction, team_id: int, prefix: str) -> int:
        """Remove the files below a folder."""
        return tx.run(
            "DELETE FROM platform_things WHERE team_id = ? AND kind = 'file'"
            " AND path >= ? AND path < ?",
            (team_id, prefix, _after(prefix)),
        )

    def project_of_version(self, team_id: int, version_id: int) -> int | None:
        """Return the project that a version belongs to, where it is known."""
        with self.db.read() as tx:
            row = tx.one(
                "SELECT parent_id FROM platform_things"
                " WHERE team_id = ? AND kind = 'project_version' AND id = ?",
                (team_id, version_id),
            )
        return None if row is None else int(row[0])

    def _one(
        self, team_ids: Sequence[int], kind: str, column: str, value: int | str
    ) -> PlatformObject | None:
        with self.db.read() as tx:
            row = tx.one(
                "SELECT body FROM platform_things WHERE kind = :kind"  # noqa: S608  a constant
                f" AND {column} = :value"
                " AND team_id IN (SELECT t.value FROM each_int(:teams) AS t)"
                " ORDER BY team_id LIMIT 1",
                {"kind": kind, "value": value, "teams": list(team_ids)},
            )
        return None if row is None else _body(row)


def archived(kind: str) -> str:
    """Return the kind under which archived objects are kept aside."""
    return f"archived_{kind}"


def in_teams(table: str, team_ids: Sequence[int]) -> tuple[str, dict[str, Any]]:
    """Return a condition that limits a table to teams, with its parameters."""
    if len(team_ids) == 1:
        return f"{table}.team_id = :team", {"team": team_ids[0]}
    members = "SELECT m.value FROM each_int(:teams) AS m"
    return f"{table}.team_id IN ({members})", {"teams": list(team_ids)}


def kept_text(body: Mapping[str, Any]) -> str:
    """Write an object as the store keeps it.

    Raises:
        RequestError: A number in it is too large for JSON.
    """
    try:
        return json.dumps(body, allow_nan=False)
    except ValueError as error:
        raise RequestError(
            400, "a number is too large to be kept", field="body"
        ) from error


def lowered(stored: Mapping[str, Any]) -> str | None:
    """Return the name by which an object is looked up, whatever its case."""
    name = stored.get("name")
    if isinstance(name, bool) or not isinstance(name, (str, int)):
        return None
    # A filter takes a number for the text of its digits.
    return str(name).lower()


def now_text() -> str:
    """Return the time as the platform writes it."""
    now = datetime.now(timezone.utc)
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


def _stamps() -> dict[str, str]:
    now = now_text()
    return {"createdAt": now, "updatedAt": now}


def _body(row: Sequence[Any]) -> PlatformObject:
    stored: PlatformObject = json.loads(row[0])
    return stored


def _exists(tx: Transaction, team_id: int, kind: str, id: int) -> bool:
    sql = "SELECT 1 FROM platform_things WHERE team_id = ? AND kind = ? AND id = ?"
    return tx.one(sql, (team_id, kind, id)) is not None


def _number(tx: Transaction, team_id: int, kind: str) -> int:
    while True:
        number = tx.next_numbers(f"platform_{kind}", 1)[0]
        if not _exists(tx, team_id, kind, number):
            return number


def _after(prefix: str) -> str:
    """Return the least text that is greater than all that begin with the prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
