"""Addresses: one spelling for each object that a URI can name.

Only the text is looked at. A key of an object store is data and stays as it is; a
path of a file system loses doubled slashes and dots. Parameters that sign a request
or let it expire are no part of what is addressed; those that choose data are.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final
from urllib.parse import unquote

_URI: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://([^/?#]*)([^?#]*)(.*)", re.S)
_WINDOWS: Final = re.compile(r"[A-Za-z]:[\\/]|\\\\[^\\]")
#: What `pathlib` leaves of an address: `Path("s3://bucket/key")`.
_ONE_SLASH: Final = re.compile(
    r"(s3[an]?|gs|gcs|abfss?|wasbs?|hdfs|https?):/(?!/)", re.I
)
#: `file:/x` and `dbfs:/x` have no host.
_HOSTLESS: Final = re.compile(r"(file|dbfs):(/.*)", re.I | re.S)
_SCHEMES: Final = {
    "s3a": "s3", "s3n": "s3", "gcs": "gs",
    "abfs": "abfss", "wasb": "abfss", "wasbs": "abfss",
    # As OpenLineage's naming page calls these databases.
    "postgresql": "postgres", "sqlserver": "mssql",
}  # fmt: skip
#: Databases behind whose name SQLAlchemy has the driver: `postgresql+psycopg://`.
_WITH_DRIVERS: Final = frozenset(
    {"postgresql", "postgres", "mysql", "mariadb", "mssql", "oracle", "redshift"}
)
_PORTS: Final = {
    "http": "80", "https": "443", "ftp": "21", "sftp": "22", "ssh": "22",
    "hdfs": "8020", "postgres": "5432", "mysql": "3306", "mssql": "1433",
}  # fmt: skip
#: Schemes whose paths are those of a file system: `//`, `.` and `..` mean nothing.
_FILE_SYSTEMS: Final = frozenset(
    {"hdfs", "webhdfs", "dbfs", "sftp", "ssh", "ftp", "nfs", "smb", "file", "lustre"}
)
#: Before the host stands what chooses data (a container), and no user.
_CONTAINERS: Final = frozenset({"abfss"})
_SIGNING: Final = re.compile(
    r"(x-amz-.*|x-goog-.*|sig|signature|expires|key-pair-id|token|awsaccesskeyid"
    r"|googleaccessid)$",
    re.I,
)
#: Parts of a shared access signature; without its `sig` they may mean anything.
_SHARED_ACCESS: Final = frozenset({
    "se", "sp", "sv", "sr", "st", "spr", "sip", "ss", "srt", "sdd", "scid", "policy",
    "skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid",
})  # fmt: skip
#: Layers of fsspec that only cache what they read.
_CACHES: Final = frozenset({"simplecache", "filecache", "blockcache", "cached"})
_AZURE_HOST: Final = re.compile(r"([a-z0-9]+)\.(?:blob|dfs)\.core\.windows\.net$")
_AWS_HOST: Final = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$"
)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)


def is_absolute(text: str) -> bool:
    r"""Whether text is a whole path of some machine: `/x`, `C:\x`, `\\server\x`."""
    return text[:1] == "/" or _WINDOWS.match(text) is not None


def uri_path(path: str) -> str:
    r"""Return an absolute path as it stands behind the host of a `file:` address.

    Args:
        path: `/x` stays as it is; `C:\x` becomes `/C:/x`.
    """
    if not _WINDOWS.match(path):
        return path
    forward = path.replace("\\", "/")
    if forward[:2] == "//":
        return forward
    return f"/{forward[0].upper()}{forward[1:]}"


def is_address(text: str) -> bool:
    """Whether text is a URI, and no path of a file system."""
    return (
        "://" in text
        or _ONE_SLASH.match(text) is not None
        or _HOSTLESS.match(text) is not None
    )


def local_file(text: str) -> str | None:
    """Return the path that `file:///x`, `file:/x` or `file://localhost/x` names."""
    match = re.match(r"file:(?://(?:localhost)?(?=/))?(/(?!/).*|/)$", text, re.I | re.S)
    path = unquote(match[1]) if match else None
    return path[1:] if path and _WINDOWS.match(path[1:]) else path


def local_path(id: int | str) -> str | None:
    """Return the path of an artifact that is a local file or folder of some machine.

    Args:
        id: The artifact's id: a path, with the machine or without.
    """
    if not isinstance(id, str):
        return None
    if id.startswith("file://"):
        _, slash, path = id.removeprefix("file://").partition("/")
        path = slash + path if not is_absolute(path) else path
        return path if slash else None
    return id if is_absolute(id) else None


def canonical_address(text: str, *, is_folder: bool = False) -> str:
    """Return the one spelling of an address; what is no address stays as it is.

    Args:
        text: The address as an app wrote it.
        is_folder: Whether a slash at its end means nothing.
    """
    if "::" in text:
        parts = [part for part in text.split("::") if part.lower() not in _CACHES]
        if len(parts) > 1:
            inner = canonical_address(parts[-1], is_folder=is_folder)
            return "::".join([*parts[:-1], inner])
        text = parts[0] if parts else text
    text = _ONE_SLASH.sub(r"\1://", text)
    match = _URI.match(text)
    if match is None:
        hostless = _HOSTLESS.match(text)
        if hostless is None:
            return text
        path = _folded(hostless[2], is_folder=is_folder)
        return f"{hostless[1].lower()}:{path}"
    scheme, host, path, rest = match.groups()
    scheme = _scheme(scheme.lower())
    scheme, host, path = _storage(scheme, _host(scheme, host), path)
    if scheme == "dbfs" and not host:
        return f"dbfs:{_folded(path, is_folder=is_folder)}"
    if scheme in _FILE_SYSTEMS:
        path = _folded(path, is_folder=is_folder)
    elif scheme in ("http", "https"):
        path = _escaped(path)
    if is_folder or path == "/":
        path = path.rstrip("/")
    return f"{scheme}://{host}{path}{_query(rest)}"


def _scheme(written: str) -> str:
    system, _, driver = written.partition("+")
    scheme = system if driver and system in _WITH_DRIVERS else written
    return _SCHEMES.get(scheme, scheme)


def _host(scheme: str, host: str) -> str:
    user, at, name = host.rpartition("@")
    name = name.lower()
    port = _PORTS.get(scheme)
    if port is not None:
        name = name.removesuffix(f":{port}")
    return f"{user.lower()}{at}{name}" if scheme in _CONTAINERS else name


def _storage(scheme: str, host: str, path: str) -> tuple[str, str, str]:
    """Fold the forms in which one object store is addressed."""
    if scheme == "abfss":
        container, at, account = host.rpartition("@")
        azure = _AZURE_HOST.match(account)
        if at and azure:
            host = f"{container}@{azure[1]}.dfs.core.windows.net"
        return scheme, host, path
    if scheme not in ("http", "https"):
        return scheme, host, path
    first, _, rest = path.lstrip("/").partition("/")
    aws = _AWS_HOST.match(host)
    azure = _AZURE_HOST.match(host)
    if aws and aws["bucket"]:
        return "s3", aws["bucket"], unquote(path)
    if aws and first:
        return "s3", first, f"/{unquote(rest)}"
    if azure and first:
        account = f"{first}@{azure[1]}.dfs.core.windows.net"
        return "abfss", account, f"/{unquote(rest)}"
    if host == "storage.googleapis.com" and first:
        return "gs", first, f"/{unquote(rest)}"
    return scheme, host, path


def _folded(path: str, *, is_folder: bool) -> str:
    """Fold doubled slashes and dots; a file's name may end with a slash only once."""
    if not path:
        return ""
    folded = posixpath.normpath(path)
    if folded.startswith("//"):
        folded = folded[1:]
    ends = path.endswith("/") and folded != "/" and not is_folder
    return f"{folded}/" if ends else folded


def _escaped(path: str) -> str:
    """Spell each character of a web address in one way."""

    def spell(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    return _ESCAPE.sub(spell, path)


def _query(rest: str) -> str:
    """Leave out what signs; the order of the other parameters means nothing."""
    if not rest:
        return ""
    query, hash_sign, fragment = rest.partition("#")
    parameters = [part for part in query[1:].split("&") if part]
    names = [part.partition("=")[0].lower() for part in parameters]
    is_shared = "sig" in names or "signature" in names
    kept = sorted(
        part
        for part, name in zip(parameters, names, strict=True)
        if not _SIGNING.match(name) and not (is_shared and name in _SHARED_ACCESS)
    )
    return ("?" + "&".join(kept) if kept else "") + hash_sign + fragment
