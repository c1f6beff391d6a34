"""Secrets on command lines: options of any program, short ones of some.

A command may be a line, or a list of quoted words as Python shows it.
"""

from __future__ import annotations

import re
from typing import Final

from .names import KEYS, NAME_ENDS, is_counted_session, is_secret_name
from .rules import MASK, NO_SECRET, QUOTED, Rule, quotes

#: What stands between two words of a command that is a list.
COMMA: Final = r"\\*[\"'][ \t]*,\s*"
#: An option and what stands between it and its value. The dash comes first, before what
#: may not stand before it: so the search goes from dash to dash.
_OPTION: Final = Rule(rf"(-(?<![\w-]-)-?[\w.-]{{1,100}})(\s+|=|{COMMA}(?=\\*[\"']))")
_VALUE: Final = Rule(rf"{QUOTED}|[^\s\"'-][^\s\"']*")
_OPTION_ENDS: Final = (*NAME_ENDS, *KEYS, "passin", "passout", "dsn", "sas")
#: Names of options that are secrets there alone.
_OPTION_ONLY: Final = Rule(r"(?i)[_.-](?:key|passin|passout)$")
#: Short options of clients that are known to take a password by them.
CLIENT: Final = Rule(
    r"\b(?P<client>mysql\w*|mariadb\w*|sshpass|mongo\w*|smbclient"
    rf"|(?:docker|podman|az)(?: |{COMMA}\\*[\"'])login"
    r"|redis-cli|ldap\w+|curl|wget|zip|unzip|7z\w?|rar|htpasswd|sqlcmd|bcp"
    r"|influx|cqlsh|clickhouse-client|rabbitmqadmin|helm|snowsql|twine"
    r"|plink|pscp|psftp|https?(?=\s+-))\b(?P<rest>[^\r\n|;]*)"
)
_FLAGS: Final = {
    "redis-cli": "-a", "curl": "-[sSLkfvigINjlqRO#]*[uU]|--user|--proxy-user",
    "wget": "", "zip": "-P", "unzip": "-P", "sqlcmd": "-P", "bcp": "-P",
    "smbclient": "-p|-U|--user", "plink": "-pw", "pscp": "-pw", "psftp": "-pw",
    "http": "-a", "https": "-a",
}  # fmt: skip
#: Clients whose flag and password are one word, as in `mysql -phunter2`.
_ATTACHED: Final = (
    "mysql", "mariadb", "7z", "rar", "sshpass", "unzip", "ldap", "docker", "podman",
)  # fmt: skip
#: Clients whose flag takes a name, which is a secret only with a password behind it.
_WITH_USER: Final = {"curl": ":", "smbclient": "%"}
#: What a command prints for the next one to read as a password.
ECHOED: Final = Rule(
    rf"(\becho[ \t]+(?:-\w+[ \t]+)*)(?:{QUOTED}|[^\s|\"'$][^\s|]*)"
    r"(?=[ \t]*\|[ \t]*(?:sudo[ \t]+-S\b"
    r"|[^\r\n|]{0,200}--(?:password-stdin|with-token)))"
)
#: `htpasswd -b file user password`, or `-nb user password`.
_HTPASSWD: Final = Rule(
    r"(?P<options>(?:[\s\"',]+-\w+)+)(?P<file>[\s\"',]+[^\s\"',-][^\s\"',]*)"
    r"(?P<gap>[\s\"',]+)(?P<user>[^\s\"',\\\])]+)"
    r"(?:(?P<next>[\s\"',]+)(?P<last>[^\s\"',\\\])]+))?"
)


def may_be_client(low: str) -> bool:
    """Return whether a text in lower case names such a client; it is quick."""
    return (
        "mysql" in low or "mariadb" in low or "sshpass" in low or "mongo" in low
        or "smbclient" in low or "login" in low or "redis-cli" in low or "ldap" in low
        or "curl" in low or "zip" in low or "7z" in low or "htpasswd" in low
        or "sqlcmd" in low or "bcp" in low or "influx" in low or "cqlsh" in low
        or "clickhouse" in low or "rabbitmq" in low or "helm" in low
        or "snowsql" in low or "twine" in low or "plink" in low or "pscp" in low
        or "psftp" in low or "rar " in low or "http -" in low or "https -" in low
        or "http'" in low or 'http"' in low or "https'" in low or 'https"' in low
    )  # fmt: skip


_SETTING: Final = Rule(
    r"(--from-literal[= ][\w.-]{1,100}=|\baws configure set[ \t]+[\w.-]*"
    rf"(?:key|token)[ \t]+)({QUOTED}|[^\s\"']+)"
)


def mask_settings(text: str) -> str:
    """Return the text with secrets masked that kubectl and aws keep."""
    return _SETTING.sub(rf"\1{MASK}", text)


def is_secret_option(word: str) -> bool:
    """Return whether the value of an option is a secret: `--password`, `--api-key`."""
    if not word.lower().rstrip("_0123456789").endswith(_OPTION_ENDS):
        return False
    return is_secret_name(word) or _OPTION_ONLY.search(word) is not None


def mask_options(text: str) -> str:
    """Return the text with the values of options masked, as `--password x` has one."""
    parts: list[str] = []
    kept = place = 0
    while (match := _OPTION.search(text, place)) is not None:
        place = match.end()
        option, between = match.groups()
        # Whether there is a value is quick, and how long it is seldom needed.
        is_option = text[place : place + 1] in ("", "-") or not is_secret_option(option)
        if not is_option and (value := _VALUE.match(text, place)) is not None:
            parts += (text[kept:place], _option_value(option, between, value[0]))
            kept = place = value.end()
    return "".join((*parts, text[kept:])) if parts else text


def _option_value(option: str, between: str, value: str) -> str:
    opened, closed = quotes(value)
    inner = value[len(opened) : len(value) - len(closed)]
    is_short = option[1] != "-" and between != "=" and len(option) < 4
    if NO_SECRET.fullmatch(inner) or is_short or is_counted_session(option, inner):
        return value
    return f"{opened}{MASK}{closed}"


def _htpasswd(rest: str) -> str:
    """Mask the password behind the user, where `-b` says that there is one."""
    found = _HTPASSWD.match(rest)
    if found is None or "b" not in found["options"]:
        return rest
    place = found.span("user" if "n" in found["options"] else "last")
    return rest if place[0] < 0 else f"{rest[: place[0]]}{MASK}{rest[place[1] :]}"


def client_list(match: re.Match[str]) -> str:
    """Return a command that is a list with its password masked, no other one."""
    return client_line(match) if re.match(COMMA, match["rest"]) else match[0]


def client_line(match: re.Match[str]) -> str:
    """Return a client's command with its password masked."""
    client, rest = match["client"], match["rest"]
    if client == "htpasswd":
        return client + _htpasswd(rest)
    flags = _FLAGS.get(client, "-w" if client.startswith("ldap") else "-p")
    if not flags:
        return match[0]
    is_list = re.match(COMMA, rest) is not None
    if is_list:
        gap = rf"{COMMA}\\*[\"']" + ("|" if client.startswith(_ATTACHED) else "")
        value = r"[^\s\"'\\-][^\"'\\]*"
    else:
        gap = r"\s*" if client.startswith(_ATTACHED) else r" \s*"
        value = rf"(?:{QUOTED}|[^\s-])\S*"
    rest = re.sub(rf"([\s\"'](?:{flags}))({gap})({value})", rf"\1\2{MASK}", rest)
    if (colon := _WITH_USER.get(client)) is not None:
        user = rf"[^\s\"'\\{colon}-][^\s\"'\\{colon}]*{colon}[^\s\"'\\]+"
        joined = rf"([\s\"'](?:-[sSLkfvigINjlqRO#]*[uU]|--user=|--proxy-user=))({user})"
        rest = re.sub(joined, rf"\1{MASK}", rest)
    return client + rest
