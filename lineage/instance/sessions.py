"""The page's sessions: opened by a token, carried by a cookie, kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from typing import Final

from .authorization import SESSION_COOKIE, Principal
from .errors import RequestError
from .http import InstanceRequest
from .store.database import Database
from .tokens import Tokens

#: How long a session lasts.
LASTS_S: Final = 12 * 3600
#: Failed logins of one address in one window, at most.
MAX_FAILURES: Final = 10
WINDOW_S: Final = 60.0


class Sessions:
    """Opens, finds and ends sessions.

    Args:
        db: The instance's database.
        tokens: Looks up whose a token is.
        clock: Returns the time in seconds since 1970.
    """

    def __init__(
        self, db: Database, tokens: Tokens, clock: Callable[[], float] = time.time
    ) -> None:
        self._db = db
        self._tokens = tokens
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, list[float]] = {}

    def open(self, token: str, *, client: str) -> str:
        """Return the secret of a new session.

        Raises:
            RequestError: The token is not valid, or the address failed too often.
        """
        self._check_failures(client)
        token_id = self._tokens.id_of(token)
        if token_id is None:
            with self._lock:
                self._failures.setdefault(client, []).append(self._clock())
            raise RequestError(
                401, "the token is not one of this instance", field="token"
            )
        return self.open_for(token_id)

    def open_for(self, token_id: int) -> str:
        """Return the secret of a new session of whom a token stands for."""
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        with self._db.write() as tx:
            tx.run("DELETE FROM page_sessions WHERE expires_at < ?", (now,))
            tx.run(
                "INSERT INTO page_sessions (hash, token_id, expires_at)"
                " VALUES (?, ?, ?)",
                (_hash(secret), token_id, now + LASTS_S),
            )
        return secret

    def find(self, secret: str) -> Principal | None:
        """Return whose session it is, or `None` when it is over."""
        with self._db.read() as tx:
            row = tx.one(
                "SELECT token_id FROM page_sessions WHERE hash = ? AND expires_at >= ?",
                (_hash(secret), self._clock()),
            )
            return None if row is None else self._tokens.principal(tx, row[0])

    def end(self, secret: str) -> None:
        """End a session."""
        with self._db.write() as tx:
            tx.run("DELETE FROM page_sessions WHERE hash = ?", (_hash(secret),))

    def _check_failures(self, client: str) -> None:
        since = self._clock() - WINDOW_S
        with self._lock:
            self._failures = {
                name: kept
                for name, times in self._failures.items()
                if (kept := [at for at in times if at > since])
            }
            if len(self._failures.get(client, ())) < MAX_FAILURES:
                return
        raise RequestError(
            429,
            "too many failed logins; wait a minute",
            headers={"retry-after": str(int(WINDOW_S))},
        )


def session_cookie(secret: str, age_s: int, request: InstanceRequest) -> str:
    """Return the header that sets the page's cookie.

    Args:
        secret: The session's; empty to end it.
        age_s: How long browsers keep it.
        request: Says by what way the browser came.
    """
    proto = request.headers.get("x-forwarded-proto", request.scheme)
    secure = "; Secure" if proto == "https" else ""
    return (
        f"{SESSION_COOKIE}={secret}; HttpOnly; SameSite=Strict;"
        f" Path={request.prefix}/; Max-Age={age_s}{secure}"
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
