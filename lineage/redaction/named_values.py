"""Values behind the names of secrets: `password=…`, `{'token': …}`, queries."""

from __future__ import annotations

import re
from typing import Final

from .names import CAMEL, GLUED, NAMES, OFTEN_NUMBERS, is_random, is_signature
from .rules import MASK, MASKED, NO_SECRET, QUOTED, Rule, closing, quotes

_NAMED: Final = Rule(
    rf"(?P<name>(?<![A-Za-z])(?i:{NAMES}|signature)(?:_?\d+)?|(?<=[a-z0-9])(?:{CAMEL}"
    rf"|Signature)|(?=[pdsuarmfltcPDSUARMFLTC])(?i:{GLUED}))"
    # What may stand between them is the type of a parameter.
    r"(?P<sep>\\*[\"']?[ \t]*(?::[ \t]*(?:str|bytes|SecretStr|Optional\[\w+\])"
    r"(?:[ \t]*\|[ \t]*\w+)?[ \t]*=(?!=)|=>|:=|=(?!=)|:(?!//|:))[ \t]*)"
    r"(?P<scheme>(?i:bearer|basic|token|digest|apikey|negotiate)[ \t]+)?"
    rf"(?:(?P<value>(?P<prefix>[A-Za-z]{{1,2}}(?=[\"']))?(?:{QUOTED}))"
    # A list, a call, or an object: what is in it ends at its own bracket.
    r"|(?P<before>(?:[A-Za-z_][\w.]*)?)(?P<open>[(\[]|\{(?=\s*(?:\\*[\"']|[\w-]+:\s)))"
    r"|(?P<word>[^\s,;&\"'<>)}\]|]+))"
)
#: A parameter of a query or fragment that grants access.
QUERY: Final = Rule(
    rf"(?i)(?<=[?&;#])((?:[\w.%-]{{0,40}}[_.-])?(?:{NAMES}|sig|sign|signature"
    r"|credential|security-token|key|code|AWSAccessKeyId|GoogleAccessId))=(?!\*\*\*)[^&#\s\"']*"
)
#: `password 'hunter2'`, as errors quote it. A token or a secret is named so as well.
_PHRASE: Final = Rule(
    r"(?<![\w-])((?i:pass(?:word|wd|phrase|code)|pwd|api[ _-]?key"
    r"|access[ _-](?:key|token))[ \t]+)(\"[^\"\r\n]+\"|'[^'\r\n]+')"
)
#: What a `.netrc` has: `machine host login user password hunter2`.
_NETRC: Final = Rule(
    r"(\b(?:machine\s+\S+|default)\s+(?:login\s+\S+\s+(?:account\s+\S+\s+)?"
    r"|account\s+\S+\s+)password\s+)(\S+)"
)
_FILE: Final = Rule(r"[^/]{1,40}(?:/[^/]+)*/(?:[^/]*\.[A-Za-z0-9]{1,8})?")
#: Of a text with more brackets that nothing closes only lines are masked: to look for
#: the end of each would take a time that grows with the square of their number.
_MOST_UNCLOSED: Final = 8
#: What separates the words inside brackets.
_GAPS: Final = Rule(r"[\s,|:=\[\](){}\"']+")
_NUMBER: Final = Rule(r"[-+]?[\d.]{1,6}")


def mask_phrases(text: str) -> str:
    """Return the text with passwords masked that follow their name without a sign."""
    return _NETRC.sub(rf"\1{MASK}", _PHRASE.sub(_phrase, text))


def _phrase(match: re.Match[str]) -> str:
    inner = match[2][1:-1]
    if inner.startswith(MASKED) or NO_SECRET.fullmatch(inner):
        return match[0]
    return f"{match[1]}{match[2][0]}{MASK}{match[2][-1]}"


def mask_named(text: str) -> str:
    """Return the text with the values behind the names of secrets masked."""
    parts: list[str] = []
    done = unclosed = 0
    while (match := _NAMED.search(text, done)) is not None:
        end = match.end()
        parts.append(text[done : match.start()])
        if match["open"] is None:
            parts.append(_named_word(match))
        else:
            start = match.start("open")
            end = closing(text, start) if unclosed < _MOST_UNCLOSED else -1
            if end < 0:
                unclosed += 1
                end = text.find("\n", start)
                end = len(text) if end < 0 else end
            parts.append(_named_group(match, end))
        done = end
    parts.append(text[done:])
    return "".join(parts)


def _named_word(match: re.Match[str]) -> str:
    prefix = match["prefix"] or ""
    value = (match["value"] or match["word"])[len(prefix) :]
    opened, closed = quotes(value)
    inner = value[len(opened) : len(value) - len(closed)]
    if inner.startswith(MASKED) or NO_SECRET.fullmatch(inner):
        return match[0]
    if is_part_of_path(match, inner):
        return match[0]
    if is_signature(match["name"]) and not is_random(inner):
        return match[0]
    if OFTEN_NUMBERS.search(match["name"]) and _NUMBER.fullmatch(inner):
        return match[0]
    return f"{_head(match)}{prefix}{opened}{MASK}{closed}"


def _head(match: re.Match[str]) -> str:
    return f"{match['name']}{match['sep']}{match['scheme'] or ''}"


def _named_group(match: re.Match[str], end: int) -> str:
    """Return a name with its list, call or object, in which everything is masked."""
    text, start = match.string, match.end("open")
    is_closed = end > start and text[end - 1] in ")]}"
    inner = text[start : end - is_closed]
    if _is_harmless(match, inner):
        return text[match.start() : end]
    shown = f"{match['before']}{match['open']}{MASK}"
    return f"{_head(match)}{shown}{text[end - is_closed : end]}"


def _is_harmless(match: re.Match[str], inner: str) -> bool:
    before = match["before"]
    if is_signature(match["name"]):
        return True
    if before and NO_SECRET.fullmatch(before + match["open"]):
        return True
    words = [word for word in _GAPS.split(inner, 0) if word]
    if not words:
        # A call may be a password that ends in brackets; an empty one hides nothing.
        return not before
    may_count = OFTEN_NUMBERS.search(match["name"]) is not None
    is_type = match["open"] == "[" or not before
    return all(
        re.fullmatch(r"\*{3}[\w*]*", word)
        or (is_type and NO_SECRET.fullmatch(word))
        or (may_count and not before and _NUMBER.fullmatch(word))
        for word in words
    )


def is_part_of_path(match: re.Match[str], value: str) -> bool:
    """Return whether `name=value` is a partition's folder, which is no secret."""
    if match["sep"] != "=":
        return False
    if not OFTEN_NUMBERS.search(match["name"]):
        return NO_SECRET.fullmatch(value.partition("/")[0]) is not None
    before = match.string[: match.start()]
    head = before.rstrip(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
    )
    if head.endswith(("/", "\\")):
        return "?" not in head
    return not head and _FILE.fullmatch(value) is not None
