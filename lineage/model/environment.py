"""What a task ran in: one version for each set of members, known by its digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

#: What the names of installed packages begin with.
PACKAGE: Final = "package:"
COMMIT: Final = "git.commit"
BRANCH: Final = "git.branch"
PATCH: Final = "git.patch"
HOST: Final = "host"
PYTHON: Final = "python"
#: Members that are fields of a task as well; comparisons name them once.
OF_TASK: Final = {COMMIT: "git_commit", HOST: "host", PYTHON: "python"}
#: Members that seldom explain a difference, named after all others.
WEAK: Final = (BRANCH, HOST)


def environment_digest(members: Mapping[str, str]) -> str:
    """Return the digest of an environment: equal members, equal digest."""
    # A command that only shows environments makes no digest.
    import hashlib

    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


_SHOWN: Final = {PATCH: "uncommitted changes", "gpu": "GPU", "gpu.driver": "GPU driver"}


def shown_member(name: str) -> str:
    """Return a member's name as people read it: `git commit`, `numpy`."""
    if name.startswith(PACKAGE):
        return name.removeprefix(PACKAGE)
    return _SHOWN.get(name) or name.replace(".", " ").replace("_", " ")


def shown_value(name: str, value: Any) -> str:
    """Return a member's value as people read it: commits and digests are cut."""
    if value is None:
        return "nothing"
    if name in (COMMIT, "git_commit"):
        return str(value)[:7]
    return str(value)[:14] if name == PATCH else str(value)
