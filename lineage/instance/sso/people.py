"""People: what somebody whom an identity provider knows may do here."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable

from ..authorization import Principal
from ..errors import RequestError
from ..store.database import Database, Transaction
from ..tokens import team_number
from .settings import Grant, SsoSettings


class People:
    """Maps groups to teams and roles.

    Args:
        settings: Has the grants.
        db: Where the teams are; those that grants name are made now.
    """

    def __init__(self, settings: SsoSettings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._teams = _team_numbers(db, settings)

    def principal(self, user: str, groups: Iterable[str]) -> Principal:
        """Return what a person may do.

        Raises:
            RequestError: None of the groups has a grant.
        """
        grant = self._grant(user, groups)
        return Principal((self._teams[grant.team],), grant.role, user)

    def admit(self, issuer: str, subject: str, user: str, groups: Iterable[str]) -> int:
        """Note a person who has signed in, and return the number of the sign-in.

        It is a token that nobody has: `lineage token list` shows it, and a person
        whose token was revoked cannot sign in any more.

        Raises:
            RequestError: No grant fits, or the person was locked out.
        """
        grant = self._grant(user, groups)
        mark = "sso " + hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()
        with self._db.write() as tx:
            return self._noted(tx, mark, user, grant)

    def _noted(self, tx: Transaction, mark: str, user: str, grant: Grant) -> int:
        teams = json.dumps([self._teams[grant.team]])
        row = tx.one("SELECT id, revoked_at FROM tokens WHERE hash = ?", (mark,))
        if row is None:
            return _add(tx, mark, teams, grant.role, user)
        if row[1] is not None:
            raise RequestError(403, f"{user} was locked out here (token {row[0]})")
        tx.run(
            "UPDATE tokens SET teams = ?, role = ?, user_name = ? WHERE id = ?",
            (teams, grant.role, user, row[0]),
        )
        return int(row[0])

    def _grant(self, user: str, groups: Iterable[str]) -> Grant:
        grant = self._settings.grant_for(set(groups))
        if grant is None:
            raise RequestError(
                403,
                f"{user} is in no group that may use this instance; its operator "
                "names groups in the file of `lineage serve --sso`",
            )
        return grant


def _team_numbers(db: Database, settings: SsoSettings) -> dict[str, int]:
    with db.write() as tx:
        return {g.team: team_number(tx, g.team) for g in settings.grants}


def _add(tx: Transaction, mark: str, teams: str, role: str, user: str) -> int:
    number = tx.next_numbers("tokens", 1)[0]
    tx.run(
        "INSERT INTO tokens (id, hash, teams, role, user_name, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (number, mark, teams, role, user, time.time()),
    )
    return number
