"""Addresses of servers and of their methods."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

PUBLIC_API = "public/api"
API_VERSION = "v3"


class Secret(str):
    """A token: text that does not show itself in a repr, as tracebacks print it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'****'"


def normalize(address: str) -> str:
    """Return the address with a scheme and without slashes at its ends.

    Raises:
        ValueError: The address is empty, or has no host.
    """
    text = address.strip().lstrip("/")
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "http", text
    result = f"{scheme.lower()}://{rest.strip('/')}"
    if not urlsplit(result).netloc:
        raise ValueError(
            f"{address!r} is no server address; give one as https://app.example.com"
        )
    return result


def api_root(server_address: str) -> str:
    """Return the address below which the versions of the public API lie."""
    return f"{server_address}/{PUBLIC_API}"


def method_url(root: str, method: str) -> str:
    """Return the address of one method; it may carry a query of its own."""
    return f"{root}/{API_VERSION}/{method}"


def with_https(address: str) -> str:
    """Return the same address with the scheme https."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(scheme="https"))


def is_plain_http(address: str) -> bool:
    """Whether the address asks for http without encryption."""
    return address.startswith("http://")
