"""The secret of a page that `lineage ui` serves to one user of a shared machine."""

from __future__ import annotations

import hmac
import secrets
from typing import Final
from urllib.parse import quote, urlencode

from .authentication import token_of
from .errors import RequestError
from .http import InstanceRequest, InstanceResponse

#: The parameter of the printed address that carries the secret.
PARAMETER: Final = "token"
#: Paths that are answered without it: they say only that the server runs.
_OPEN: Final = frozenset({"/healthz", "/readyz"})
#: How long a browser keeps the cookie; the secret itself ends with the server.
_AGE_S: Final = 12 * 3600


def new_secret() -> str:
    """Return a secret for one server's life."""
    return secrets.token_urlsafe(32)


class PageSecret:
    """Lets through only who knows the secret, as notebook servers do.

    The address that is printed carries it once; the answer moves it into a cookie and
    leads to the address without it. A loopback port is open to every user of the
    machine, so nothing else distinguishes its owner from others.

    Args:
        secret: From `new_secret`.
        port: Names the cookie, which browsers share among ports.
    """

    def __init__(self, secret: str, port: int) -> None:
        self._secret = secret.encode()
        self._cookie = f"lineage_ui_{port}"

    def admit(self, request: InstanceRequest) -> InstanceResponse | None:
        """Pass a request on, or answer it with the way to the page.

        Returns:
            A redirect that sets the cookie, where the address carries the secret.

        Raises:
            RequestError: The request does not carry the secret.
        """
        if request.path in _OPEN or self._is_known(request.cookie(self._cookie)):
            return None
        if request.verb == "GET" and self._is_known(request.query.get(PARAMETER)):
            return self._redirect(request)
        if self._is_known(token_of(request)):
            return None
        raise RequestError(
            403,
            "this page is for who started it: open the address that `lineage ui` "
            "printed, with its token",
            field=PARAMETER,
        )

    def _redirect(self, request: InstanceRequest) -> InstanceResponse:
        rest = {k: v for k, v in request.query.items() if k != PARAMETER}
        # One slash: two would lead to another host.
        path = "/" + quote(request.path.lstrip("/\\"))
        # Lax: with Strict a browser that came from elsewhere would not send it on.
        cookie = (
            f"{self._cookie}={self._secret.decode()}; HttpOnly; SameSite=Lax; Path=/;"
            f" Max-Age={_AGE_S}"
        )
        location = f"{path}?{urlencode(rest)}" if rest else path
        headers = {"location": location, "set-cookie": cookie}
        return InstanceResponse(303, b"", {**headers, "cache-control": "no-store"})

    def _is_known(self, text: str | None) -> bool:
        given = (text or "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(given, self._secret)
