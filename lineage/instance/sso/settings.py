"""The file of `lineage serve --sso`: who is let in, as what, and how it is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ...errors import LineageError

#: What stands for everybody whom the identity provider knows.
EVERYBODY: Final = "*"
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Header = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9-]{1,100}$")
]


class SsoError(LineageError):
    """The settings of single sign-on cannot be used."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grant(_Part):
    """What the members of a group may do."""

    group: _Text
    """Its name at the identity provider; `*` is everybody."""
    team: _Text
    role: Literal["reader", "writer", "admin"] = "reader"


class HeaderSettings(_Part):
    """A proxy signs people in, and names them in headers."""

    user: _Header = "x-forwarded-user"
    groups: _Header = "x-forwarded-groups"
    secret: _Header = "x-lineage-proxy-secret"  # noqa: S105  # a header's name
    """The header that carries the secret which the proxy shares with this server."""
    secret_file: Path | None = None
    """The file of that secret; without one the proxy is named by `--proxy`."""


class OidcSettings(_Part):
    """This server signs people in, by the code flow of OpenID Connect with PKCE."""

    issuer: _Text
    client_id: _Text
    client_secret_file: Path | None = None
    scopes: tuple[_Text, ...] = ("openid", "profile", "email")
    user_claim: _Text = "email"
    groups_claim: _Text = "groups"
    redirect_uri: _Text | None = None
    """The address of `sso/callback` as browsers see it; made of the request without."""
    label: _Text = "Sign in"


class SsoSettings(_Part):
    """The whole file."""

    grants: tuple[Grant, ...] = Field(min_length=1)
    """The first that fits says team and role."""
    header: HeaderSettings | None = None
    oidc: OidcSettings | None = None

    def grant_for(self, groups: set[str]) -> Grant | None:
        """Return the first grant for one of a person's groups."""
        known = {*groups, EVERYBODY}
        return next((grant for grant in self.grants if grant.group in known), None)


def load(path: Path) -> SsoSettings:
    """Read the file.

    Raises:
        SsoError: It is not there, or something in it cannot be used.
    """
    try:
        settings = SsoSettings.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SsoError(f"--sso {path}: {error.strerror}", subject=path) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise SsoError(
            f"--sso {path}: {place}: {first['msg']}; docs/serving.md has an example",
            subject=path,
        ) from error
    if settings.header is None and settings.oidc is None:
        raise SsoError(
            f"--sso {path}: it has neither `header` nor `oidc`, so that nobody could "
            "sign in; docs/serving.md has an example of each",
            subject=path,
        )
    return settings


def secret_in(path: Path | None) -> str | None:
    """Return the secret in a file, without the newline at its end.

    Raises:
        SsoError: It cannot be read, or is empty.
    """
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SsoError(f"the secret in {path} cannot be read: {error}") from error
    if not text:
        raise SsoError(f"the secret in {path} is empty")
    return text
