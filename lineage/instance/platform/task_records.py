"""Tasks as the platform shows them, over those that the graph knows."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..errors import not_found
from ..list_query import Default, Rows, read_page
from ..params import PageParams
from ..store import Store
from ..store.database import Transaction
from ..store.sql_values import OBJECT, Value, of_int, of_text, of_time
from ..timestamps import time_text
from .objects import in_teams, kept_text

#: The platform's status words.
STATUSES: Final = (
    "queued", "consumed", "started", "deployed", "error", "finished", "terminating",
    "stopped",
)  # fmt: skip
_ENDS: Final = ("finished", "error", "stopped")
_OPENS: Final = ("started", "deployed")

#: The workspace of a task without one.
DEFAULT_WORKSPACE: Final = 1

Info = dict[str, Any]

_SHOWN: Final = (
    "id", "team_id", "name", "status", "workspace", "shown_at", "ended_at",
    "user_name", "body",
)  # fmt: skip
_NAMES: Final = (
    "t.number AS id, t.team_id, t.name, t.status, t.ended_at, t.user_name, p.body,"
    f" COALESCE(NULLIF(t.workspace_id, 0), {DEFAULT_WORKSPACE}) AS workspace,"
    " COALESCE(NULLIF(t.started_at, 0), t.created_at) AS shown_at"
)
_SOURCE: Final = (
    "tasks t LEFT JOIN task_parts p ON p.team_id = t.team_id"
    " AND p.task_id = t.number AND p.part = 'info'"
)


class TaskRecords:
    """Makes, finds and changes tasks for the platform's endpoints.

    Args:
        store: The instance's store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, team_ids: Sequence[int], id: int) -> Info | None:
        """Return a task, or none where none of the teams has it."""
        where, params = in_teams("t", team_ids)
        sql = (
            f"SELECT {', '.join(_SHOWN)} FROM (SELECT {_NAMES} FROM {_SOURCE}"  # noqa: S608  made of constants
            f" WHERE {where} AND t.number = :id ORDER BY t.team_id LIMIT 1) AS r"
        )
        with self._store.db.read() as tx:
            row = tx.one(sql, {**params, "id": id})
        return None if row is None else _info(*row)

    def get(self, team_ids: Sequence[int], id: int, *, field: str = "id") -> Info:
        """Return a task.

        Raises:
            RequestError: None of the teams has it.
        """
        found = self.find(team_ids, id)
        if found is None:
            raise not_found("task", id, field=field)
        return found

    def page(
        self,
        team_ids: Sequence[int],
        form: PageParams,
        *,
        workspace_id: int | None = None,
        app_id: int | None = None,
    ) -> tuple[list[Info], int]:
        """Return the requested page of tasks, and the total number.

        Args:
            team_ids: Whose tasks.
            form: The listing's parameters.
            workspace_id: Only those of this workspace.
            app_id: Only those of this app.
        """
        where, params = in_teams("t", team_ids)
        if workspace_id is not None:
            where += " AND COALESCE(t.workspace_id, :default) = :workspace"
            params |= {"workspace": workspace_id, "default": DEFAULT_WORKSPACE}
        if app_id is not None:
            where += " AND p.app_id = :app"
            params["app"] = app_id
        engine = self._store.db.dialect.name
        rows = Rows(
            columns=", ".join(f"r.{name}" for name in _SHOWN),
            names=_NAMES,
            source=f"{_SOURCE} WHERE {where}",
            params=params,
            fields=_fields(engine),
            body="p.body",
            defaults=_defaults(engine),
        )
        with self._store.db.read() as tx:
            found, total = read_page(tx, rows, form)
        return [_info(*row) for row in found], total

    def of_apps(
        self,
        team_id: int,
        app_ids: Sequence[int],
        statuses: Sequence[str] | None = None,
    ) -> dict[int, list[Info]]:
        """Return the tasks of each of a team's apps, all or those of some statuses."""
        sql = (
            f"SELECT a.value, {', '.join(f'r.{name}' for name in _SHOWN)}"  # noqa: S608  made of constants
            " FROM each_int(:apps) AS a JOIN (SELECT p.app_id,"
            f" {_NAMES} FROM task_parts p JOIN tasks t ON t.team_id = p.team_id"
            " AND t.number = p.task_id WHERE p.team_id = :team AND p.part = 'info')"
            " AS r ON r.app_id = a.value"
        )
        names: dict[str, Any] = {"apps": list(app_ids), "team": team_id}
        if statuses is not None:
            sql += " WHERE r.status IN (SELECT s.value FROM each_text(:among) AS s)"
            names["among"] = list(statuses)
        found: dict[int, list[Info]] = {}
        with self._store.db.read() as tx:
            for app, *row in tx.all(f"{sql} ORDER BY r.id", names):
                found.setdefault(app, []).append(_info(*row))
        return found

    def create(
        self,
        team_id: int,
        name: str,
        info: Mapping[str, Any],
        *,
        id: int | None = None,
        status: str = "queued",
        user: str | None = None,
    ) -> Info:
        """Make a task.

        Args:
            team_id: Whose it is.
            name: What it is called.
            info: What `tasks.info` shows beside what the graph knows.
            id: Its id; the next free one when left out.
            status: A status word of the platform.
            user: Who made it.
        """
        number = self._free_number(team_id) if id is None else id
        identity = {"task": f"platform:{number}", "task_id": number}
        self._record(team_id, identity, f="task", name=name, user=user)
        with self._store.db.write() as tx:
            tx.run(
                "UPDATE tasks SET workspace_id = ? WHERE team_id = ? AND number = ?",
                (info.get("workspaceId"), team_id, number),
            )
            put_part(tx, team_id, number, "info", info)
        self.set_status(team_id, number, status, user=user)
        return self.get((team_id,), number)

    def set_status(
        self, team_id: int, id: int, status: str, *, user: str | None = None
    ) -> None:
        """Change a task's status."""
        own = self._identity(team_id, id)
        if status in _ENDS:
            self._record(team_id, own, f="task_end", status=status, user=user)
            return
        if status in _OPENS:
            self._record(team_id, own, f="task", status=status, user=user)
        # A task that has ended may go on: the platform starts it again on an error.
        with self._store.db.write() as tx:
            tx.run(
                "UPDATE tasks SET status = ?, ended_at = NULL"
                " WHERE team_id = ? AND number = ?",
                (status, team_id, id),
            )

    def log(
        self,
        team_id: int,
        id: int,
        lines: Sequence[tuple[float, str, str, Mapping[str, Any]]],
    ) -> None:
        """Keep lines `(time, level, message, further fields)` of a task's log."""
        source, own = f"log{uuid.uuid4().hex}", self._identity(team_id, id)
        facts = [
            {
                "f": "log",
                "uid": f"{source}-{index}",
                "at": at,
                "level": level,
                "message": message,
                "fields": kept_text(fields) if fields else None,
                **own,
            }
            for index, (at, level, message, fields) in enumerate(lines)
        ]
        self._store.ingest(team_id, facts)

    def read_log(self, team_id: int, id: int, since: float) -> list[Info]:
        """Return a task's log from a time on, as the platform writes it."""
        with self._store.db.read() as tx:
            rows = tx.all(
                "SELECT g.logged_at, g.level, g.message, g.fields FROM logs g"
                " JOIN tasks t ON t.team_id = g.team_id AND t.id = g.task_id"
                " WHERE g.team_id = ? AND t.number = ? AND g.logged_at >= ?"
                " ORDER BY g.logged_at, g.id",
                (team_id, id, since),
            )
        return [
            {
                **(json.loads(fields) if fields else {}),
                "timestamp": time_text(at),
                "level": level,
                "message": message,
                "task_id": id,
            }
            for at, level, message, fields in rows
        ]

    def part(self, team_id: int, id: int, part: str) -> Info:
        """Return what apps keep with a task under one name."""
        with self._store.db.read() as tx:
            return get_part(tx, team_id, id, part)

    def write(self) -> Any:
        """Open a transaction in which parts are changed."""
        return self._store.db.write()

    def _identity(self, team_id: int, id: int) -> dict[str, Any]:
        """Name a task in a fact: by its own run, so that it keeps its number."""
        with self._store.db.read() as tx:
            row = tx.one(
                "SELECT run FROM tasks WHERE team_id = ? AND number = ?", (team_id, id)
            )
        if row is not None and row[0]:
            return {"task": row[0]}
        return {"task": f"platform:{id}", "task_id": id}

    def _free_number(self, team_id: int) -> int:
        with self._store.db.write() as tx:
            while True:
                number = tx.next_numbers("platform_task", 1)[0]
                sql = "SELECT 1 FROM tasks WHERE team_id = ? AND number = ?"
                if tx.one(sql, (team_id, number)) is None:
                    return number

    def _record(self, team_id: int, own: Info, **given: Any) -> None:
        user = given.pop("user", None)
        fact = {"uid": f"task{uuid.uuid4().hex}-0", "at": time.time(), **own}
        kept = {name: value for name, value in given.items() if value is not None}
        self._store.ingest(team_id, [{**fact, **kept}], user=user)


def get_part(tx: Transaction, team_id: int, id: int, part: str) -> Info:
    """Read one part of what apps keep with a task."""
    row = tx.one(
        "SELECT body FROM task_parts WHERE team_id = ? AND task_id = ? AND part = ?",
        (team_id, id, part),
    )
    found: Info = json.loads(row[0]) if row is not None else {}
    return found


def put_part(
    tx: Transaction, team_id: int, id: int, part: str, body: Mapping[str, Any]
) -> None:
    """Replace one part of what apps keep with a task."""
    app = body.get("appId") if part == "info" else None
    tx.run(
        "INSERT INTO task_parts (team_id, task_id, part, app_id, body)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (team_id, task_id, part)"
        " DO UPDATE SET app_id = excluded.app_id, body = excluded.body",
        (team_id, id, part, app if isinstance(app, int) else None, kept_text(body)),
    )


def _fields(engine: str) -> dict[str, Value]:
    return {
        "id": of_int("r.id"),
        "teamId": of_int("r.team_id"),
        "workspaceId": of_int("r.workspace"),
        "status": of_text(engine, "r.status"),
        "userLogin": of_text(engine, "r.user_name"),
        "startedAt": of_time("r.shown_at"),
        "finishedAt": of_time("r.ended_at"),
    }


def _defaults(engine: str) -> dict[str, Default]:
    """Return what `_info` shows where a task has no value of its own."""
    name = of_text(engine, "r.name")
    return {
        "description": Default("description", of_text(engine, "''")),
        "type": Default("type", of_text(engine, "'app'")),
        "userId": Default("userId", of_int("1")),
        "createdBy": Default("createdBy", of_int("1")),
        "meta.name": Default("meta.name", name),
        "meta.app.id": Default("meta.app", "appId"),
        "meta.app.name": Default("meta.app", name),
        "meta": Default("meta", OBJECT),
        "meta.app": Default("meta.app", OBJECT),
        "settings": Default("settings", OBJECT),
        "settings.message": Default("settings", OBJECT),
        "settings.message.state": Default("settings", OBJECT),
    }


def _info(
    number: int,
    team_id: int,
    name: str | None,
    status: str,
    workspace_id: int,
    started_at: float,
    ended_at: float | None,
    user: str | None,
    body: str | None,
) -> Info:
    kept = json.loads(body) if body else {}
    meta = {"app": {"id": kept.get("appId"), "name": name}, "name": name}
    return {
        "id": number,
        "description": "",
        "type": "app",
        "userId": 1,
        "createdBy": 1,
        "agentName": None,
        "agentId": None,
        "userLogin": user,
        "settings": {"message": {"state": {}}},
        **kept,
        "meta": {**meta, **kept.get("meta", {})},
        "teamId": team_id,
        "workspaceId": workspace_id,
        "status": status,
        "startedAt": time_text(started_at),
        "finishedAt": time_text(ended_at),
    }
