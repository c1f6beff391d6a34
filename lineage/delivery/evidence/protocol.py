"""What a resolver of evidence is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

#: Members of a fact `evidence`; see `lineage.model.facts`.
Findings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an edge names, as far as evidence is looked for."""

    kind: str
    is_input: bool
    at_ns: int
    """When the edge was recorded, or its output looked at."""
    begun_ns: int = 0
    """When the step began that declares an output; 0 where it is not known."""
    path: str | None = None
    """The absolute path on this machine; None for another address."""
    address: str | None = None
    """The canonical address of what lies elsewhere."""
    stat: dict[str, Any] = field(default_factory=dict)
    """The state of a local file, as the app's thread saw it."""
    version: str | None = None
    """What the app itself calls the version."""
    is_own: bool = True
    """Whether this process recorded it, and did so a moment ago."""


class Resolver(Protocol):
    """Finds evidence of one kind; runs in the background, one subject at a time.

    It reads within bounds and never waits without one. What it cannot say it leaves
    out: evidence is never a guess.
    """

    def resolve(self, subject: Subject) -> Findings | None:
        """Return what is known of the subject's version; None if it is of another kind.

        Raises:
            OSError: What it names cannot be read.
        """
