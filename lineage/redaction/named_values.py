"""Values behind the names of secrets: `password=…`, `{'token': …}`, queries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from .names import CAMEL, GLUED, NAMES, OFTEN_NUMBERS, is_random, is_signature
from .rules import (
    MASK,
    MASKED,
    MOST_UNCLOSED,
    NO_SECRET,
    QUOTED,
    Rule,
    closing,
    quotes,
)

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
    # A space may be escaped, as in a shell.
    r"|(?P<word>[^\s,;&\"'<>)}\]|]+(?:(?<=\\) [^\s,;&\"'<>)}\]|]+)*))"
)
#: A parameter of a query or fragment that grants access.
QUERY: Final = Rule(
    rf"(?i)(?<=[?&;#])((?:[\w.%-]{{0,40}}[_.-])?(?:{NAMES}|sig|sign|signature"
    r"|credential|security-token|key|code|AWSAccessKeyId|GoogleAccessId)(?:\[\w*\])?)=(?!\*\*\*)[^&#\s\"']+"
)
#: `password 'hunter2'`, as errors quote it. A token or a secret is named so as well.
_PHRASE: Final = Rule(
    r"(?<![\w-])((?i:pass(?:word|wd|phrase|code)|pwd|api[ _-]?key"
    r"|access[ _-](?:key|token))[ \t]+)(\"[^\"\r\n]+\"|'[^'\r\n]+')"
)
#: A word as tokens are, behind what says so: `token 'x1…'`, `API key provided: x1…`.
_TOKEN_WORD: Final = Rule(
    r"(?i)((?<![\w-])(?:(?:token|secret|password|api[ _-]?key)[ \t]+"
    r"|(?:token|secret|password|key)[ \t]+(?:provided|given|used):[ \t]*)[\"']?)"
    r"([\w+/.=-]{16,})"
)
_LEAST_RANDOM: Final = 16
#: What a comparison shows in a line of source: `password == 'hunter2'`.
_COMPARED: Final = Rule(
    r"((?i:pass(?:word|wd|phrase|code)|pwd|secret|api_?key|access_?key|token)"
    rf"[\])'\"]{{0,4}}[ \t]*(?:==|!=)[ \t]*)({QUOTED})"
)
#: What takes the place of a value in a line of source: `password = x or 'hunter2'`.
_OTHERWISE: Final = Rule(
    r"[ \t]*\)*[ \t]*(?:(?:\bor\b|\belse\b|\bif\b[^\r\n]{0,200}?\belse\b|\|\||\?\?|\+)"
    rf"[ \t]*)(?:[bBrRfFuU]{{1,2}}(?=[\"'])|[\w.]{{1,100}}\()?({QUOTED})"
)
#: How a shell's word goes on behind a quote in it.
_JOINED: Final = Rule(r"(?:\"'\"'[^'\r\n]*')+")
#: In a connection string braces hold a password that has its signs.
_BRACED: Final = Rule(r"\{([^{}\r\n]{1,200})\}(?=;)")
_PLACEHOLDER: Final = Rule(r"[\w.!:\[\]\"'() ]*")
#: `Digest username="…", response="…"`: headers with members.
_AUTH_MEMBERS: Final = Rule(
    r"(?i)(\bauthorization\\*[\"']?[ \t]*[:=][ \t]*\\*[\"']?"
    r"(?:digest|oauth|hawk|mac)[ \t]+)(?=\w+=)[^\r\n']+"
)
_JAR: Final = Rule(r"(<Cookie [\w.-]{1,100}=)([^\s<>]+)")
#: The name of an account stands behind the word: `fs.azure.account.key.NAME.…`.
_ACCOUNT: Final = Rule(
    r"(account\.key\.[\w.-]{1,100}\\*[\"']?[ \t]*[=:,][ \t]*\\*[\"']?)([^\s\"',;\\]+)"
)
#: What a `.netrc` has: `machine host login user password hunter2`.
_NETRC: Final = Rule(
    r"(\b(?:machine\s+\S+|default)\s+(?:login\s+\S+\s+(?:account\s+\S+\s+)?"
    r"|account\s+\S+\s+)password\s+)(\S+)"
)
_FILE: Final = Rule(r"[^/]{1,40}(?:/[^/]+)*/(?:[^/]*\.[A-Za-z0-9]{1,8})?")
#: What separates the words inside brackets.
_GAPS: Final = Rule(r"[\s,|:=\[\](){}\"']+")
_NUMBER: Final = Rule(r"[-+]?[\d.]{1,6}")


def mask_netrc(text: str) -> str:
    """Return the text with the passwords of a `.netrc` masked."""
    return _NETRC.sub(rf"\1{MASK}", text)


def mask_phrases(text: str) -> str:
    """Return the text with passwords masked that follow their name without a sign."""
    text = _PHRASE.sub(_phrase, text)
    if any(len(w) >= _LEAST_RANDOM and not w.islower() for w in text.split()):
        text = _TOKEN_WORD.sub(_token_word, text)
    return text


def _token_word(match: re.Match[str]) -> str:
    return f"{match[1]}{MASK}" if is_random(match[2].strip(".=")) else match[0]


def _phrase(match: re.Match[str]) -> str:
    inner = match[2][1:-1]
    if inner.startswith(MASKED) or NO_SECRET.fullmatch(inner):
        return match[0]
    return f"{match[1]}{match[2][0]}{MASK}{match[2][-1]}"


def _compared(match: re.Match[str]) -> str:
    opened, closed = quotes(match[2])
    inner = match[2][len(opened) : len(match[2]) - len(closed)]
    # Programs that read text compare its tokens.
    is_token = match[1].lower().rstrip(" \t=!)]'\"").endswith("token")
    if NO_SECRET.fullmatch(inner) or (is_token and not is_random(inner)):
        return match[0]
    return f"{match[1]}{opened}{MASK}{closed}"


def mask_headers(text: str, low: str) -> str:
    """Return the text with headers masked that have members, and jars of cookies.

    Args:
        text: The text.
        low: The same in lower case.
    """
    if "authorization" in low:
        text = _AUTH_MEMBERS.sub(rf"\1{MASK}", text)
    if "account.key." in low:
        text = _ACCOUNT.sub(rf"\1{MASK}", text)
    if "<cookie " in low:
        text = _JAR.sub(rf"\1{MASK}", text)
    return text


def mask_named(text: str, places: Sequence[tuple[int, int]] | None = None) -> str:
    """Return the text with the values behind the names of secrets masked.

    Args:
        text: The text.
        places: Where names may stand: each place from its beginning to the `=` or `:`
            behind it. By default everywhere, which takes longer.
    """
    if "==" in text or "!=" in text:
        text, places = _COMPARED.sub(_compared, text), None
    goes_on = _may_go_on(text)
    parts: list[str] = []
    done = unclosed = 0
    while (match := _next_named(text, done, places)) is not None:
        end = match.end()
        parts.append(text[done : match.start()])
        if match["open"] is None:
            start = match.start("word")
            is_braced = start >= 0 and text[start] == "{"
            braced = _BRACED.match(text, start) if is_braced else None
            if braced is not None and not _is_placeholder(braced[1]):
                parts.append(f"{_head(match)}{MASK}")
                end = braced.end()
            else:
                parts.append(_named_word(match))
        else:
            start = match.start("open")
            end = closing(text, start) if unclosed < MOST_UNCLOSED else -1
            if end < 0:
                unclosed += 1
                end = text.find("\n", start)
                end = len(text) if end < 0 else end
            parts.append(_named_group(match, end))
        done = _mask_otherwise(text, end, parts) if goes_on else end
    parts.append(text[done:])
    return "".join(parts)


def _next_named(
    text: str, done: int, places: Sequence[tuple[int, int]] | None
) -> re.Match[str] | None:
    """Return the first name with its value from a place on."""
    if places is None:
        return _NAMED.search(text, done)
    for begin, end in places:
        if end >= done:
            return _NAMED.search(text, max(begin, done))
    return None


def _may_go_on(text: str) -> bool:
    """Return whether a text has what takes the place of a value; it is quick."""
    return ("'" in text or '"' in text) and (
        " or " in text or "else " in text or "+" in text or "||" in text
        or "??" in text or "\"'\"'" in text
    )  # fmt: skip


def _mask_otherwise(text: str, end: int, parts: list[str]) -> int:
    """Mask what a line of source takes instead of a value; return where it ends."""
    joined = _JOINED.match(text, end) if text.startswith("\"'\"'", end) else None
    end = end if joined is None else joined.end()
    while (match := _OTHERWISE.match(text, end)) is not None:
        opened, closed = quotes(match[1])
        inner = match[1][len(opened) : len(match[1]) - len(closed)]
        is_plain = NO_SECRET.fullmatch(inner) or inner.startswith(MASKED)
        shown = match[1] if is_plain else f"{opened}{MASK}{closed}"
        parts += (text[end : match.start(1)], shown)
        end = match.end()
    return end


def _is_placeholder(text: str) -> bool:
    return _PLACEHOLDER.fullmatch(text) is not None and not is_random(text)


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
        # What is taken where the variable is not set may be a password.
        return "," not in inner or inner.rstrip().endswith((", None", ",None"))
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


def is_count_or_file(value: str) -> bool:
    """Return whether a value is a number, or the rest of the path of a partition."""
    return bool(_NUMBER.fullmatch(value) or _FILE.fullmatch(value))
