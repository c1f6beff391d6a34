"""The session: requests of one client, sent without what is the same for each."""

from __future__ import annotations

import os
import time
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests

from .plain_requests import PlainRequests
from .retry import TimeOuts

#: Where `requests` looks for proxies, certificates and passwords.
_NETWORK_VARIABLES = (
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "REQUEST_METHOD", "NETRC", "HOME",
)  # fmt: skip
_ENCODED = tuple(map(getattr(os.environ, "encodekey", str), _NETWORK_VARIABLES))
#: What was found there is used so long: the system's own settings may change as well.
SETTINGS_S = 10.0
_MOST_SERVERS = 64


class Session(requests.Session):
    """A session that keeps nothing of one answer for the next request."""

    def __init__(self) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        #: By server: until when, and with which environment, settings were found.
        self._environment: dict[str, tuple[float, object, dict[str, Any]]] = {}
        self._plain = PlainRequests(self, network_environment, SETTINGS_S)

    def close(self) -> None:
        """Close the connections."""
        self._plain.forget()
        super().close()

    def exchange(
        self,
        verb: str,
        url: str,
        *,
        params: Any,
        content: Any,
        headers: dict[str, str],
        timeout_s: TimeOuts,
        is_streamed: bool,
    ) -> requests.Response:
        """Send one request; return its answer, with the body unread.

        Redirects are not followed: `next` of the answer is the request that it asks
        for.

        Raises:
            requests.exceptions.RequestException: There is no answer.
        """
        if not (params or is_streamed) and type(content) is bytes:
            response = self._plain.send(verb, url, headers, content, timeout_s)
            if response is not None:
                return response
        return self.request(
            verb,
            url,
            params=params,
            data=content,
            headers=headers,
            timeout=timeout_s,
            stream=True,
            allow_redirects=False,
        )

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Find proxies and certificates in the environment, once for a server.

        `requests` reads the whole environment several times for each request, which is
        a quarter of an edge's time.
        """
        found = super().merge_environment_settings
        if proxies or verify is not None or cert is not None:
            return found(url, proxies, stream, verify, cert)
        parts = urlsplit(url)
        server, now = f"{parts.scheme}://{parts.netloc}", time.monotonic()
        read = network_environment()
        known = self._environment.get(server)
        if known is None or known[0] < now or known[1] != read:
            if len(self._environment) >= _MOST_SERVERS:
                self._environment.clear()
            made: Any = found(url, {}, stream, verify, cert)
            known = self._environment[server] = (now + SETTINGS_S, read, made)
        settings = known[2]
        return {**settings, "proxies": dict(settings["proxies"]), "stream": stream}

    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """Take the token out when a redirect leads to another host."""
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]  # stubs lack it
        old, new = response.request.url, prepared_request.url
        if self.should_strip_auth(old, new):  # type: ignore[no-untyped-call]  # stubs lack it
            prepared_request.headers.pop("x-api-key", None)

    def rebuild_method(self, prepared_request: Any, response: Any) -> None:
        """Keep method and body where a proxy only says that the address is another.

        `requests` makes a GET without a body of a POST that is answered 301 or 302.
        """
        if response.status_code in (301, 302):
            # By this number `requests` decides about the body, too.
            response.status_code = 308
        super().rebuild_method(prepared_request, response)


def network_environment() -> tuple[object, ...]:
    """Return the variables that decide how a server is reached.

    `os.environ` encodes each name again; the dictionary behind it is read instead,
    where there is one.
    """
    known = getattr(os.environ, "_data", None)
    if isinstance(known, dict):
        return tuple(map(known.get, _ENCODED))
    return tuple(map(os.environ.get, _NETWORK_VARIABLES))
