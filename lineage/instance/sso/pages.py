"""The addresses of single sign-on: the way to the provider, and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from ..errors import RequestError
from ..http import JSON_TYPE, InstanceRequest, InstanceResponse
from ..sessions import LASTS_S, Sessions, session_cookie
from .oidc import Attempt, OidcProvider
from .people import People
from .refused_page import refused_page, wants_page

_COOKIE: Final = "lineage_sso"
#: How long a person may take at the provider.
_TRY_S: Final = 600

Handler = Callable[[InstanceRequest], InstanceResponse]


class SsoPages:
    """Leads browsers to the identity provider, and opens their sessions.

    Args:
        provider: The identity provider.
        people: Says who may do what.
        sessions: Opens the page's session.
    """

    def __init__(
        self, provider: OidcProvider, people: People, sessions: Sessions
    ) -> None:
        self._provider = provider
        self._people = people
        self._sessions = sessions

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """Return what answers each address."""
        return {
            ("GET", "/sso"): self._info,
            ("GET", "/sso/login"): _shown(self._login),
            ("GET", "/sso/callback"): _shown(self._callback),
        }

    def _info(self, _request: InstanceRequest) -> InstanceResponse:
        label = json.dumps({"label": self._provider.settings.label})
        return InstanceResponse(200, label.encode(), {"content-type": JSON_TYPE})

    def _login(self, request: InstanceRequest) -> InstanceResponse:
        attempt = Attempt.new()
        address = self._provider.address(attempt, self._back(request))
        return _led(address, _cookie(request, str(attempt), _TRY_S))

    def _callback(self, request: InstanceRequest) -> InstanceResponse:
        back = self._back(request)
        person = self._provider.person(request.query, _attempt(request), back)
        number = self._people.admit(
            self._provider.settings.issuer, person.subject, person.user, person.groups
        )
        session = self._sessions.open_for(number)
        opened = session_cookie(session, LASTS_S, request)
        # One header can set one cookie; the try's ends by itself.
        return _led(f"{request.prefix}/?signed-in=1", opened)

    def _back(self, request: InstanceRequest) -> str:
        if self._provider.settings.redirect_uri:
            return self._provider.settings.redirect_uri
        host = request.headers.get("host", "")
        if not host:
            raise RequestError(400, "the request names no host", field="host")
        return f"{request.scheme}://{host}{request.prefix}/sso/callback"


def _shown(handler: Handler) -> Handler:
    """Show a refusal to a person as a page; programs get the error itself."""

    def handle(request: InstanceRequest) -> InstanceResponse:
        try:
            return handler(request)
        except RequestError as error:
            if not wants_page(request):
                raise
            return refused_page(error, request)

    return handle


def _attempt(request: InstanceRequest) -> Attempt | None:
    return Attempt.parse(request.cookie(_COOKIE) or "")


def _cookie(request: InstanceRequest, value: str, age_s: int) -> str:
    # Lax: the browser comes back from another site.
    secure = "; Secure" if request.scheme == "https" else ""
    return (
        f"{_COOKIE}={value}; HttpOnly; SameSite=Lax; Path={request.prefix}/sso/;"
        f" Max-Age={age_s}{secure}"
    )


def _led(address: str, cookie: str) -> InstanceResponse:
    headers = {"location": address, "set-cookie": cookie, "cache-control": "no-store"}
    return InstanceResponse(303, b"", headers)
