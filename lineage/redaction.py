"""Finds secrets in text by their shape, and puts a mask in their place.

The rules are regular expressions, and most texts are paths without any secret. So a
text is first searched for the stems without which no rule can match, which takes a
microsecond; only then are the rules tried. docs/masking.md has the table of shapes.
"""

# Longer than 400 lines: the rules are tried in one order, beside what they look for.

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

MASK: Final = "****"
#: How a part begins that was masked before: with a hash, names stay distinguishable.
_MASKED: Final = "***"


class _Rule:
    """A regular expression that is compiled when a text is first tried by it."""

    def __init__(self, text: str, flags: int = 0) -> None:
        self._source = text, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(*self._source)

    @cached_property
    def search(self) -> Callable[[str], re.Match[str] | None]:
        return self._compiled.search

    @cached_property
    def fullmatch(self) -> Callable[[str], re.Match[str] | None]:
        return self._compiled.fullmatch

    @cached_property
    def finditer(self) -> Callable[[str], Iterator[re.Match[str]]]:
        return self._compiled.finditer

    @cached_property
    def split(self) -> Callable[[str, int], list[str]]:
        return self._compiled.split

    @cached_property
    def sub(self) -> Callable[[str | Callable[[re.Match[str]], str], str], str]:
        return self._compiled.sub


#: Names that say that what follows is secret, as a regular expression.
_NAMES: Final = (
    r"pass(?:word|wd|phrase|code)?|pwd|client[_-]?secret|secret(?:[_-]?access)?[_-]?key"
    r"|secret|(?:access|refresh|id|auth|bearer|session|csrf|xsrf|sas|security|private|api"
    r"|user|bot|app|oauth)[_-]?token|token|(?:api|access|account|private|encryption"
    r"|signing|master|shared[_-]?access|storage|subscription|license)[_-]?key(?:[_-]?id)?"
    r"|shared[_-]?access[_-]?signature|auth(?:orization)?|credentials?"
    r"|conn(?:ection)?[_ -]?str(?:ing)?|(?:set-)?cookie|session(?:[_-]?(?:id|key))?|jwt"
    r"|pat|webhook(?:[_-]?url)?"
)
_CAMEL: Final = (
    r"Pass(?:word|phrase)?|Pwd|Secret|Token|ApiKey|AccessKey|AccountKey|PrivateKey"
    r"|Credentials?|ConnectionString|Cookie|SharedAccessKey"
)
_QUOTED: Final = (
    r"\\+\"[^\"]*?\\+\"|\\+'[^']*?\\+'"
    r"|\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?"
)

_NAMED: Final = _Rule(
    rf"(?P<name>(?<![A-Za-z])(?i:{_NAMES})(?:_?\d+)?|(?<=[a-z0-9])(?:{_CAMEL})"
    r"|(?<=[A-Z0-9])(?:PASSWORD|PASSWD|TOKEN|SECRET|APIKEY))"
    r"(?P<sep>\\*[\"']?[ \t]*(?:=>|:=|=(?!=)|:(?!//|:))[ \t]*)"
    r"(?P<scheme>(?i:bearer|basic|token|digest|apikey|negotiate)[ \t]+)?"
    rf"(?P<value>{_QUOTED}|[^\s,;&\"'<>)}}\]|]+)"
)
#: How a name that `_NAMED` finds ends, in lower case, without a number.
_NAME_ENDS: Final = (
    "pass", "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token",
    "signature", "auth", "authorization", "credential", "credentials", "str", "string",
    "cookie", "session", "sessionid", "session_id", "session-id", "jwt", "pat",
    "webhook", "webhookurl", "webhook_url", "webhook-url",
)  # fmt: skip
#: A key is a secret only after one of these; alone it orders, as in `/data/key=17/`.
_KEYS: Final = ("key", "keyid", "key_id", "key-id")
_BEFORE_KEYS: Final = (
    "secret", "access", "api", "account", "private", "encryption", "signing", "master",
    "storage", "subscription", "license", "session",
)  # fmt: skip
#: What grants access in a query beside those names.
_QUERY_ENDS: Final = (*_KEYS, "sig", "sign", "code", "accessid")
#: Names that often stand for numbers; a partition's folder is called so.
_FOLDER_NAMES: Final = ("pass", "token", "session", "auth", "pat", "cookie")
_FOLDER: Final = "abcdefghijklmnopqrstuvwxyz0123456789_.-"
_SEPARATOR: Final = _Rule(r"[=:]")
#: A longer number is a code that lets somebody in.
_LONGEST_COUNT: Final = 6
#: What may stand between a name and its separator: quotes, spaces and a number.
_BETWEEN: Final = "\\\"' \t0123456789_"
_FEW_SEPARATORS: Final = 6
_COOKIE: Final = _Rule(r"(?i)\b((?:set-)?cookie:[ \t]*)([^\r\n\"']+)")
#: A parameter of a query or fragment that grants access.
_QUERY: Final = _Rule(
    rf"(?i)(?<=[?&;#])((?:[\w.%-]{{0,40}}[_.-])?(?:{_NAMES}|sig|sign|signature"
    r"|credential|security-token|key|code|AWSAccessKeyId|GoogleAccessId))=(?!\*\*\*)[^&#\s\"']*"
)
#: `scheme://user:password@`: up to the last `@`, also where the password has `/`.
_USER_INFO: Final = _Rule(
    r"://(?P<info>"
    r"[^\s/?#@:\"'<>]*:(?!\d{1,5}(?:[/?#]|$))(?:(?!://)[^\s\"'<>])*(?=@[\w\[.-])"
    r"|[^/?#\s\"'<>]*(?=@))"
)
#: `user:password@host`, as drivers have it, without a scheme.
_BARE_USER_INFO: Final = _Rule(
    r"(?<![\w/@:.-])(?!(?:mailto|acct|sips?|xmpp|git|file):)([\w.%+-]+:)"
    r"([^\s:@/\"']{3,})(?=@(?!sha\d)"
    r"(?:tcp\(|unix\(|localhost\b|[\w-]+(?:\.[\w-]+)+|[\w-]+:\d))"
)
#: `--password hunter2` and `--auth=x`, as command lines have it. The dash comes first,
#: before what may not stand before it: so the search goes from dash to dash.
_OPTION: Final = _Rule(
    r"(?i)(-(?<![\w-]-)-?(?:[\w-]*[_-])?(?:key|pass(?:word|wd|phrase|in|out)?|pwd|secret"
    r"|token|auth|credentials?|cookie|pat|jwt|webhook(?:-url)?|connection-string))"
    rf"(\s+|=)({_QUOTED}|[^\s\"'-][^\s\"']*)"
)
#: Short options of clients that are known to take a password by them.
_CLIENT: Final = _Rule(
    r"\b(?P<client>mysql\w*|mariadb\w*|sshpass|mongo\w*|smbclient|docker login"
    r"|podman login|redis-cli|ldap\w+|curl|wget|zip|unzip|7z\w?|htpasswd|sqlcmd|bcp"
    r"|influx|cqlsh|clickhouse-client|rabbitmqadmin|helm|az login|snowsql)\b"
    r"(?P<rest>[^\r\n|;]*)"
)
_CLIENT_STEMS: Final = _Rule(
    r"mysql|mariadb|sshpass|mongo|smbclient| login|redis-cli|ldap|curl|zip|7z|htpasswd"
    r"|sqlcmd|bcp|influx|cqlsh|clickhouse|rabbitmq|helm|snowsql"
)
_FLAGS: Final = {
    "redis-cli": "a", "curl": "u", "wget": "", "zip": "P", "unzip": "P", "sqlcmd": "P",
    "bcp": "P",
}  # fmt: skip
#: Clients whose flag and password are one word, as in `mysql -phunter2`.
_ATTACHED: Final = ("mysql", "mariadb", "7z", "sshpass", "unzip")
_BEARER: Final = _Rule(
    r"(?i)\b(bearer|basic|x-api-key:?)([ \t]+|=)([A-Za-z0-9._~+/-]{8,}=*)"
)
_PEM: Final = _Rule(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_JWT: Final = _Rule(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")
#: Tokens that their providers mark by a prefix, so that they can be found.
_PROVIDERS: Final = _Rule(
    r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{22,}|gl(?:pat|sa|dt|rt|ft)"
    r"[-_][\w-]{20,}|hf_[A-Za-z0-9]{30,}|sk-(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{20,}"
    r"|sk-ant-[\w-]{20,}|[srp]k_(?:live|test)_\w{16,}|xox[abeprs]-[\w-]{10,}"
    r"|xapp-\d-[\w-]{10,}|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}|AIza[\w-]{35}"
    r"|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,}"
    r"|dckr_pat_[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"
    r"|do[opr]_v1_[a-f0-9]{64}|dapi[a-f0-9]{32}(?:-\d)?|hv[sb]\.[\w-]{24,}"
    r"|r8_[A-Za-z0-9]{37}|nvapi-[\w-]{40,}|tskey-[\w-]{20,}|PMAK-[\w-]{30,}"
    r"|sntry[su]_[\w+/=-]{20,}|ATATT3[\w=-]{30,}|LTAI[A-Za-z0-9]{12,24}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50,}|rubygems_[a-f0-9]{48}|sq0[a-z]{3}-[\w-]{22,}"
    r"|lin_\d+_[\w-]{30,})(?![A-Za-z0-9])"
)
_WEBHOOK: Final = _Rule(
    r"(?i)((?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)"
    r"|discord(?:app)?\.com/api/(?:v\d+/)?webhooks|[\w.-]+\.webhook\.office\.com/webhookb2"
    r"|chat\.googleapis\.com/v1/spaces/[\w-]+/messages)/|api\.telegram\.org/bot)"
    r"[\w@/:-]+"
)

#: What a name may hold without being a secret: no value, or where to find one.
_NO_SECRET: Final = _Rule(
    r"(?i)(?:none|null|nil|true|false|yes|no|on|off|str|int|bytes|float|bool|dict|list"
    r"|object|any|optional|required|optional\[.*|unset|missing|invalid|expired"
    r"|\.{3}|\*+|<.*|\$.*|%\(.*|\{+.*|[a-z_.]*environ.*)?"
)
#: Names that count or order as often as they hide them.
_OFTEN_NUMBERS: Final = _Rule(r"(?i)(?:pass|token|session|auth|pat|cookie)$")
_FILE: Final = _Rule(r"[^/]{1,40}(?:/[^/]+)*/(?:[^/]*\.[A-Za-z0-9]{1,8})?")


def redact(text: str) -> str:
    """Return the text with every secret of a known shape masked."""
    low = text.lower()
    if "@" in low:
        text = _user_info(text)
    if len(low) >= _LEAST_TOKEN and _may_hold_token(text, low):
        text = _tokens(text)
    # An address's own colon separates no name from a value.
    has_value = "=" in low or low.count(":") > low.count("://")
    has_words = " " in low
    if (has_value or has_words) and _may_name_secret(low):
        words = _words(low) if has_value else ()
        is_query = "?" in low or "&" in low or "#" in low or ";" in low
        has_name = words is None or _is_any_named(words, low, is_query)
        if is_query and (has_name or any(w.endswith(_QUERY_ENDS) for w in words or ())):
            text = _QUERY.sub(rf"\1={MASK}", text)
        if "cookie:" in low:
            text = _COOKIE.sub(rf"\1{MASK}", text)
        if (has_words or low.startswith("bearer=")) and (
            "bearer" in low or "basic" in low or "x-api-key" in low
        ):
            text = _BEARER.sub(_bearer_value, text)
        if "-" in low:
            text = _OPTION.sub(_option_value, text)
        if has_name:
            text = _NAMED.sub(_named_value, text)
    if " -" in low and _CLIENT_STEMS.search(low) is not None:
        text = _CLIENT.sub(_client_line, text)
    return text


def _may_name_secret(low: str) -> bool:
    # Written out: a loop would take three times as long, a regular expression ten.
    return (
        "pass" in low or "token" in low or "secret" in low or "key" in low
        or "auth" in low or "pwd" in low or "cred" in low or "cookie" in low
        or "sess" in low or "conn" in low or "sig" in low or "jwt" in low
        or "webhook" in low or "code=" in low or "bearer" in low
        or "basic" in low or "accessid=" in low
        or ("pat" in low and ("pat=" in low or "pat:" in low or "pat\"" in low
                              or "pat'" in low or "pat " in low))
    )  # fmt: skip


def _words(low: str) -> list[str] | None:
    """Return what stands before and after each `=` and `:`; None for too many."""
    words = _SEPARATOR.split(low, _FEW_SEPARATORS)
    # The rule itself is faster for so many.
    return None if len(words) > _FEW_SEPARATORS else words


def _is_any_named(words: Sequence[str], low: str, is_query: bool) -> bool:
    """Return whether a word before `=` or `:` ends as names of secrets do.

    In a query a number is a secret as well.
    """
    # The last word stands before no separator.
    for place, word in enumerate(words[:-1]):
        name = word.rstrip(_BETWEEN)
        if name.endswith(_NAME_ENDS):
            is_harmless = not is_query and _is_number(words, place)
            if not is_harmless and not _is_folder(word, words[place + 1], low):
                return True
        elif name.endswith(_KEYS):
            before = name[: name.rindex("key")].rstrip("_-")
            if before.endswith(_BEFORE_KEYS):
                return True
    return False


def _is_number(words: Sequence[str], place: int) -> bool:
    """Return whether the word counts something: `pass` and `2`, as in `pass=2 lr=3`."""
    if not words[place].endswith(_FOLDER_NAMES):
        return False
    value = words[place + 1].split()
    # What is followed by a separator at once, as in `pass=2:x`, is a longer value.
    is_whole = len(value) > 1 or (len(value) == 1 and place + 2 == len(words))
    return is_whole and len(value[0]) <= _LONGEST_COUNT and value[0].isdecimal()


def _is_folder(word: str, value: str, low: str) -> bool:
    """Return whether `word=value` is a partition's folder: `/lake/token` and `17/a`.

    As `_is_part_of_path` finds it, where nothing but `=` separates.
    """
    return (
        word.endswith(_FOLDER_NAMES)
        and value[:1] not in ("", " ", "\t", ">")
        and word.rstrip(_FOLDER).endswith(("/", "\\"))
        and "?" not in low
        and low.count(":") == low.count("://")
    )


#: The shortest token that its provider's prefix shows: `xoxb-` and ten characters.
_LEAST_TOKEN: Final = 15


def _may_hold_token(text: str, low: str) -> bool:
    # Characters that few texts have stand before the stems that need them.
    return (
        (text != low and _may_hold_capital_token(text))
        or ("_" in low and _may_hold_token_of_words(low))
        or ("-" in low and (
            "sk-" in low or "pypi-" in low or "tskey-" in low or "-----b" in low
            or "e-secret-k" in low or "pmak-" in low))
        or "xox" in low or "xapp" in low or "ya29" in low or "shp" in low
        or "sntry" in low or "sq0" in low or "webhook" in low
        or ("api" in low and ("dapi" in low or "nvapi" in low
                              or "chat.goog" in low or "api.telegram" in low))
        or ("." in low and ("hvs." in low or "hvb." in low or "hooks." in low))
        or ("gl" in low and ("glpat" in low or "glsa" in low or "gldt" in low
                             or "glrt" in low or "glft" in low))
    )  # fmt: skip


def _may_hold_capital_token(text: str) -> bool:
    return (
        "eyJ" in text or "AKIA" in text or "ASIA" in text or "ABIA" in text
        or "ACCA" in text or "AIza" in text or "SG." in text or "LTAI" in text
        or "ATATT" in text or "GOCSPX" in text
    )  # fmt: skip


def _may_hold_token_of_words(low: str) -> bool:
    return (
        "hf_" in low or "k_live" in low or "k_test" in low or "npm_" in low
        or "pat_" in low or "_v1_" in low or "r8_" in low or "gems_" in low
        or "lin_" in low
        or ("gh" in low and ("ghp_" in low or "gho_" in low or "ghs_" in low
                             or "ghu_" in low or "ghr_" in low))
    )  # fmt: skip


def _tokens(text: str) -> str:
    if "-----" in text:
        text = _PEM.sub(MASK, text)
    if "eyJ" in text:
        text = _JWT.sub(MASK, text)
    if "." in text:
        text = _WEBHOOK.sub(rf"\1{MASK}", text)
    return _PROVIDERS.sub(MASK, text)


def redact_values(value: Any, mask: Callable[[str], str] = redact) -> Any:
    """Return a JSON value with the text inside it masked.

    Args:
        value: Objects, arrays, texts and numbers.
        mask: Takes secrets out of text.
    """
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {
            key: MASK
            if isinstance(item, str) and item and is_secret_name(str(key))
            else redact_values(item, mask)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact_values(item, mask) for item in value]
    return value


class Masker:
    """Takes secrets out of text.

    Args:
        secrets: Values that must never be seen, longest first.
        patterns: The user's own regular expressions.
    """

    __slots__ = ("_patterns", "_secrets")

    def __init__(self, secrets: Iterable[str] = (), patterns: Iterable[str] = ()):
        self._secrets = tuple(secrets)
        self._patterns = _compiled(patterns)

    def __call__(self, text: str) -> str:
        """Return the text with every secret masked."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        text = redact(text)
        for pattern in self._patterns:
            text = pattern.sub(MASK, text)
        return text

    def within(self, value: object) -> object:
        """Return a JSON value with the text inside it masked."""
        return redact_values(value, self)


def _compiled(patterns: Iterable[str]) -> list[re.Pattern[str]]:
    usable = []
    for pattern in patterns:
        try:
            usable.append(re.compile(pattern))
        except re.error as error:
            # `errors`, where the package has its logger, masks what it logs.
            logger = logging.getLogger("lineage")
            logger.warning("LINEAGE_MASK: %r is no pattern: %s", pattern, error)
    return usable


def is_secret_name(name: str) -> bool:
    """Return whether what goes by this name is a secret: `password`, `DB_PASS`."""
    return _SECRET_NAME.search(name) is not None


_SECRET_NAME: Final = _Rule(
    r"(?:(?:^|[_.-])(?:PASS|PAT|AUTH|JWT|SAS|DSN|COOKIE)|[_.-]PWD|(?-i:^pwd)"
    r"|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|SECRETS?|TOKEN|CREDENTIALS?"
    r"|(?:API|ACCESS|ACCOUNT|PRIVATE|SECRET|ENCRYPTION|SIGNING|MASTER|STORAGE|LICENSE"
    r"|SHARED_?ACCESS|SUBSCRIPTION|DEPLOY|SSH)[_-]?KEYS?(?:_?ID)?"
    r"|CONN(?:ECTION)?_?STR(?:ING)?|WEBHOOK(?:_?URL)?|AUTHORIZATION)(?:_?\d+)?$",
    re.IGNORECASE,
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


def _user_info(text: str) -> str:
    colon = text.find(":")
    at = text.find("@", colon)
    if colon < 0 or at < 0:
        return text
    if "://" in text:
        text = _USER_INFO.sub(_without_user, text)
    elif text.startswith("sha256:", at + 1) and text.find("@", at + 1) < 0:
        return text  # The digest of a container's image: no user stands before it.
    if text.startswith("://", colon) and text.find(":", colon + 1) < 0:
        return text
    return _BARE_USER_INFO.sub(rf"\1{MASK}", text)


def _without_user(match: re.Match[str]) -> str:
    info = match["info"]
    # A name alone is a login or a container, but for http it is often a token.
    is_plain = ":" not in info and not _scheme(match).rpartition("+")[2].startswith(
        "http"
    )
    is_masked = info.startswith(_MASKED)
    return match[0] if is_plain or is_masked or not info else f"://{MASK}"


def _scheme(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 20) : match.start()]
    return re.split(r"[^A-Za-z0-9+.-]", before)[-1].lower()


def _named_value(match: re.Match[str]) -> str:
    value = match["value"]
    opened, closed = _quotes(value)
    inner = value[len(opened) : len(value) - len(closed)]
    if inner.startswith(_MASKED) or _NO_SECRET.fullmatch(inner):
        return match[0]
    if _is_part_of_path(match, inner):
        return match[0]
    if _OFTEN_NUMBERS.search(match["name"]) and re.fullmatch(r"[\d.]{1,6}", inner):
        return match[0]
    return f"{match['name']}{match['sep']}{match['scheme'] or ''}{opened}{MASK}{closed}"


def _quotes(value: str) -> tuple[str, str]:
    opened = re.match(r"\\*[\"']", value)
    if opened is None:
        return "", ""
    rest = value[opened.end() :]
    return opened[0], opened[0] if rest.endswith(opened[0]) else ""


def _is_part_of_path(match: re.Match[str], value: str) -> bool:
    """Return whether `name=value` is a partition's folder, which is no secret."""
    if match["sep"] != "=":
        return False
    if not _OFTEN_NUMBERS.search(match["name"]):
        return _NO_SECRET.fullmatch(value.partition("/")[0]) is not None
    before = match.string[: match.start()]
    head = before.rstrip(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
    )
    if head.endswith(("/", "\\")):
        return "?" not in head
    return not head and _FILE.fullmatch(value) is not None


def _bearer_value(match: re.Match[str]) -> str:
    word, between, value = match.groups()
    if word.lower() == "basic":
        is_secret = between != "=" and _is_basic(value)
    elif word.lower() == "bearer":
        is_name = re.search(r"\.[A-Za-z]\w{0,6}$", value) is not None
        has_both = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
        is_secret = bool(has_both) and not is_name and "/" not in value[:-1]
    else:
        is_secret = True
    return f"{word}{between}{MASK}" if is_secret else match[0]


def _is_basic(value: str) -> bool:
    """Return whether a word is `user:password` in base64."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (ValueError, binascii.Error):
        return False


def _option_value(match: re.Match[str]) -> str:
    option, between, value = match.groups()
    opened, closed = _quotes(value)
    inner = value[len(opened) : len(value) - len(closed)]
    if _NO_SECRET.fullmatch(inner) or (option[1] != "-" and between != "="
                                       and len(option) < 4):  # fmt: skip
        return match[0]
    return f"{option}{between}{opened}{MASK}{closed}"


def _client_line(match: re.Match[str]) -> str:
    client, rest = match["client"], match["rest"]
    flag = _FLAGS.get(client, "w" if client.startswith("ldap") else "p")
    if not flag:
        return match[0]
    is_attached = client.startswith(_ATTACHED)
    word = re.compile(
        rf"(\s-{flag})({'' if is_attached else ' '}\s*)({_QUOTED}|[^\s-]\S*)"
    )
    return client + word.sub(rf"\1\2{MASK}", rest)
