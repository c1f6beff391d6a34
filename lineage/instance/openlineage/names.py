"""Names of datasets: OpenLineage's namespace and name as the identity of an artifact.

Files, and objects of a store, get the names under which apps declare them, so that both
join. Everything else is a table of a database, a topic, or what else a producer names.
Source: the naming page of OpenLineage's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ...model.addresses import canonical_address
from ...redaction import redact

#: Schemes whose datasets are files or folders.
_STORES: Final = frozenset(
    {"s3", "s3a", "s3n", "gs", "gcs", "abfs", "abfss", "wasb", "wasbs", "adl", "az",
     "hdfs", "webhdfs", "dbfs", "oss", "cos", "obs", "file", "sftp", "ftp", "http",
     "https", "viewfs", "r2", "minio"}
)  # fmt: skip
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)", re.DOTALL)
_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,10}$")


@dataclass(frozen=True, slots=True)
class DatasetName:
    """What a dataset is known by in the graph."""

    kind: str
    """`file`, `folder` or `table`."""
    id: str
    name: str
    local_path: str | None = None
    """The absolute path, where no host is named."""


def dataset_name(namespace: str, name: str) -> DatasetName:
    """Return the artifact that a namespace and a name stand for."""
    namespace, name = redact(namespace.strip()), redact(name.strip())
    match = _SCHEME.fullmatch(namespace)
    if namespace.lower() in ("file", "file:", "file://", "file:///"):
        return _local(name)
    if match is not None and match[1].lower() in _STORES:
        return _stored(f"{namespace.rstrip('/')}/{name.lstrip('/')}")
    if match is not None:
        rest = match[3].rstrip("/")
        namespace = f"{match[1].lower()}://{match[2].lower()}{rest}"
    id = f"{namespace.rstrip('/')}/{name}" if namespace else name
    return DatasetName("table", id, name)


def preferred(names: Iterable[DatasetName]) -> DatasetName:
    """Return the one of several names of a dataset by which it is known.

    Where it lies comes before what a catalogue calls it: apps declare places, and two
    catalogues may call one place differently. The choice does not depend on order.
    """
    return min(names, key=lambda name: (name.kind == "table", name.id))


def _local(name: str) -> DatasetName:
    path = "/" + name.removeprefix("file:").lstrip("/") if name else "/"
    kind = _kind(path)
    short = path.rstrip("/") or "/"
    return DatasetName(kind, short, short.rpartition("/")[2] or short, short)


def _stored(address: str) -> DatasetName:
    kind = _kind(address)
    id = canonical_address(address, is_folder=kind == "folder")
    if id.startswith("/"):
        return _local(id)
    return DatasetName(kind, id, id.rstrip("/").rpartition("/")[2] or id)


def _kind(path: str) -> str:
    """Return whether a path names a file; nothing but its ending tells."""
    last = path.rpartition("/")[2]
    return "file" if _EXTENSION.search(last) else "folder"
