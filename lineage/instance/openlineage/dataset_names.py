"""What apps call a dataset that an event names by its namespace and name."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from ...model.addresses import canonical_address, local_file
from ...model.kinds import KINDS
from ...model.limits import MAX_PATH
from ...model.openlineage import NAMESPACE

Artifact = tuple[str, str]
"""The kind of an artifact, and its canonical name."""
#: Kinds of artifacts that may be one place, which names of other kinds mean as well.
PLACES: Final = ("file", "folder", "table")
#: The first part of an object's address is the bucket, which the namespace may lack.
_BUCKETS: Final = frozenset(
    {"s3", "s3a", "s3n", "gs", "gcs", "oss", "cos", "cosn", "obs"}
)
#: Schemes of storages whose objects are files; any other namespace has tables.
_FILES: Final = _BUCKETS | {
    "abfss", "abfs", "wasbs", "wasb", "adl", "hdfs", "webhdfs", "viewfs", "dbfs",
    "sftp", "ftp", "nfs", "smb", "http", "https",
}  # fmt: skip


def artifact_of(dataset: Mapping[str, Any]) -> Artifact:
    """Return kind and id of a dataset, by the names that apps and other tools use."""
    return _artifact_named(str(dataset["namespace"]), str(dataset["name"]))


# Producers name the same datasets again and again, and each is looked up several times,
# also those of an event that has as many as are allowed.
@lru_cache(maxsize=32_768)
def _artifact_named(namespace: str, name: str) -> Artifact:
    if namespace == NAMESPACE:
        kind, slash, id = name.partition("/")
        if slash and kind in KINDS and id:
            return kind, id
    if not namespace:
        namespace, name = _split(name)
    scheme, has_address, _ = namespace.partition("://")
    scheme = scheme.lower().rstrip(":")
    if scheme == "file":
        return _local(namespace, name)
    if has_address or scheme in _FILES:
        return _of_address(_address(namespace, name))
    return "table", f"{namespace}/{name}" if namespace else name


def _split(name: str) -> tuple[str, str]:
    """Return the namespace of a name that has none: what it says itself."""
    if name.startswith("/"):
        return "file", name
    scheme, colons, rest = name.partition("://")
    return (f"{scheme}://", rest) if colons and scheme.lower() in _FILES else ("", name)


def _local(namespace: str, name: str) -> Artifact:
    """Return the artifact of a file of some machine."""
    rest = namespace.partition("://")[2]
    host, slash, folder = rest.partition("/")
    path = local_file(name) or name
    if slash and folder:
        path = f"/{folder}/{path}"
    if not path.startswith("/"):
        if not host:
            return "file", path
        path = f"/{path}"
    kind = "folder" if path.endswith("/") else "file"
    path = "/" + posixpath.normpath(path).lstrip("/")
    host = host.lower()
    return kind, path if host in ("", "localhost") else f"file://{host}{path}"


def _address(namespace: str, name: str) -> str:
    scheme, _, rest = namespace.partition("://")
    rest, name = rest.rstrip("/"), name[1:] if name[:1] == "/" else name
    if not rest and scheme.lower() in _BUCKETS:
        return f"{scheme}://{name}"
    return f"{scheme}://{rest}/{name}"


def _of_address(address: str) -> Artifact:
    # As an app's address is spelled: hosts and schemes in lower case, no default port.
    named = canonical_address(address)
    if named.partition(":")[0] not in _FILES:
        return "table", named
    if named.endswith("/") and "?" not in named and "#" not in named:
        return "folder", canonical_address(address, is_folder=True)
    return "file", named


def symlinks_of(dataset: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the other names that a dataset has."""
    facet = dataset["facets"].get("symlinks")
    found = facet.get("identifiers") if isinstance(facet, Mapping) else None
    return [
        item for item in (found if isinstance(found, list) else ()) if is_named(item)
    ]


def is_named(value: object) -> bool:
    """Whether a facet names a dataset, as briefly as a store can keep names."""
    if not isinstance(value, Mapping):
        return False
    name, namespace = value.get("name"), value.get("namespace")
    if not isinstance(name, str) or not isinstance(namespace, str) or not name:
        return False
    return len(name) + len(namespace) < MAX_PATH
