"""Who a caller is, as a proxy says it that has signed the person in."""

from __future__ import annotations

import hmac
import re
from typing import Final

from ..authorization import Principal, check_page_call
from ..errors import RequestError
from ..http import InstanceRequest
from .people import People
from .settings import HeaderSettings, secret_in

_BETWEEN: Final = re.compile(r"[,;|]")
_LONGEST_USER: Final = 200


class HeaderIdentity:
    """Reads the headers of a proxy, and refuses those of everybody else.

    Args:
        settings: The names of the headers, and the file of the shared secret.
        people: Says what a person may do.
    """

    def __init__(self, settings: HeaderSettings, people: People) -> None:
        self._settings = settings
        self._people = people
        self._secret = secret_in(settings.secret_file)

    def admit(self, request: InstanceRequest) -> Principal | None:
        """Return the caller; None where no header names one.

        Raises:
            RequestError: The headers are not the proxy's, or the person may not.
        """
        names = self._settings
        user = request.headers.get(names.user, "").strip()
        if not user and names.groups not in request.headers:
            return None
        if not self._is_from_proxy(request):
            raise RequestError(
                401,
                "who you are is believed from this instance's proxy alone",
                field=names.user,
            )
        if not user or len(user) > _LONGEST_USER:
            raise RequestError(401, "the proxy names nobody", field=names.user)
        # A browser sends the proxy's cookie with the calls of other sites' pages, too.
        check_page_call(request)
        groups = _BETWEEN.split(request.headers.get(names.groups, ""))
        return self._people.principal(user, filter(None, map(str.strip, groups)))

    def _is_from_proxy(self, request: InstanceRequest) -> bool:
        if self._secret is None:
            return request.is_from_named_proxy
        return _is_same(request.headers.get(self._settings.secret, ""), self._secret)


def _is_same(given: str, secret: str) -> bool:
    return hmac.compare_digest(
        given.encode("utf-8", "surrogateescape"), secret.encode()
    )
