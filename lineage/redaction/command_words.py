"""Secrets among the words of a command, each of which is masked whole.

A password may hold any sign that ends a word of a line: a space, a quote, `;` or `&`.
Where the words of a command are known, as a list or by the quotes of a shell, no sign
ends one.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from .command_lines import is_secret_option, may_be_client
from .named_values import is_count_or_file
from .names import (
    OFTEN_NUMBERS,
    is_counted_session,
    is_random,
    is_secret,
    is_secret_name,
)
from .rules import MASK, MOST_UNCLOSED, NO_SECRET, Rule, closing
from .user_info import masked_address

_ASSIGNED: Final = Rule(r"(?s)(--?[\w.-]{1,100}|[A-Za-z_][\w.-]{0,100})=(.+)")
#: A list of texts, as Python or JSON shows it.
_LIST: Final = Rule(r"\[(?=[\"'])")
_OPTION: Final = Rule(r"[\"'](--?[\w.-]{1,100})")
_NAME: Final = Rule(r"([\w.-]{1,100})=")
#: A word that a shell needs quotes for, with quotes inside as `shlex` writes them.
_JOINT: Final = "'\"'\"'"
_QUOTED_WORD: Final = Rule(rf"(?<!\S)'([^'\r\n]*(?:{_JOINT}[^'\r\n]*)*)'(?!\S)")
#: What a word has that is not the value of an option.
_WITH_SECRET: Final = Rule(r"^-|=|://|'")
#: How far before such a word its program is looked for.
_LONGEST_LINE: Final = 400
#: Flags of curl that take no value may stand before the one that does.
_CURL: Final = Rule(r"(?s)(-[sSLkfvigINjlqRO#]*[uU]|--user=|--proxy-user=)(.*)")


class _Client(NamedTuple):
    """How a program takes a password."""

    flags: tuple[str, ...]
    is_attached: bool = False
    """Whether flag and password may be one word, as in `mysql -phunter2`."""
    sign: str = ""
    """What stands between a user and the password."""


_PASSWORD: Final = _Client(("-p",))
_CLIENTS: Final = {
    "sshpass": _Client(("-p",), is_attached=True),
    "login": _Client(("-p",), is_attached=True),
    "redis-cli": _Client(("-a",)), "curl": _Client(("-u",), sign=":"),
    "smbclient": _Client(("-U", "--user"), is_attached=True, sign="%"),
    "zip": _Client(("-P",)), "unzip": _Client(("-P",), is_attached=True),
    "7z": _Client(("-p",), is_attached=True), "7za": _Client(("-p",), is_attached=True),
    "rar": _Client(("-p",), is_attached=True),
    "sqlcmd": _Client(("-P",)), "bcp": _Client(("-P",)),
    "http": _Client(("-a",), sign=":"), "https": _Client(("-a",), sign=":"),
    "plink": _Client(("-pw",)), "pscp": _Client(("-pw",)), "psftp": _Client(("-pw",)),
    "influx": _PASSWORD, "cqlsh": _PASSWORD, "clickhouse-client": _PASSWORD,
    "rabbitmqadmin": _PASSWORD, "snowsql": _PASSWORD, "twine": _PASSWORD,
}  # fmt: skip
#: Programs of which there are several, by how their names begin.
_FAMILIES: Final = {
    "mysql": _Client(("-p",), is_attached=True),
    "mariadb": _Client(("-p",), is_attached=True),
    "mongo": _PASSWORD,
    "ldap": _Client(("-w",), is_attached=True),
}
_WITH_LOGIN: Final = ("docker", "podman", "az", "helm", "oras", "skopeo")


def mask_words(words: Sequence[str], mask: Callable[[str], str]) -> list[str]:
    """Return the words of a command with the secrets in them masked.

    Args:
        words: The program, and what it is given.
        mask: Takes secrets out of a word that says nothing of itself.
    """
    masked: list[str] = []
    client: _Client | None = None
    option = flag = program = ""
    for word in words:
        if (option or flag) and _is_value(word, option):
            is_secret_word = option or not client or client.sign in word
            masked.append(MASK if is_secret_word else mask(word))
            option = flag = ""
            continue
        option = word if word[:1] == "-" and is_secret_option(word) else ""
        flag = word if client is not None and _is_flag(word, client) else ""
        masked.append(_masked_word(word, client) or mask(word))
        program, client = _client(word, program, client)
    return masked


def show_command(words: Sequence[str], mask: Callable[[str], str]) -> str:
    """Return a command as a line of a shell, with the secrets in it masked."""
    masked = mask_words(words, mask)
    return mask(" ".join(map(_quoted, masked)))


def mask_lists(text: str) -> str:
    """Return the text with the words masked of each command in it that is a list."""
    parts: list[str] = []
    kept = place = unclosed = 0
    while (match := _LIST.search(text, place)) is not None:
        place = closing(text, match.start())
        if place < 0:
            place, unclosed = match.end(), unclosed + 1
            if unclosed > MOST_UNCLOSED:
                break
            continue
        found = text[match.start() : place]
        shown = _masked_list(found) if _may_hold_secret(found) else found
        if shown != found:
            parts += (text[kept : match.start()], shown)
            kept = place
    return "".join((*parts, text[kept:])) if parts else text


def mask_quoted_words(text: str, mask: Callable[[str], str]) -> str:
    """Return a line with those words masked that a shell's quotes hold together."""

    def masked(match: re.Match[str]) -> str:
        word = match[1].replace(_JOINT, "'")
        line = text[max(0, match.start() - _LONGEST_LINE) : match.start()]
        before = line.rpartition("\n")[2].split()
        is_value = bool(before) and before[-1][0] == "-"
        if not is_value and _WITH_SECRET.search(word) is None:
            return match[0]
        inner = mask if _JOINT in match[1] else str
        shown = mask_words([*before, word], inner)[-1]
        return match[0] if shown == word else _quoted(shown)

    return _QUOTED_WORD.sub(masked, text)


def _may_hold_secret(text: str) -> bool:
    """Return whether a list has a word that says that it holds a secret."""
    low = text.lower()
    return (
        ("@" in text and "://" in text)
        or may_be_client(low)
        or any(is_secret_option(one[1]) for one in _OPTION.finditer(text))
        or any(is_secret_name(one[1]) for one in _NAME.finditer(text))
    )


def _masked_list(text: str) -> str:
    from ast import literal_eval  # Rarely needed, and slow to load.

    try:
        words = literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    if not all(type(word) is str for word in words):
        return text
    masked = mask_words(words, str)
    for word, shown in zip(words, masked, strict=True):
        if word != shown:
            # The word as it stands there, in whichever quotes and escapes.
            text = _replace_word(text, word, shown)
    return text


def _replace_word(text: str, word: str, shown: str) -> str:
    for form in (repr(word), json.dumps(word), json.dumps(word, ensure_ascii=False)):
        if form in text:
            return text.replace(form, f"{form[0]}{shown}{form[-1]}")
    return f"[{MASK!r}]"


def _client(
    word: str, program: str, client: _Client | None
) -> tuple[str, _Client | None]:
    """Return the program that is called, and how it takes a password, behind a word."""
    name = re.split(r"[/\\]", word.strip("'"))[-1].removesuffix(".exe")
    if name == "login" and program in _WITH_LOGIN:
        return program, _CLIENTS["login"]
    if name in _WITH_LOGIN:
        return name, None
    if name != "login" and name in _CLIENTS:
        return name, _CLIENTS[name]
    for start, found in _FAMILIES.items():
        if name.startswith(start) and name.isalnum():
            return name, found
    return program, client


def _is_flag(word: str, client: _Client) -> bool:
    """Return whether the word behind this one is the client's password."""
    if client is not _CLIENTS["curl"]:
        return word in client.flags
    found = _CURL.fullmatch(word)
    return found is not None and not found[2] and "=" not in word


def _is_value(word: str, option: str) -> bool:
    """Return whether a word is the value of the option before it, and a secret."""
    if NO_SECRET.fullmatch(word) or is_counted_session(option, word):
        return False
    return word[0] != "-" or is_random(word[1:])


def _masked_word(word: str, client: _Client | None) -> str | None:
    """Return a word that shows by itself what is secret in it; None for another."""
    if client is not None and (shown := _attached(word, client)) is not None:
        return shown
    assigned = _ASSIGNED.fullmatch(word)
    if assigned is not None and _is_assigned(assigned[1], assigned[2]):
        return f"{assigned[1]}={MASK}"
    return masked_address(word)


def _attached(word: str, client: _Client) -> str | None:
    if client is _CLIENTS["curl"]:
        found = _CURL.fullmatch(word)
        is_user = found is not None and ":" in found[2]
        return f"{found[1]}{MASK}" if found is not None and is_user else None
    for flag in client.flags:
        value = word.removeprefix(flag)
        if client.is_attached and value not in ("", word) and client.sign in value:
            return f"{flag}{MASK}"
    return None


def _is_assigned(name: str, value: str) -> bool:
    if NO_SECRET.fullmatch(value) or value.startswith("***"):
        return False
    if name[0] == "-":
        return is_secret_option(name) and not is_counted_session(name, value)
    # A partition's folder is called so.
    may_count = OFTEN_NUMBERS.search(name) is not None
    return is_secret(name, value) and not (may_count and is_count_or_file(value))


def _quoted(word: str) -> str:
    """Return a word as a shell needs it; a mask alone needs no quotes."""
    plain = word.replace(MASK, "")
    is_plain = plain != word and (not plain or shlex.quote(plain) == plain)
    return word if is_plain else shlex.quote(word)
