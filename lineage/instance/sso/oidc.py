"""Signs people in by OpenID Connect: the code flow, with PKCE, state and nonce."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ...errors import logger
from ..errors import RequestError
from .settings import OidcSettings, SsoError, secret_in

_TIMEOUT_S: Final = 10.0
#: Conversations with the provider at one time, and how long one waits for its turn: a
#: provider that hangs must not keep every thread that answers requests.
_MOST_AT_ONCE: Final = 4
_TURN_S: Final = 1.0
#: What the provider says of itself is requested again after this time.
_REFRESH_S: Final = 3600.0
#: Clocks of two machines differ.
_LEEWAY_S: Final = 60
_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in: what the browser keeps until it comes back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Attempt:
        """Make one that nobody can guess."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))

    @classmethod
    def parse(cls, text: str) -> Attempt | None:
        """Read the text of a cookie."""
        parts = text.split(".")
        return cls(*parts) if len(parts) == 3 and all(parts) else None

    def challenge(self) -> str:
        """Return what is said of the verifier before it is shown (PKCE, S256)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def is_answered_by(self, query: Mapping[str, str]) -> bool:
        """Whether parameters of an address are the answer to this try."""
        state = query.get("state", "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(state, self.state.encode())

    def __str__(self) -> str:
        return f"{self.state}.{self.nonce}.{self.verifier}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the provider has signed in."""

    subject: str
    user: str
    groups: tuple[str, ...]


class OidcProvider:
    """Talks to one identity provider.

    Args:
        settings: Its address, and this instance's name there.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._secret = secret_in(settings.client_secret_file)
        self._turns = threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._known: tuple[float, Mapping[str, Any], KeySet] | None = None

    def address(self, attempt: Attempt, redirect_uri: str) -> str:
        """Return the address at which a person signs in.

        Raises:
            RequestError: The provider does not answer.
        """
        fields = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self.settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge(),
            "code_challenge_method": "S256",
        }
        endpoint = str(self._provider()[0]["authorization_endpoint"])
        return (
            f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(fields)}"
        )

    def person(
        self, query: Mapping[str, str], attempt: Attempt | None, redirect_uri: str
    ) -> Person:
        """Return who came back from the provider.

        Args:
            query: The parameters with which the browser came.
            attempt: What the browser kept.
            redirect_uri: The same as in `address`.

        Raises:
            RequestError: It is not the answer to this try, or the provider refuses.
        """
        if attempt is None or not attempt.is_answered_by(query):
            raise RequestError(
                401, "this sign-in was not begun here, or took too long: sign in again"
            )
        if "code" not in query:
            reason = query.get("error_description") or query.get("error") or "no code"
            raise RequestError(401, f"the identity provider refused: {reason[:200]}")
        return self._person(self._claims(query["code"], attempt, redirect_uri))

    def _person(self, claims: Mapping[str, Any]) -> Person:
        groups = claims.get(self.settings.groups_claim) or ()
        groups = (groups,) if isinstance(groups, str) else groups
        subject = str(claims["sub"])
        return Person(
            subject,
            str(claims.get(self.settings.user_claim) or subject)[:200],
            tuple(map(str, groups)),
        )

    def _claims(self, code: str, attempt: Attempt, redirect_uri: str) -> dict[str, Any]:
        found, keys = self._provider()
        answer = self._exchange(found, code, attempt, redirect_uri)
        claims = self._checked(str(answer.get("id_token", "")), keys, attempt)
        missing = {self.settings.user_claim, self.settings.groups_claim} - set(claims)
        endpoint = found.get("userinfo_endpoint")
        if missing and endpoint and answer.get("access_token"):
            bearer = {"authorization": f"Bearer {answer['access_token']}"}
            more = self._request("GET", str(endpoint), headers=bearer)
            if more.get("sub") == claims["sub"]:
                claims = {**more, **claims}
        return claims

    def _exchange(
        self,
        found: Mapping[str, Any],
        code: str,
        attempt: Attempt,
        redirect_uri: str,
    ) -> dict[str, Any]:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.verifier,
            "client_id": self.settings.client_id,
        }
        if self._secret is not None:
            sent["client_secret"] = self._secret
        return self._request("POST", str(found["token_endpoint"]), data=sent)

    def _checked(self, token: str, keys: KeySet, attempt: Attempt) -> dict[str, Any]:
        try:
            claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
            jwt.JWTClaimsRegistry(
                leeway=_LEEWAY_S,
                iss={"essential": True, "value": self.settings.issuer.rstrip("/")},
                aud={"essential": True, "value": self.settings.client_id},
                sub={"essential": True},
                exp={"essential": True},
                nonce={"essential": True, "value": attempt.nonce},
            ).validate({**claims, "iss": str(claims.get("iss", "")).rstrip("/")})
        except (JoseError, ValueError) as error:
            self._known = None  # Its keys may have been renewed.
            logger.warning("An identity token was refused: %s", error)
            raise RequestError(
                401, "the identity provider's answer is not valid: sign in again"
            ) from error
        return dict(claims)

    def _provider(self) -> tuple[Mapping[str, Any], KeySet]:
        known = self._known
        if known is None or time.monotonic() - known[0] > _REFRESH_S:
            found = self._found()
            listed: Any = self._request("GET", str(found["jwks_uri"]))
            known = (time.monotonic(), found, KeySet.import_key_set(listed))
            self._known = known
        return known[1], known[2]

    def _found(self) -> dict[str, Any]:
        issuer = self.settings.issuer.rstrip("/")
        found = self._request("GET", f"{issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != issuer:
            raise RequestError(503, "the identity provider names itself otherwise")
        return found

    def _request(self, verb: str, address: str, **sent: Any) -> dict[str, Any]:
        if not self._turns.acquire(timeout=_TURN_S):
            raise RequestError(503, "too many people sign in at once: try again")
        try:
            return _json(verb, address, **sent)
        finally:
            self._turns.release()


def check_issuer(settings: OidcSettings) -> None:
    """Refuse an issuer whose answers others could read or change.

    Raises:
        SsoError: It is not spoken to by https, and not on this machine.
    """
    parts = urlsplit(settings.issuer)
    is_local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise SsoError(f"oidc.issuer: {settings.issuer} does not begin with https://")


def _json(verb: str, address: str, **sent: Any) -> dict[str, Any]:
    try:
        with requests.request(
            verb, address, timeout=_TIMEOUT_S, allow_redirects=False, **sent
        ) as answer:
            found = answer.json()
            status = answer.status_code
    except (requests.RequestException, ValueError) as error:
        logger.warning("The identity provider does not answer: %s", error)
        raise RequestError(503, "the identity provider does not answer") from error
    if status != 200 or not isinstance(found, dict):
        reason = str(found.get("error", status)) if isinstance(found, dict) else status
        raise RequestError(401, f"the identity provider refused: {reason}")
    return found
