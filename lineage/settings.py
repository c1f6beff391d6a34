"""Every environment variable, read once into one frozen object."""

# Longer than 400 lines: one table, with a row for each variable and how it is read.

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .errors import logger
from .patterns import pattern
from .records import field, record, replace
from .redaction import MASK, redact

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})
#: Seconds, megabytes or days beyond this number are as good as without end.
_LARGEST: Final = 1e9
#: A host with an optional user, port and path.
_HOST: Final = pattern(
    r"(?:[^/@]*@)?(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]{1,5})?(?:[/?#]|$)"
)
_FILE: Final = pattern(r"(?i:file)://(/.*[^/])")
#: The destination of facts whose address cannot be understood: they wait.
UNUSABLE: Final = "unusable"

#: Variables whose values are masked wherever they could be shown.
SECRET_NAMES: Final = ("API_TOKEN", "context.spawnApiToken", "LINEAGE_TOKEN")


@record(frozen=True, slots=True)
class Variable:
    """One setting: where it is looked up, how it is read, what it means."""

    field: str
    names: tuple[str, ...]
    parse: Callable[[str], Any]
    default: Any
    allowed: str
    meaning: str
    is_secret: bool = False

    @property
    def is_address(self) -> bool:
        """Whether it says where facts go: nothing is put in place of a wrong one."""
        return self.field in ("target", "server_address")


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None  # It was deleted.


#: Where the program started: relative homes are settled before it changes directory.
_STARTED_IN: Final = _working_directory()


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(text)


def _target(text: str) -> str:
    if text.lower() in ("auto", "local", "instance"):
        return text.lower()
    return _address(text)


def _address(text: str) -> str:
    """Read an address; without a scheme it must have a port, a dot, or be localhost."""
    if any(map(str.isspace, text)):
        raise ValueError(text)
    scheme, separator, rest = text.partition("://")
    if separator:
        if scheme.lower() not in ("http", "https") or not _HOST.match(rest):
            raise ValueError(text)
        return text
    host = _HOST.match(text)
    is_host = host and (host["port"] or "." in host["name"] or text == "localhost")
    if not is_host:
        raise ValueError(text)
    return f"http://{text}"


def _events(text: str) -> str:
    """Read where events go: an address, or a file on this machine."""
    file = _FILE.fullmatch(text)
    return _address(text) if file is None else f"file://{file[1]}"


def _home(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # `~name` of a user who does not exist
        raise ValueError(text) from error


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
    return min(number, _LARGEST)


def _integer(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:
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


#: `/x`, `C:\x` and `\\server\x`.
_ABSOLUTE: Final = pattern(r"/|[A-Za-z]:[\\/]|\\\\")


def _locations(text: str) -> tuple[tuple[str, str], ...]:
    """Read `PATH=ADDRESS;…`, the longest path first."""
    pairs = []
    for part in filter(None, map(str.strip, text.split(";"))):
        path, equals, address = part.partition("=")
        if not _ABSOLUTE.match(path) or not equals or not address.strip():
            raise ValueError(text)
        pairs.append((path.rstrip("/") or "/", address.strip()))
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


VARIABLES: Final[tuple[Variable, ...]] = (
    Variable("is_enabled", ("LINEAGE_ENABLED",), _boolean, True,
             "true/false, 1/0, yes/no, on/off", "whether anything is recorded"),
    Variable("target", ("LINEAGE_TARGET",), _target, "auto",
             "auto, local, instance, or an http(s) address", "where facts go"),
    Variable("home", ("LINEAGE_HOME",), _home, Path(".lineage"),
             "a folder", "the journal's and the embedded instance's folder"),
    Variable("is_strict", ("LINEAGE_STRICT",), _boolean, False,
             "true/false, 1/0, yes/no, on/off", "tracking errors raise (for tests)"),
    Variable("flush_timeout_s", ("LINEAGE_FLUSH_TIMEOUT_S",), _positive, 5.0,
             "seconds, 0 or more", "how long exit may wait for delivery"),
    Variable("journal_sync", ("LINEAGE_JOURNAL_SYNC",), _one_of("process", "power"),
             "process", "process, power", "what a recorded fact survives"),
    Variable("journal_max_mb", ("LINEAGE_JOURNAL_MAX_MB",), _positive, 512.0,
             "megabytes, 0 or more", "the size at which the journal stops growing"),
    Variable("max_age_days", ("LINEAGE_MAX_AGE_DAYS",), _positive, 30.0,
             "days, 0 or more", "how long a waiting fact is kept"),
    Variable("lost_after_s", ("LINEAGE_LOST_AFTER_S",), _positive, 1800.0,
             "seconds, 0 or more (0: never)",
             "how long an instance hears nothing of a task before it is lost"),
    Variable("mask_patterns", ("LINEAGE_MASK",), _words, (),
             "regular expressions, one a line", "more text to mask before the journal"),
    Variable("mask_key", ("LINEAGE_MASK_KEY",), str, None, "any text, one for a team",
             "keys the hash by which masked names stay different", is_secret=True),
    Variable("locations", ("LINEAGE_LOCATIONS",), _locations, (),
             "PATH=ADDRESS, several separated by `;`",
             "what local folders are known by: `/mnt/data=s3://bucket/data`"),
    Variable("digest", ("LINEAGE_DIGEST",), _one_of("off", "auto", "all"), "auto",
             "off, auto, all", "which files are read for their digest"),
    Variable("digest_max_mb", ("LINEAGE_DIGEST_MAX_MB",), _positive, 16_384.0,
             "megabytes, 0 or more", "the largest file that `auto` reads"),
    Variable("records_environment", ("LINEAGE_ENVIRONMENT",), _boolean, True,
             "true/false, 1/0, yes/no, on/off",
             "whether tasks record packages, code, host, GPU and image"),
    Variable("looks_names_up", ("LINEAGE_NAMES",), _boolean, True,
             "true/false, 1/0, yes/no, on/off",
             "whether the platform is asked for the names of objects given by id"),
    Variable("image", ("LINEAGE_IMAGE",), str, None, "a name, best with its digest",
             "the container image, which a container seldom knows"),
    Variable("token", ("LINEAGE_TOKEN",), str, None, "a token",
             "the token for an address in LINEAGE_TARGET; API_TOKEN when unset",
             is_secret=True),
    Variable("openlineage_url", ("LINEAGE_OPENLINEAGE_URL",), _events, None,
             "an http(s) address, or file:///path of a file",
             "send OpenLineage events there, beside the facts to the target"),
    Variable("openlineage_token", ("LINEAGE_OPENLINEAGE_TOKEN",), str, None, "a token",
             "the token for LINEAGE_OPENLINEAGE_URL", is_secret=True),
    Variable("server_address", ("SERVER_ADDRESS",), _address, None,
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


@record(frozen=True, slots=True)
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


@record(frozen=True, slots=True)
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
    lost_after_s: float = 1800.0
    mask_patterns: tuple[str, ...] = ()
    mask_key: str | None = field(default=None, repr=False)
    locations: tuple[tuple[str, str], ...] = ()
    digest: str = "auto"
    digest_max_mb: float = 16_384.0
    records_environment: bool = True
    looks_names_up: bool = True
    image: str | None = None
    token: str | None = field(default=None, repr=False)
    openlineage_url: str | None = None
    openlineage_token: str | None = field(default=None, repr=False)
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
    unusable: str | None = None
    """Why facts cannot be sent anywhere: an address that is not understood."""
    origins: tuple[Origin, ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; a value that cannot be understood is logged once."""
        source = os.environ if environ is None else environ
        origins = tuple(_read(variable, source) for variable in VARIABLES)
        for problem in (o.problem for o in origins if o.problem):
            logger.warning("%s", problem)
        values = {origin.variable.field: origin.value for origin in origins}
        problems = {o.variable.field: o.problem for o in origins}
        unusable = problems["target"]
        is_platform = values["target"] == "instance" or (
            values["target"] == "auto" and values["env"] == "production"
        )
        if is_platform:
            unusable = unusable or problems["server_address"]
        return cls(**values, unusable=unusable, origins=origins)

    @staticmethod
    def value_of(name: str) -> Any:
        """Return what one setting is in the environment now, by its field's name.

        Read on its own it costs a fortieth of `from_environ`.
        """
        (variable,) = (v for v in VARIABLES if v.field == name)
        origin = _read(variable, os.environ)
        if origin.problem:
            logger.warning("%s", origin.problem)
        return origin.value

    @property
    def has_given_home(self) -> bool:
        """Whether the environment names the home."""
        return any(o.name for o in self.origins if o.variable.field == "home")

    def settled(self) -> Settings:
        """Settle a relative home by the directory in which the program started."""
        if self.home.is_absolute() or _STARTED_IN is None:
            return self
        return replace(self, home=_STARTED_IN / self.home)

    def looked_up(self) -> Settings:
        """Find the default home in the working directory or one above, for questions.

        A home that is set is taken as it is.
        """
        if self.has_given_home or self.home.is_absolute() or self.home.exists():
            return self
        start = _working_directory()
        above = () if start is None else start.parents
        found = next((p / self.home for p in above if (p / self.home).is_dir()), None)
        return self if found is None else replace(self, home=found)

    @property
    def shown_destination(self) -> str:
        """The destination as it may be shown: without a password in its address."""
        return redact(self.destination)

    def names_objects_of(self, destination: str) -> bool:
        """Whether the platform is asked for names: facts go elsewhere."""
        if not (self.looks_names_up and self.server_address and self.api_token):
            return False
        platform = self.server_address.rstrip("/")
        return destination.rstrip("/") not in ("instance", UNUSABLE, platform)

    @property
    def destination(self) -> str:
        """Where facts go: `local`, `instance`, an http(s) address, or `unusable`."""
        if self.unusable and self.target in ("auto", "instance"):
            return UNUSABLE
        if self.target != "auto":
            return self.target
        has_platform = bool(self.server_address) and bool(self.api_token)
        return "instance" if has_platform and self.env == "production" else "local"

    @property
    def journal_destination(self) -> str:
        """The destination as the journal's files name it: the platform by address."""
        named = self.destination
        return self.server_address or named if named == "instance" else named


def parse(variable: Variable, text: str) -> Any:
    """Read a value as people write it: with blanks, a newline or quotes around it.

    Raises:
        ValueError: It is not understood.
    """
    value = text.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1].strip()
    if not value:
        return variable.default
    return variable.parse(value)


def _as_typed(value: Any) -> str:
    if value is None or value in ((), {}):
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(variable: Variable, environ: Mapping[str, str]) -> Origin:
    name = next((n for n in variable.names if environ.get(n, "") != ""), None)
    if name is None:
        return Origin(variable, variable.default, None)
    text = environ[name]
    try:
        return Origin(variable, parse(variable, text), name)
    except ValueError:
        shown = "its value" if variable.is_secret else repr(redact(text))
        outcome = f"going on with {_as_typed(variable.default)}"
        if variable.is_address:
            outcome = "facts wait in the journal until it is corrected"
        problem = (
            f"{name}: {shown} is not understood; allowed: {variable.allowed}; {outcome}"
        )
        return Origin(variable, variable.default, name, problem)
