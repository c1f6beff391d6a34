"""Names that say that what goes by them is secret."""

from __future__ import annotations

import re
from typing import Final

from .rules import Rule

#: Names that say that what follows is secret, as a regular expression.
NAMES: Final = (
    r"pass(?:word|wd|phrase|code)?|pwd|client[_-]?secret|secret(?:[_-]?access)?[_-]?key"
    r"|secret|(?:access|refresh|id|auth|bearer|session|csrf|xsrf|sas|security|private|api"
    r"|user|bot|app|oauth)[_-]?token|token|(?:api|access|account|private|encryption"
    r"|signing|master|shared[_-]?access|storage|subscription|license)[_-]?key(?:[_-]?id)?"
    r"|shared[_-]?access[_-]?signature|auth(?:orization)?|credentials?"
    r"|conn(?:ection)?[_ -]?str(?:ing)?|(?:set-)?cookie|session(?:[_-]?(?:id|key))?|jwt"
    r"|pat|webhook(?:[_-]?url)?"
)
CAMEL: Final = (
    r"Pass(?:word|phrase)?|Pwd|Secret|Token|ApiKey|AccessKey|AccountKey|PrivateKey"
    r"|Credentials?|ConnectionString|Cookie|SharedAccessKey"
)
#: Names that count or order as often as they hide them.
OFTEN_NUMBERS: Final = Rule(r"(?i)(?:pass|token|session|auth|pat|cookie)$")
#: A longer number is a code that lets somebody in.
LONGEST_COUNT: Final = 6


def is_secret_name(name: str) -> bool:
    """Return whether what goes by this name is a secret: `password`, `DB_PASS`."""
    return _SECRET_NAME.search(name) is not None


_SECRET_NAME: Final = Rule(
    r"(?:(?:^|[_.-])(?:PASS|PAT|AUTH|JWT|SAS|DSN|COOKIE)|[_.-]PWD|(?-i:^pwd)"
    r"|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|SECRETS?|TOKEN|CREDENTIALS?"
    r"|(?:API|ACCESS|ACCOUNT|PRIVATE|SECRET|ENCRYPTION|SIGNING|MASTER|STORAGE|LICENSE"
    r"|SHARED_?ACCESS|SUBSCRIPTION|DEPLOY|SSH)[_-]?KEYS?(?:_?ID)?"
    r"|CONN(?:ECTION)?_?STR(?:ING)?|WEBHOOK(?:_?URL)?|AUTHORIZATION)(?:_?\d+)?$",
    re.IGNORECASE,
)
