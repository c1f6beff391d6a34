"""Secrets on command lines: options of any program, short ones of some.

A command may be a line, or a list of quoted words as Python shows it.
"""

from __future__ import annotations

import re
from typing import Final

from .names import KEYS, NAME_ENDS, is_counted_session, is_secret_name
from .rules import MASK, NO_SECRET, QUOTED, Rule, quotes

#: What stands between two words of a command that is a list.
_COMMA: Final = r"\\*[\"'][ \t]*,\s*"
#: An option and what stands between it and its value. The dash comes first, before what
#: may not stand before it: so the search goes from dash to dash.
_OPTION: Final = Rule(rf"(-(?<![\w-]-)-?[\w.-]{{1,100}})(\s+|=|{_COMMA}(?=\\*[\"']))")
_VALUE: Final = Rule(rf"{QUOTED}|[^\s\"'-][^\s\"']*")
_OPTION_ENDS: Final = (*NAME_ENDS, *KEYS, "passin", "passout", "dsn", "sas")
#: Names of options that are secrets there alone.
_OPTION_ONLY: Final = Rule(r"(?i)[_.-](?:key|passin|passout)$")
#: `('password', 'hunter2')`: a pair that dicts and query strings are made of.
PAIR: Final = Rule(
    r"(\([ \t]*[bur]?\\*[\"'])([\w. -]{1,100})"
    rf"({_COMMA}[bur]?)(\\*[\"'])((?:(?!\4)[^\\\r\n])*)(?=\4[ \t]*,?[ \t]*\))"
)
#: What the second of a pair is in a list of columns: the type of each, as numpy has it.
_DTYPE: Final = Rule(r"[<>|=]?[a-zA-Z?]\d{0,4}|u?int\d*|float\d*|bool_|datetime64.*")
#: Short options of clients that are known to take a password by them.
CLIENT: Final = Rule(
    r"\b(?P<client>mysql\w*|mariadb\w*|sshpass|mongo\w*|smbclient"
    rf"|(?:docker|podman|az)(?: |{_COMMA}\\*[\"'])login"
    r"|redis-cli|ldap\w+|curl|wget|zip|unzip|7z\w?|htpasswd|sqlcmd|bcp"
    r"|influx|cqlsh|clickhouse-client|rabbitmqadmin|helm|snowsql)\b"
    r"(?P<rest>[^\r\n|;]*)"
)
CLIENT_STEMS: Final = Rule(
    r"mysql|mariadb|sshpass|mongo|smbclient|login|redis-cli|ldap|curl|zip|7z"
    r"|htpasswd|sqlcmd|bcp|influx|cqlsh|clickhouse|rabbitmq|helm|snowsql"
)
_FLAGS: Final = {
    "redis-cli": "-a", "curl": "-u|--user|-U|--proxy-user", "wget": "", "zip": "-P",
    "unzip": "-P", "sqlcmd": "-P", "bcp": "-P", "smbclient": "-p|-U|--user",
}  # fmt: skip
#: Clients whose flag and password are one word, as in `mysql -phunter2`.
_ATTACHED: Final = ("mysql", "mariadb", "7z", "sshpass", "unzip")
#: Clients whose flag takes a name, which is a secret only with a password behind it.
_WITH_USER: Final = {"curl": ":", "smbclient": "%"}
#: `htpasswd -b file user password`, or `-nb user password`.
_HTPASSWD: Final = Rule(
    r"(?P<options>(?:[\s\"',]+-\w+)+)(?P<file>[\s\"',]+[^\s\"',-][^\s\"',]*)"
    r"(?P<gap>[\s\"',]+)(?P<user>[^\s\"',\\\])]+)"
    r"(?:(?P<next>[\s\"',]+)(?P<last>[^\s\"',\\\])]+))?"
)


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
        value = _VALUE.match(text, place)
        if value is not None and is_secret_option(option):
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


def pair_value(match: re.Match[str]) -> str:
    """Return a pair with its second part masked, unless that is a column's type."""
    name, value = match[2], match[5]
    is_harmless = NO_SECRET.fullmatch(value) or _DTYPE.fullmatch(value)
    if is_harmless or not is_secret_name(name):
        return match[0]
    return f"{match[1]}{name}{match[3]}{match[4]}{MASK}"


def _htpasswd(rest: str) -> str:
    """Mask the password behind the user, where `-b` says that there is one."""
    found = _HTPASSWD.match(rest)
    if found is None or "b" not in found["options"]:
        return rest
    place = found.span("user" if "n" in found["options"] else "last")
    return rest if place[0] < 0 else f"{rest[: place[0]]}{MASK}{rest[place[1] :]}"


def client_list(match: re.Match[str]) -> str:
    """Return a command that is a list with its password masked, no other one."""
    return client_line(match) if re.match(_COMMA, match["rest"]) else match[0]


def client_line(match: re.Match[str]) -> str:
    """Return a client's command with its password masked."""
    client, rest = match["client"], match["rest"]
    if client == "htpasswd":
        return client + _htpasswd(rest)
    flags = _FLAGS.get(client, "-w" if client.startswith("ldap") else "-p")
    if not flags:
        return match[0]
    is_list = re.match(_COMMA, rest) is not None
    if is_list:
        gap = rf"{_COMMA}\\*[\"']" + ("|" if client.startswith(_ATTACHED) else "")
        value = r"[^\s\"'\\-][^\"'\\]*"
    else:
        gap = r"\s*" if client.startswith(_ATTACHED) else r" \s*"
        value = rf"(?:{QUOTED}|[^\s-])\S*"
    rest = re.sub(rf"([\s\"'](?:{flags}))({gap})({value})", rf"\1\2{MASK}", rest)
    if (colon := _WITH_USER.get(client)) is not None:
        user = rf"[^\s\"'\\{colon}-][^\s\"'\\{colon}]*{colon}[^\s\"'\\]+"
        joined = rf"([\s\"'](?:-[uU]|--user=|--proxy-user=))({user})"
        rest = re.sub(joined, rf"\1{MASK}", rest)
    return client + rest
