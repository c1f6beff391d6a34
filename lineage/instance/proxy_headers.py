"""What a proxy in front says of a request: believed from known peers alone."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final
from urllib.parse import quote

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: In the scope: the path below which the proxy serves this instance.
PREFIX: Final = "lineage.prefix"
#: In the scope: whether the request came from a proxy that was named.
IS_NAMED: Final = "lineage.is_named"

_FOR: Final = b"x-forwarded-for"
_PROTO: Final = b"x-forwarded-proto"
_PREFIX: Final = b"x-forwarded-prefix"
_FORWARDED: Final = frozenset({_FOR, _PROTO, _PREFIX})
_PREFIX_FORM: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_LOOPBACK: Final = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128")))


def checked_prefix(text: str) -> str:
    """Return a path prefix without a slash at its end; empty where there is none.

    Raises:
        ValueError: It is no path of plain names.
    """
    prefix = text.rstrip("/")
    if prefix and (not _PREFIX_FORM.fullmatch(prefix) or "/." in prefix):
        raise ValueError(text)
    return prefix


class ProxyHeaders:
    """Takes over what a proxy says, and leaves out what others say in its name.

    Args:
        app: Serves the request that is meant.
        named: Proxies by their addresses.
        prefix: The path below which this instance is served; where it is empty, a
            proxy may say one with each request.
        is_local: Whether a proxy on this machine is believed, too; not for who has
            signed in, which each user of the machine could say.
    """

    def __init__(
        self,
        app: App,
        named: Sequence[Network],
        prefix: str = "",
        *,
        is_local: bool = False,
    ) -> None:
        self._app = app
        self._named = tuple(named)
        self._believed = (*self._named, *(_LOOPBACK if is_local else ()))
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request, or the server's lifespan."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        prefix = self._read(scope)
        if prefix and scope["path"] == prefix:
            await _lead_below(scope, prefix, send)
            return
        if prefix and scope["path"].startswith(f"{prefix}/"):
            # Some proxies cut the prefix off, others pass it on.
            scope["path"] = scope["path"][len(prefix) :]
        scope[PREFIX] = prefix
        await self._app(scope, receive, send)

    def _read(self, scope: Scope) -> str:
        forwarded = {
            name: value for name, value in scope["headers"] if name in _FORWARDED
        }
        peer = _address(scope["client"][0]) if scope.get("client") else None
        scope[IS_NAMED] = _is_in(peer, self._named)
        if not forwarded:
            return self._prefix
        if not _is_in(peer, self._believed):
            scope["headers"] = [
                pair for pair in scope["headers"] if pair[0] not in _FORWARDED
            ]
            return self._prefix
        if forwarded.get(_PROTO) in (b"http", b"https"):
            scope["scheme"] = forwarded[_PROTO].decode()
        caller = self._caller(forwarded.get(_FOR, b"").decode("latin-1"))
        if caller is not None:
            scope["client"] = (caller, 0)
        return self._prefix or _forwarded_prefix(
            forwarded.get(_PREFIX, b"").decode("latin-1")
        )

    def _caller(self, text: str) -> str | None:
        """Return the last address that no believed proxy added."""
        for part in reversed([part.strip() for part in text.split(",")]):
            address = _address(part)
            if address is None:
                return None
            if not _is_in(address, self._believed):
                return part
        return None


def _forwarded_prefix(text: str) -> str:
    try:
        return checked_prefix(text.strip())
    except ValueError:
        return ""


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if mapped is not None else address


def _is_in(address: Any, networks: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


async def _lead_below(scope: Scope, prefix: str, send: Send) -> None:
    query = scope.get("query_string", b"")
    target = quote(prefix).encode() + b"/" + (b"?" + query if query else b"")
    headers = [(b"location", target), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 308, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
