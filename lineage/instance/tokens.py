"""Tokens: made for teams, shown once, kept as hashes, revocable."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from .authorization import ROLES, Principal
from .store import Store
from .store.database import Database, Transaction

#: Seconds for which an answer about a token may be remembered; a revoked token is
#: refused at the latest after them.
REMEMBER_S: Final = 1.0
#: How many tokens are remembered at once.
REMEMBER: Final = 1024

_COLUMNS: Final = "id, teams, role, user_name, created_at, revoked_at"


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token as it may be shown."""

    id: int
    teams: tuple[str, ...]
    role: str
    user: str | None
    created_at: float
    revoked_at: float | None = None

    @property
    def is_revoked(self) -> bool:
        """Whether it is no longer valid."""
        return self.revoked_at is not None


@dataclass(frozen=True, slots=True)
class CreatedToken(TokenInfo):
    """A new token, with the secret that is never shown again."""

    secret: str = field(default="", repr=False)


def create_token(
    store: Store,
    *,
    team: str | Sequence[str],
    role: str = "writer",
    user: str | None = None,
) -> CreatedToken:
    """Make a token.

    Args:
        store: The instance's store.
        team: The name of the team it is for, or of several; the first is the one
            that facts are recorded for. Made when there is none of that name.
        role: `reader`, `writer` or `admin`.
        user: Who uses it, as shown with what is recorded with it.

    Raises:
        ValueError: There is no such role, or a name is empty or too long.
    """
    names = (team,) if isinstance(team, str) else tuple(team)
    if role not in ROLES:
        raise ValueError(f"no role {role!r}; roles are {', '.join(ROLES)}")
    if not names or any(not 0 < len(name.strip()) <= 200 for name in names):
        raise ValueError("a team has a name of 1 to 200 characters")
    with store.db.write() as tx:
        teams = [team_number(tx, name.strip()) for name in names]
        number = tx.next_numbers("tokens", 1)[0]
        secret = f"lin_{number}_{secrets.token_urlsafe(32)}"
        made_at = time.time()
        tx.run(
            "INSERT INTO tokens (id, hash, teams, role, user_name, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (number, _hash(secret), json.dumps(teams), role, user, made_at),
        )
    return CreatedToken(number, names, role, user, made_at, secret=secret)


def list_tokens(store: Store) -> list[TokenInfo]:
    """List all tokens, oldest first, without their secrets."""
    with store.db.read() as tx:
        names = dict(_pair(row) for row in tx.all("SELECT id, name FROM teams"))
        rows = tx.all(f"SELECT {_COLUMNS} FROM tokens ORDER BY id")  # noqa: S608  a constant
    return [
        TokenInfo(row[0], tuple(names[t] for t in json.loads(row[1])), *row[2:])
        for row in rows
    ]


def revoke_token(store: Store, id: int) -> bool:
    """Make a token useless, with every session opened by it.

    Returns:
        Whether there was such a token that was not revoked yet.
    """
    with store.db.write() as tx:
        tx.run("DELETE FROM page_sessions WHERE token_id = ?", (id,))
        done = tx.run(
            "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            (time.time(), id),
        )
    return done > 0


class Tokens:
    """Looks up whose a token is, remembering it for a moment.

    Args:
        db: The instance's database.
        clock: Returns a time in seconds that only grows.
    """

    def __init__(
        self, db: Database, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._db = db
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Principal | None]] = {}
        self._any: tuple[float, bool] | None = None

    def exist_remembered(self) -> bool | None:
        """Return whether there is any token, if remembered."""
        known = self._any
        if known is not None and self._clock() - known[0] < REMEMBER_S:
            return known[1]
        return None

    def find_remembered(self, secret: str) -> Principal | None:
        """Return whose a valid token is, if remembered."""
        with self._lock:
            known = self._known.get(_hash(secret))
        if known is not None and self._clock() - known[0] < REMEMBER_S:
            return known[1]
        return None

    def exist(self) -> bool:
        """Return whether there is any token, so that callers need one."""
        now = self._clock()
        remembered = self.exist_remembered()
        if remembered is not None:
            return remembered
        with self._db.read() as tx:
            found = tx.one("SELECT 1 FROM tokens LIMIT 1") is not None
        self._any = (now, found)
        return found

    def find(self, secret: str) -> Principal | None:
        """Return whose a token is, or `None` when it is not valid."""
        name, now = _hash(secret), self._clock()
        with self._lock:
            known = self._known.get(name)
        if known is not None and now - known[0] < REMEMBER_S:
            return known[1]
        principal = self._look_up(secret)
        with self._lock:
            if len(self._known) >= REMEMBER:
                self._known.clear()
            self._known[name] = (now, principal)
        return principal

    def id_of(self, secret: str) -> int | None:
        """Return the number of a token that is valid now."""
        number = _number(secret)
        return number if number is not None and self._look_up(secret) else None

    def principal(self, tx: Transaction, id: int) -> Principal | None:
        """Return what a token that was checked before allows now."""
        row = tx.one(
            "SELECT teams, role, user_name FROM tokens"
            " WHERE id = ? AND revoked_at IS NULL",
            (id,),
        )
        if row is None:
            return None
        return Principal(tuple(json.loads(row[0])), row[1], row[2])

    def _look_up(self, secret: str) -> Principal | None:
        number = _number(secret)
        if number is None:
            return None
        with self._db.read() as tx:
            row = tx.one("SELECT hash FROM tokens WHERE id = ?", (number,))
            expected = row[0] if row is not None else ""
            if not hmac.compare_digest(_hash(secret), expected):
                return None
            return self.principal(tx, number)


def _number(secret: str) -> int | None:
    prefix, _, rest = secret.partition("_")
    number = rest.partition("_")[0]
    is_formed = prefix == "lin" and number.isascii() and number.isdigit()
    return int(number) if is_formed and len(number) < 19 else None


def _hash(secret: str) -> str:
    # The secret holds 256 random bits: a slow hash would protect nothing more.
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def team_number(tx: Transaction, name: str) -> int:
    """Return the number of a team, which is made when there is none of that name."""
    row = tx.one("SELECT id FROM teams WHERE name = ?", (name,))
    if row is not None:
        return int(row[0])
    number = tx.next_numbers("teams", 1)[0]
    tx.run("INSERT INTO teams (id, name) VALUES (?, ?)", (number, name))
    return number


def _pair(row: tuple[object, ...]) -> tuple[int, str]:
    return int(str(row[0])), str(row[1])
