"""Secrets on command lines: options of any program, short ones of some."""

from __future__ import annotations

import re
from typing import Final

from .rules import MASK, NO_SECRET, QUOTED, Rule, quotes

#: `--password hunter2` and `--auth=x`, as command lines have it. The dash comes first,
#: before what may not stand before it: so the search goes from dash to dash.
OPTION: Final = Rule(
    r"(?i)(-(?<![\w-]-)-?(?:[\w-]*[_-])?(?:key|pass(?:word|wd|phrase|in|out)?|pwd|secret"
    r"|token|auth|credentials?|cookie|pat|jwt|webhook(?:-url)?|connection-string))"
    rf"(\s+|=)({QUOTED}|[^\s\"'-][^\s\"']*)"
)
#: Short options of clients that are known to take a password by them.
CLIENT: Final = Rule(
    r"\b(?P<client>mysql\w*|mariadb\w*|sshpass|mongo\w*|smbclient|docker login"
    r"|podman login|redis-cli|ldap\w+|curl|wget|zip|unzip|7z\w?|htpasswd|sqlcmd|bcp"
    r"|influx|cqlsh|clickhouse-client|rabbitmqadmin|helm|az login|snowsql)\b"
    r"(?P<rest>[^\r\n|;]*)"
)
CLIENT_STEMS: Final = Rule(
    r"mysql|mariadb|sshpass|mongo|smbclient| login|redis-cli|ldap|curl|zip|7z|htpasswd"
    r"|sqlcmd|bcp|influx|cqlsh|clickhouse|rabbitmq|helm|snowsql"
)
_FLAGS: Final = {
    "redis-cli": "a", "curl": "u", "wget": "", "zip": "P", "unzip": "P", "sqlcmd": "P",
    "bcp": "P",
}  # fmt: skip
#: Clients whose flag and password are one word, as in `mysql -phunter2`.
_ATTACHED: Final = ("mysql", "mariadb", "7z", "sshpass", "unzip")


def option_value(match: re.Match[str]) -> str:
    """Return an option with its value masked."""
    option, between, value = match.groups()
    opened, closed = quotes(value)
    inner = value[len(opened) : len(value) - len(closed)]
    if NO_SECRET.fullmatch(inner) or (option[1] != "-" and between != "="
                                       and len(option) < 4):  # fmt: skip
        return match[0]
    return f"{option}{between}{opened}{MASK}{closed}"


def client_line(match: re.Match[str]) -> str:
    """Return a client's command with its password masked."""
    client, rest = match["client"], match["rest"]
    flag = _FLAGS.get(client, "w" if client.startswith("ldap") else "p")
    if not flag:
        return match[0]
    is_attached = client.startswith(_ATTACHED)
    word = re.compile(
        rf"(\s-{flag})({'' if is_attached else ' '}\s*)({QUOTED}|[^\s-]\S*)"
    )
    return client + word.sub(rf"\1\2{MASK}", rest)
