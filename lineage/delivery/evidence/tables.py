"""Tables of files: the version that Delta Lake and Iceberg keep beside their data.

A table that is used is in the state of the last commit before that: a task may have
added to it since. Where the app says which version it opened, that one is meant.
"""

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
#: Digits of a commit's number in its file's name.
_DIGITS: Final = 20
_CHANGED: Final = {"pinned": False, "pinned_reason": "changed since it was declared"}
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
        table = _first_id(log, commits)
        if table is None:
            return None
        last = int(commits[-1][:20])
        if subject.version is not None:
            text = subject.version
            number = int(text) if text.isdecimal() and len(text) <= _DIGITS else None
            return _known("delta", table, number if number in range(last + 1) else None)
        then = _until(log, commits, subject)
        return _known("delta", table, int(then[-1][:20])) if then else dict(_CHANGED)


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
        newest = _json(os.path.join(folder, numbered[-1][1]))
        table = newest.get("table-uuid")
        if not isinstance(table, str):
            return None
        if not _is_of_one_table(folder, numbered, table):
            return {"pinned": False, "pinned_reason": _SEVERAL_TABLES}
        if subject.version is not None:
            return _known("iceberg", table, _snapshot(newest, subject.version))
        then = _until(folder, [name for _, name in numbered], subject)
        if not then:
            return dict(_CHANGED)
        current = newest
        if then[-1] != numbered[-1][1]:
            current = _json(os.path.join(folder, then[-1]))
        return _known("iceberg", table, current.get("current-snapshot-id"))


def _known(kind: str, table: str, version: object) -> Findings | None:
    """Return a table's version as evidence; None where there is no such version."""
    if not isinstance(version, int):
        return None
    return {"evidence": [{"kind": kind, "value": f"{table}@{version}"}]}


def _until(folder: str, names: list[str], subject: Subject) -> list[str]:
    """Return the commits that were there when the table was used; all of an output."""
    while subject.is_input and names:
        written = os.stat(os.path.join(folder, names[-1])).st_mtime_ns
        if written <= subject.at_ns:
            break
        names = names[:-1]
    return names


def _snapshot(metadata: dict[str, Any], name: str) -> int | None:
    """Return the snapshot that an app calls so: by its id, its tag or its branch."""
    refs = metadata.get("refs")
    named = refs.get(name) if isinstance(refs, dict) else None
    if isinstance(named, dict):
        name = str(named.get("snapshot-id"))
    known = metadata.get("snapshots")
    ids = [
        one.get("snapshot-id")
        for one in (known if isinstance(known, list) else ())
        if isinstance(one, dict)
    ]
    return next((id for id in ids if isinstance(id, int) and str(id) == name), None)


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
