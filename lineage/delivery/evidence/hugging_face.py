"""Hugging Face: a path in the cache names the commit of the repository."""

from __future__ import annotations

import re
from typing import Final

from .protocol import Findings, Subject

_SNAPSHOT: Final = re.compile(
    r"/(?P<kind>models|datasets|spaces)--(?P<repo>[^/]+)/snapshots/"
    r"(?P<commit>[0-9a-f]{40})(?:/(?P<file>.+))?$"
)


def shown_name(path: str) -> str | None:
    """Return the name of what lies in the cache, where files are named by their hash.

    A snapshot as a whole is named as its repository; other paths have no such name.
    """
    found = _SNAPSHOT.search(path)
    if found is None:
        return None
    return (found["file"] or found["repo"].replace("--", "/")).rpartition("/")[2]


class HuggingFaceResolver:
    """Reads the repository and its commit from the path alone."""

    def resolve(self, subject: Subject) -> Findings | None:
        """Return the revision of a file or folder of the cache."""
        found = _SNAPSHOT.search(subject.path or "")
        if found is None:
            return None
        repo = found["repo"].replace("--", "/")
        value = f"{found['kind']}/{repo}@{found['commit']}"
        return {"evidence": [{"kind": "hf-revision", "value": value}]}
