"""Tables of files: the version that Delta Lake and Iceberg keep beside their data."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from typing import Any, Final

from .protocol import Findings, Subject

_DELTA_LOG: Final = "_delta_log"
_DELTA_COMMIT: Final = re.compile(r"(\d{20})\.json$")
_ICEBERG_METADATA: Final = re.compile(r"(?:v(\d+)|(\d+)-[^/]+)\.metadata\.json$")
_MAX_READ: Final = 16 * 1024 * 1024
#: Commits that are read to find the table's own id, from the first on.
_MAX_COMMITS: Final = 20
#: Metadata files of an Iceberg table that are read to see whose they are.
_MAX_METADATA: Final = 20
_SEVERAL_TABLES: Final = "its folder holds the metadata of several Iceberg tables"


class DeltaResolver:
    """Finds the highest commit of a `_delta_log`; the table's id makes it unique."""

    def resolve(self, subject: Subject) -> Findings | None:
        """Return the table's version.

        Raises:
            OSError: The log cannot be read.
        """
        if subject.kind != "folder" or subject.path is None or not subject.is_own:
            return None
        log = os.path.join(subject.path, _DELTA_LOG)
        if not os.path.isdir(log):
            return None
        commits = sorted(n for n in os.listdir(log) if _DELTA_COMMIT.match(n))
        if not commits:
            return None
        table = _first_id(log, commits)
        version = f"{table}@{int(commits[-1][:20])}" if table else None
        if version is None:
            return None
        return {"evidence": [{"kind": "delta", "value": version}]}


class IcebergResolver:
    """Finds the current snapshot in the newest metadata file of a table."""

    def resolve(self, subject: Subject) -> Findings | None:
        """Return the table's snapshot.

        Raises:
            OSError: The metadata cannot be read.
        """
        if subject.kind != "folder" or subject.path is None or not subject.is_own:
            return None
        folder = os.path.join(subject.path, "metadata")
        if not os.path.isdir(folder):
            return None
        numbered = sorted(
            (int(found[1] or found[2]), name)
            for name in os.listdir(folder)
            if (found := _ICEBERG_METADATA.match(name))
        )
        if not numbered:
            return None
        current = _json(os.path.join(folder, numbered[-1][1]))
        table, snapshot = current.get("table-uuid"), current.get("current-snapshot-id")
        if not isinstance(table, str) or not isinstance(snapshot, int):
            return None
        if not _is_of_one_table(folder, numbered, table):
            return {"pinned": False, "pinned_reason": _SEVERAL_TABLES}
        return {"evidence": [{"kind": "iceberg", "value": f"{table}@{snapshot}"}]}


def _is_of_one_table(folder: str, numbered: list[tuple[int, str]], table: str) -> bool:
    """Whether the newest metadata file is known to be the table's current one.

    A table that is dropped leaves its files behind, and one that is renamed keeps its
    folder: what is created under the name then counts from 0 beside them, and only a
    catalogue knows which one is meant.
    """
    counts = Counter(number for number, _ in numbered)
    if counts[numbered[-1][0]] > 1:
        return False
    doubtful = [name for number, name in numbered if counts[number] > 1]
    doubtful.insert(0, numbered[0][1])
    return len(doubtful) <= _MAX_METADATA and all(
        _json(os.path.join(folder, name)).get("table-uuid") == table
        for name in doubtful
    )


def is_table(path: str) -> bool:
    """Whether a folder is a table that keeps versions itself."""
    return os.path.isdir(os.path.join(path, _DELTA_LOG)) or any(
        map(_ICEBERG_METADATA.match, _names(os.path.join(path, "metadata")))
    )


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _first_id(log: str, commits: list[str]) -> str | None:
    """Return the table's id, which its first commit holds; older ones may be gone."""
    for name in commits[:_MAX_COMMITS]:
        with open(os.path.join(log, name), "rb") as file:
            for line in file.read(_MAX_READ).splitlines():
                if b'"metaData"' not in line:
                    continue
                found = _parsed(line).get("metaData")
                if isinstance(found, dict) and isinstance(found.get("id"), str):
                    return str(found["id"])
    return None


def _json(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        return _parsed(file.read(_MAX_READ))


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
