"""User names and passwords in addresses."""

from __future__ import annotations

import re
from typing import Final

from .rules import MASK, MASKED, Rule

_DATABASES: Final = "|".join(
    rf"(?<={scheme}://)"
    for scheme in (
        "sql", "postgres", "redis", "rediss", "mongodb", r"mongodb\+srv", "mariadb",
        "amqp", "amqps", "oracle", "clickhouse", "psycopg", "psycopg2", "asyncpg",
        "pymysql", "cockroachdb", "snowflake", "redshift",
    )
)  # fmt: skip
#: `scheme://user:password@`: up to the last `@`, also where the password has `/`.
_USER_INFO: Final = Rule(
    r"://(?P<info>"
    r"[^\s/?#@:\"'<>]*:(?!\d{1,5}(?:[/?#]|$))(?:(?!://)[^\s\"'<>])*(?=@[\w\[.-])"
    # A password may begin as a port does: what follows a database's port has no `@`.
    rf"|(?:{_DATABASES})[^\s/?#@:\"'<>]*:(?=\d{{1,5}}[/#])[^\s\"'<>?]*(?=@[\w\[.-])"
    r"|[^/?#\s\"'<>]*(?=@))"
)
#: `user:password@host`, as drivers have it, without a scheme.
_BARE_USER_INFO: Final = Rule(
    r"(?<![\w/@:.-])(?!(?:mailto|acct|sips?|xmpp|git|file):)([\w.%+-]+:)"
    r"([^\s:@/\"']{3,})(?=@(?!sha\d)"
    r"(?:tcp\(|unix\(|localhost\b|[\w-]+(?:\.[\w-]+)+|[\w-]+:\d))"
)
#: A word that is an address: nothing in it ends the password but the last `@`.
_ADDRESS: Final = Rule(
    r"(?s)([A-Za-z][\w+.-]*://)[^\s/?#@:\"'<>]*:(?!\d{1,5}(?:[/?#]|$))"
    r"(?:(?!://).)*(@[\w\[.-].*)"
)
#: `scott/hunter2@db`, as programs and drivers of Oracle have it.
_ORACLE: Final = Rule(
    r"(?i)((?:jdbc:oracle:\w+:|\b(?:sqlplus|sqlldr|expdp|impdp)\s+(?:-\S+\s+){0,9})"
    r"[\w$#.-]{1,100}/)([^\s@\"']{1,200})(?=@)"
)


def passwords_in(text: str) -> list[str]:
    """Return the passwords of addresses in a text, so that each can be masked alone."""
    found = []
    for match in _USER_INFO.finditer(text) if "@" in text else ():
        user, colon, password = match["info"].partition(":")
        if colon and password:
            found.append(password)
        elif user and _scheme(match).startswith("http"):
            found.append(user)
    return found


def masked_address(word: str) -> str | None:
    """Return an address without its password; None for a word that has none."""
    found = _ADDRESS.fullmatch(word) if "@" in word else None
    return None if found is None else f"{found[1]}{MASK}{found[2]}"


def mask_user_info(text: str) -> str:
    """Return the text with passwords in addresses masked."""
    if "/" in text and _may_be_oracle(text.lower()):
        text = _ORACLE.sub(rf"\1{MASK}", text)
    colon = text.find(":")
    at = text.find("@", colon)
    if colon < 0 or at < 0:
        return text
    if "://" in text:
        if text.count("://") > 1 or _may_have_user(text):
            text = _USER_INFO.sub(_without_user, text)
    elif text.startswith("sha256:", at + 1) and text.find("@", at + 1) < 0:
        return text  # The digest of a container's image: no user stands before it.
    if text.startswith("://", colon) and text.find(":", colon + 1) < 0:
        return text
    return _BARE_USER_INFO.sub(rf"\1{MASK}", text)


def _may_have_user(text: str) -> bool:
    """Return whether the one address in a text may have a password; it is quick."""
    scheme, _, rest = text.partition("://")
    before = rest[: max(0, rest.rfind("@"))]
    if scheme[-5:].lower().endswith(("http", "https")):
        host, slash, _ = before.partition("/")
        port = host.partition(":")[2]
        # A port, or none: what follows the slash is a path.
        is_path = (
            slash
            and "@" not in host
            and host.isascii()
            and (port.isdigit() or ":" not in before)
        )
        return bool(before) and not is_path
    return ":" in before


def _may_be_oracle(low: str) -> bool:
    return "oracle:" in low or "sqlplus" in low or "sqlldr" in low or "pdp " in low


def _without_user(match: re.Match[str]) -> str:
    info = match["info"]
    # A name alone is a login or a container, but for http it is often a token.
    is_plain = ":" not in info and not _scheme(match).rpartition("+")[2].startswith(
        "http"
    )
    is_masked = info.startswith(MASKED)
    return match[0] if is_plain or is_masked or not info else f"://{MASK}"


def _scheme(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 20) : match.start()]
    return re.split(r"[^A-Za-z0-9+.-]", before)[-1].lower()
