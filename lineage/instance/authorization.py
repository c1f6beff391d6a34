"""Who may do what: principals, roles, and checks of host and origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..records import record
from .errors import RequestError
from .http import InstanceRequest

ROLES: Final = ("reader", "writer", "admin")

#: Names under which a loopback server is reached; any other is refused, so that a
#: page elsewhere cannot reach it through a name of its own (DNS rebinding).
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})

PAGE_HEADER: Final = "x-lineage-page"
SESSION_COOKIE: Final = "lineage_session"

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' "
        "data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@record(frozen=True, slots=True)
class Principal:
    """The caller of a request."""

    team_ids: tuple[int, ...]
    role: str
    user: str | None = None
    is_open: bool = False
    """No token exists: one team, whatever team a request names."""

    def may(self, role: str) -> bool:
        """Return whether the caller has at least this role."""
        return ROLES.index(self.role) >= ROLES.index(role)


#: The caller of an instance that has no tokens.
OPEN: Final = Principal(team_ids=(1,), role="admin", is_open=True)


def check_host(host: str | None, allowed: frozenset[str]) -> None:
    """Refuse a request that was sent to a name this server does not have."""
    if not allowed:
        return
    name = _host_name(host or "")
    if name not in allowed:
        raise RequestError(
            403,
            "the Host header names another server",
            field="host",
            allowed=", ".join(sorted(allowed)),
        )


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


def check_origin(request: InstanceRequest) -> None:
    """Refuse a call that a page of another site made."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    host = request.headers.get("host", "")
    if origin not in (f"http://{host}", f"https://{host}"):
        raise RequestError(403, "the call comes from another origin", field="origin")


def check_page_call(request: InstanceRequest) -> None:
    """Refuse a call with the page's cookie that no page of ours made."""
    if request.headers.get(PAGE_HEADER) != "1":
        raise RequestError(403, f"calls of the page carry {PAGE_HEADER}: 1")
