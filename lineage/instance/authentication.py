"""Authenticates requests that come over the network."""

from __future__ import annotations

from .authorization import (
    OPEN,
    SESSION_COOKIE,
    Principal,
    check_host,
    check_origin,
    check_page_call,
)
from .errors import RequestError
from .http import InstanceRequest
from .sessions import Sessions
from .sso.header import HeaderIdentity
from .tokens import Tokens


class Authenticator:
    """Checks host and origin, then the token or the page's session.

    Args:
        tokens: Looks up whose a token is.
        sessions: Looks up whose session a cookie is.
        hosts: Names under which the server is reached; empty: any.
        header: Reads whom a proxy has signed in.
        is_closed: Whether callers must be known, also where there is no token.
    """

    def __init__(
        self,
        tokens: Tokens,
        sessions: Sessions,
        hosts: frozenset[str] = frozenset(),
        *,
        header: HeaderIdentity | None = None,
        is_closed: bool = False,
    ) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._hosts = hosts
        self._header = header
        self._is_closed = is_closed

    def check_place(self, request: InstanceRequest) -> None:
        """Refuse a request sent to another name, or by another site's page."""
        check_host(request.headers.get("host"), self._hosts)
        check_origin(request)

    def admit(self, request: InstanceRequest) -> Principal:
        """Return the caller of a request.

        Raises:
            RequestError: The caller is not known to this instance.
        """
        self.check_place(request)
        signed_in = self._signed_in(request)
        if signed_in is not None:
            return signed_in
        if not self._is_closed and not self._tokens.exist():
            return OPEN
        secret = token_of(request)
        if secret is not None:
            found = self._tokens.find(secret)
        elif (cookie := session_of(request)) is not None:
            check_page_call(request)
            found = self._sessions.find(cookie)
        else:
            raise RequestError(401, "a token is needed", field="x-api-key")
        if found is None:
            raise RequestError(
                401, "the token or session is not valid", field="x-api-key"
            )
        return found

    def admit_remembered(self, request: InstanceRequest) -> Principal | None:
        """Return the caller, if known without reading the store."""
        self.check_place(request)
        signed_in = self._signed_in(request)
        if signed_in is not None:
            return signed_in
        exist = self._is_closed or self._tokens.exist_remembered()
        if exist is None:
            return None
        if not exist:
            return OPEN
        secret = token_of(request)
        return self._tokens.find_remembered(secret) if secret is not None else None

    def _signed_in(self, request: InstanceRequest) -> Principal | None:
        return None if self._header is None else self._header.admit(request)


def token_of(request: InstanceRequest) -> str | None:
    """Return the token that a request carries."""
    key = request.headers.get("x-api-key")
    if key:
        return key
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() or None if scheme.lower() == "bearer" else None


def session_of(request: InstanceRequest) -> str | None:
    """Return the secret of the page's session that a request carries."""
    return request.cookie(SESSION_COOKIE)
