"""Hugging Face: a path in the cache names the commit of the repository."""

from __future__ import annotations

import re
from typing import Final

from .protocol import Findings, Subject

_SNAPSHOT: Final = re.compile(
    r"/(?P<kind>models|datasets|spaces)--(?P<repo>[^/]+)/snapshots/"
    r"(?P<commit>[0-9a-f]{40})(?:/|$)"
)


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
