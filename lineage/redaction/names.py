"""Names that say that what goes by them is secret.

One list serves every place: text, queries, options, keys of objects, parameters and
variables. `session` and `signature` are ordinary words as well: `is_secret` looks at
their values, as docs/masking.md describes.
"""

from __future__ import annotations

from typing import Final

from .rules import Rule

#: Names that stand alone or behind a separator, as a regular expression for any case.
NAMES: Final = (
    r"pass(?:words?|wd|phrase|code)?|pwd|client[_-]?secret|secret(?:[_-]?access)?[_.-]?key"
    r"|secrets?|(?:access|refresh|id|auth|bearer|session|csrf|xsrf|sas|security|private"
    r"|api|user|bot|app|oauth)[_-]?token|token|(?:api|access|account|private|encryption"
    r"|signing|master|functions|shared[_-]?access|storage|subscription|license|deploy|ssh)"
    r"[_.-]?keys?(?:[_-]?id)?"
    r"|shared[_-]?access[_-]?signature|auth(?:orization)?|credentials?"
    r"|conn(?:ection)?[_ -]?str(?:ing)?|(?:set-)?cookies?|session(?:[_-]?(?:id|key))?"
    r"|jwt|pat|webhook(?:[_-]?url)?"
)
#: The same as the last part of a word of several: `dbPassword`.
CAMEL: Final = (
    r"Pass(?:word|phrase|code)?|Pwd|Secret|Token|(?:Api|Access|Account|Private|Session"
    r"|Encryption|Signing|Master)Key|Credentials?|ConnectionString|Cookie|SessionId"
    r"|SharedAccess(?:Key|Signature)|WebhookUrl"
)
#: What no ordinary word ends with, wherever the parts of a name are: `dbpassword`.
GLUED: Final = (
    r"passwords?|passwd|passphrase|(?:db|pg|sql|user|admin|root|mail|smtp|ftp|ldap)_?pass"
    r"|(?:db|user|admin|root)_?pwd|(?:api|access|account|private)key|secret|token"
    r"|credentials?|sess(?:ion)?id|connectionstring"
)
#: How a name that `mask_named` finds ends, in lower case, without a number.
NAME_ENDS: Final = (
    "pass", "password", "passwords", "passwd", "passphrase", "passcode", "pwd",
    "secret", "secrets", "token", "signature", "auth", "authorization", "credential",
    "credentials", "str", "string", "cookie", "cookies", "session", "sessionid",
    "session_id", "session-id", "sessid", "jwt", "pat", "webhook", "webhookurl",
    "webhook_url", "webhook-url",
)  # fmt: skip
#: A key is a secret only after one of these; alone it orders, as in `/data/key=17/`.
KEYS: Final = (
    "key", "keys", "keyid", "keysid", "key_id", "keys_id", "key-id", "keys-id",
)  # fmt: skip
BEFORE_KEYS: Final = (
    "secret", "access", "api", "account", "private", "encryption", "signing", "master",
    "storage", "subscription", "license", "session", "functions",
    "deploy", "ssh",
)  # fmt: skip
#: Names that count or order as often as they hide them.
OFTEN_NUMBERS: Final = Rule(r"(?i)(?:pass|token|session|auth|pat|cookies?)$")
#: A longer number is a code that lets somebody in.
LONGEST_COUNT: Final = 6
_SECRET_NAME: Final = Rule(
    rf"(?:(?<![A-Za-z])(?i:{NAMES}|sas|dsn)|(?i:{GLUED}|auth_?token|webhook(?:_?url)?"
    rf"|authorization)|(?<=[a-z0-9])(?:{CAMEL}))(?:_?\d+)?$"
)
#: A function's, a model's or a document's, much more often than a request's.
_SIGNATURE: Final = Rule(r"(?<![A-Za-z])(?i:sig|signature)$|(?<=[a-z0-9])Signature$")
_RANDOM: Final = Rule(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w+/-]{16,}={0,2}")


def is_secret_name(name: str) -> bool:
    """Return whether what goes by this name is a secret: `password`, `DB_PASS`."""
    # The working directory has the name of a password.
    return _SECRET_NAME.search(name) is not None and name != "PWD"


def is_secret(name: str, value: object) -> bool:
    """Return whether a value that goes by a name is a secret.

    A session that has a number is one of several, as of a subject in a study. What is
    called a signature is a secret if it looks random, as that of a request does.
    """
    if is_secret_name(name):
        return not is_counted_session(name, value)
    return isinstance(value, str) and is_signature(name) and is_random(value)


def is_counted_session(name: str, value: object) -> bool:
    """Return whether a value is the number of a session."""
    text = str(value) if name.lower().endswith("session") else ""
    return len(text) <= LONGEST_COUNT and text.isdecimal()


def is_signature(name: str) -> bool:
    """Return whether a name is that of a signature of any kind."""
    if name[-3:].lower() not in ("sig", "ure"):
        return False
    return _SIGNATURE.search(name) is not None and not is_secret_name(name)


def is_random(value: str) -> bool:
    """Return whether a value is one long word of capitals, small letters and digits."""
    return _RANDOM.fullmatch(value) is not None
