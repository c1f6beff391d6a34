"""Every environment variable, read once into one frozen object."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .errors import logger
from .redaction import MASK, redact

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})

#: Variables whose values are masked wherever they could be shown.
SECRET_NAMES: Final = ("API_TOKEN", "context.spawnApiToken", "LINEAGE_TOKEN")


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting: where it is looked up, how it is read, what it means."""

    field: str
    names: tuple[str, ...]
    parse: Callable[[str], Any]
    default: Any
    allowed: str
    meaning: str
    is_secret: bool = False


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(text)


def _target(text: str) -> str:
    value = text.strip()
    if value in ("auto", "local", "instance"):
        return value
    if value.lower().startswith(("http://", "https://")):
        return value
    raise ValueError(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        word = text.strip().lower()
        if word not in words:
            raise ValueError(text)
        return word

    return parse


def _positive(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise ValueError(text)
    return number


def _integer(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def _json(form: type) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        value = json.loads(text)
        if not isinstance(value, form):
            raise ValueError(text)
        return value

    return parse


def _words(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("\n") if part.strip())


def _locations(text: str) -> tuple[tuple[str, str], ...]:
    """Read `PATH=ADDRESS;…`, the longest path first."""
    pairs = []
    for part in filter(None, map(str.strip, text.split(";"))):
        path, equals, address = part.partition("=")
        if not path.startswith("/") or not equals or not address.strip():
            raise ValueError(text)
        pairs.append((path.rstrip("/") or "/", address.strip()))
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


VARIABLES: Final[tuple[Variable, ...]] = (
    Variable("is_enabled", ("LINEAGE_ENABLED",), _boolean, True,
             "true/false, 1/0, yes/no, on/off", "whether anything is recorded"),
    Variable("target", ("LINEAGE_TARGET",), _target, "auto",
             "auto, local, instance, or an http(s) address", "where facts go"),
    Variable("home", ("LINEAGE_HOME",), Path, Path(".lineage"),
             "a folder", "the journal's and the embedded instance's folder"),
    Variable("is_strict", ("LINEAGE_STRICT",), _boolean, False,
             "true/false, 1/0, yes/no, on/off", "tracking errors raise (for tests)"),
    Variable("flush_timeout_s", ("LINEAGE_FLUSH_TIMEOUT_S",), _positive, 5.0,
             "seconds, 0 or more", "how long exit may wait for delivery"),
    Variable("journal_sync", ("LINEAGE_JOURNAL_SYNC",), _one_of("process", "power"),
             "process", "process, power", "what a recorded fact survives"),
    Variable("journal_max_mb", ("LINEAGE_JOURNAL_MAX_MB",), _positive, 512.0,
             "megabytes, 0 or more", "where an undeliverable backlog stops growing"),
    Variable("max_age_days", ("LINEAGE_MAX_AGE_DAYS",), _positive, 30.0,
             "days, 0 or more", "how long a waiting fact is kept"),
    Variable("mask_patterns", ("LINEAGE_MASK",), _words, (),
             "regular expressions, one a line", "more text to mask before the journal"),
    Variable("mask_key", ("LINEAGE_MASK_KEY",), str, "", "any text, one for a team",
             "keys the hash by which masked names stay different", is_secret=True),
    Variable("locations", ("LINEAGE_LOCATIONS",), _locations, (),
             "PATH=ADDRESS, several separated by `;`",
             "what local folders are known by: `/mnt/data=s3://bucket/data`"),
    Variable("digest", ("LINEAGE_DIGEST",), _one_of("off", "auto", "all"), "auto",
             "off, auto, all", "which files are read for their digest"),
    Variable("digest_max_mb", ("LINEAGE_DIGEST_MAX_MB",), _positive, 16_384.0,
             "megabytes, 0 or more", "the largest file that `auto` reads"),
    Variable("token", ("LINEAGE_TOKEN",), str, None, "a token",
             "the token for an address in LINEAGE_TARGET; API_TOKEN when unset",
             is_secret=True),
    Variable("server_address", ("SERVER_ADDRESS",), str, None,
             "an http(s) address", "the platform's address"),
    Variable("api_token", ("API_TOKEN",), str, None, "a token",
             "the platform's token", is_secret=True),
    Variable("api_server_address", ("SUPERVISELY_API_SERVER_ADDRESS",), str, None,
             "an http(s) address", "the API root, when it is not below the server's"),
    Variable("task_id", ("SUPERVISELY_TASK_ID", "TASK_ID"), _integer, None,
             "a whole number", "the task that this process is"),
    Variable("team_id", ("CONTEXT_TEAMID", "context.teamId", "TEAM_ID"), _integer,
             None, "a whole number", "the team in which paths are looked up"),
    Variable("workspace_id",
             ("CONTEXT_WORKSPACEID", "context.workspaceId", "WORKSPACE_ID"), _integer,
             None, "a whole number", "the workspace of the task"),
    Variable("user_login", ("USER_LOGIN", "context.userLogin", "CONTEXT_USERLOGIN"),
             str, None, "a name", "who runs the task"),
    Variable("app_name", ("APP_NAME",), str, None, "a name", "the app's name"),
    Variable("platform_task_id", ("SUPERVISELY_TASK_ID",), str, None, "a task's id",
             "the task that requests name in their header"),
    Variable("retries", ("SUPERVISELY_PUBLIC_API_RETRIES",), _integer, 10,
             "a whole number", "attempts of one request"),
    Variable("retry_sleep_s", ("SUPERVISELY_PUBLIC_API_RETRY_SLEEP_SEC",), _positive,
             1.0, "seconds, 0 or more", "the first pause between attempts"),
    Variable("skip_https_probe", ("SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK",),
             _boolean, False, "true/false, 1/0, yes/no, on/off",
             "whether an http address is used without asking for https"),
    Variable("async_limit", ("SUPERVISELY_ASYNC_SEMAPHORE",), _integer, None,
             "a whole number", "requests of asynchronous calls at one time"),
    Variable("app_categories", ("APP_CATEGORIES",), _json(list), (),
             "a JSON list", "`import` in it keeps an import history"),
    Variable("upload_count", ("UPLOAD_COUNT",), _json(dict), {},
             "a JSON object", "items uploaded to each dataset"),
    Variable("uploaded_ids", ("UPLOADED_IDS",), _json(dict), {},
             "a JSON object", "ids uploaded to each dataset"),
    Variable("env", ("ENV",), str, "development", "production, or anything else",
             "only `production` sends to the platform by itself"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one setting's value came from."""

    variable: Variable
    value: Any
    name: str | None
    """The variable that was set; none when it is the default."""
    problem: str | None = None
    """Why what was set could not be used."""

    @property
    def shown(self) -> str:
        """The value as it may be shown: secrets masked."""
        if self.value is None:
            return "unset"
        return MASK if self.variable.is_secret else redact(str(self.value))


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, read from the environment."""

    is_enabled: bool = True
    target: str = "auto"
    home: Path = Path(".lineage")
    is_strict: bool = False
    flush_timeout_s: float = 5.0
    journal_sync: str = "process"
    journal_max_mb: float = 512.0
    max_age_days: float = 30.0
    mask_patterns: tuple[str, ...] = ()
    mask_key: str = field(default="", repr=False)
    locations: tuple[tuple[str, str], ...] = ()
    digest: str = "auto"
    digest_max_mb: float = 16_384.0
    token: str | None = field(default=None, repr=False)
    server_address: str | None = None
    api_token: str | None = field(default=None, repr=False)
    api_server_address: str | None = None
    task_id: int | None = None
    team_id: int | None = None
    workspace_id: int | None = None
    user_login: str | None = None
    app_name: str | None = None
    platform_task_id: str | None = None
    retries: int = 10
    retry_sleep_s: float = 1.0
    skip_https_probe: bool = False
    async_limit: int | None = None
    app_categories: Sequence[str] = ()
    upload_count: Mapping[str, Any] = field(default_factory=dict)
    uploaded_ids: Mapping[str, Any] = field(default_factory=dict)
    env: str = "development"
    origins: tuple[Origin, ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; a value that cannot be understood is logged once."""
        source = os.environ if environ is None else environ
        origins = tuple(_read(variable, source) for variable in VARIABLES)
        for problem in (o.problem for o in origins if o.problem):
            logger.warning("%s", problem)
        values = {origin.variable.field: origin.value for origin in origins}
        return cls(**values, origins=origins)

    @property
    def shown_destination(self) -> str:
        """The destination as it may be shown: without a password in its address."""
        return redact(self.destination)

    @property
    def destination(self) -> str:
        """Where facts go: `local`, `instance`, or an http(s) address."""
        if self.target != "auto":
            return self.target
        has_platform = bool(self.server_address) and bool(self.api_token)
        return "instance" if has_platform and self.env == "production" else "local"


def _read(variable: Variable, environ: Mapping[str, str]) -> Origin:
    name = next((n for n in variable.names if environ.get(n, "") != ""), None)
    if name is None:
        return Origin(variable, variable.default, None)
    text = environ[name]
    try:
        return Origin(variable, variable.parse(text), name)
    except ValueError:
        shown = "its value" if variable.is_secret else repr(redact(text))
        problem = (
            f"{name}: {shown} is not understood; allowed: {variable.allowed}; "
            f"going on with {variable.default!r}"
        )
        return Origin(variable, variable.default, name, problem)
