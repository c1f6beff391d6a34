"""What an edge knows of the version that it names, ranked from best to weakest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ...model.facts import Companion, Evidence, FileStat, Manifest

#: Ranks of evidence, best first. An app's own name for a version says which one it is,
#: though not that the artifact is in that state now.
NAMED: Final = 0
COMPANIONS: Final = 1
DIGEST: Final = 2
STORAGE: Final = 3
STAT: Final = 4

#: Kinds of storage evidence that are as weak as a file's size and time.
_WEAK: Final = frozenset({"dir-stat"})
#: Members of an edge that may also come later, in an `evidence` fact.
MEMBERS: Final = (
    "stat", "size", "version", "evidence", "normalised", "unwritten", "pinned",
    "pinned_reason", "companions", "manifest",
)  # fmt: skip
#: Evidence that names a version of a table, which need not be its newest.
_OF_TABLES: Final = ("delta:", "iceberg:")
PINS: Final = ("version_id", "version_num")
#: Any of these makes an edge one with evidence.
ALL_MEMBERS: Final = frozenset((*MEMBERS, *PINS))


class Token(NamedTuple):
    """One piece of evidence; two edges that share it name one version."""

    rank: int
    text: str


@dataclass(frozen=True, slots=True)
class VersionEvidence:
    """What one edge knows of its version."""

    tokens: tuple[Token, ...] = ()
    size: int | None = None
    digest: str | None = None
    normalised: str | None = None
    is_unwritten: bool = False
    pinned: bool | None = None
    pinned_reason: str | None = None
    manifest: str | None = None
    stated: str | None = None
    version_id: int | None = None
    number: int | None = None

    @property
    def observes(self) -> bool:
        """Whether somebody looked at the content, so that it was current then.

        A table may be opened at any of its versions: who names one saw no other.
        """
        return any(
            token.rank > NAMED
            and not (self.stated is not None and token.text.startswith(_OF_TABLES))
            for token in self.tokens
        )

    @property
    def names_platform_version(self) -> bool:
        """Whether it is known by the platform's own id or number."""
        return self.version_id is not None or self.number is not None


NO_EVIDENCE: Final = VersionEvidence()
_RANKED: Final = {"companions": COMPANIONS, "said": NAMED, "sha256": DIGEST}


def members_of(fact: Mapping[str, Any]) -> dict[str, Any]:
    """Return the evidence members of a fact as plain JSON values."""
    found: dict[str, Any] = {}
    for name in (*MEMBERS, *PINS):
        value = fact.get(name)
        if value is not None:
            found[name] = _plain(value)
    return found


def from_members(members: Mapping[str, Any]) -> VersionEvidence:
    """Read the members of an edge and of the facts that completed it."""
    stat = members.get("stat") or {}
    tokens = set(_named(members))
    for kind, value in members.get("evidence") or ():
        rank = STAT if kind in _WEAK else _RANKED.get(kind, STORAGE)
        tokens.add(Token(rank, f"{kind}:{value}"))
    digest = stat.get("digest") or next(
        (token.text for token in tokens if token.rank == DIGEST), None
    )
    if digest is not None:
        tokens.add(Token(DIGEST, digest))
    if stat.get("is_open"):
        stat = {}  # What the process left in the end is another state.
    # Where other files hold a part of the content, it changes without its own state.
    if stat and not any(token.rank == COMPANIONS for token in tokens):
        seen = f"stat:{stat['size']}:{stat['mtime_ns']}:{stat.get('inode')}"
        tokens.add(Token(STAT, seen))
    manifest = members.get("manifest")
    sizes = (stat.get("size"), manifest and manifest["bytes"], members.get("size"))
    return VersionEvidence(
        tokens=tuple(sorted(tokens)),
        size=next((size for size in sizes if size is not None), None),
        digest=digest,
        normalised=members.get("normalised"),
        is_unwritten=bool(members.get("unwritten")),
        pinned=members.get("pinned"),
        pinned_reason=members.get("pinned_reason"),
        manifest=manifest["digest"] if manifest else None,
        stated=members.get("version"),
        version_id=members.get("version_id"),
        number=members.get("version_num"),
    )


def read(own: str | None, late: str | None) -> VersionEvidence:
    """Read the evidence of a stored edge: its own, completed by what came later."""
    if own is None and late is None:
        return NO_EVIDENCE
    members = {} if own is None else json.loads(own)
    if late is not None:
        members |= {name: value for name, (*_, value) in json.loads(late).items()}
    return from_members(members)


def merge_late(known: str | None, fact: Mapping[str, Any], uid: str) -> str:
    """Add an `evidence` fact to the late evidence of an edge, in any order.

    Each member is taken from a fact with a digest; of several, from the latest.
    """
    merged = {} if known is None else json.loads(known)
    stat = fact.get("stat")
    has_digest = stat is not None and stat.digest is not None
    for name, value in members_of(fact).items():
        entry = [has_digest, fact["at"], uid, value]
        if name not in merged or merged[name][:3] < entry[:3]:
            merged[name] = entry
    return json.dumps(merged)


def pinned_tokens(id: int | None, number: int | None) -> list[Token]:
    """Return the platform's own names for a version of a project."""
    texts = (None if id is None else f"v{id}", None if number is None else f"n{number}")
    return [Token(NAMED, text) for text in texts if text is not None]


def _named(members: Mapping[str, Any]) -> list[Token]:
    named = pinned_tokens(members.get("version_id"), members.get("version_num"))
    if members.get("version") is not None:
        named.append(Token(NAMED, f"said:{members['version']}"))
    return named


def _plain(value: Any) -> Any:
    if isinstance(value, FileStat | Companion):
        return value.model_dump(exclude_none=True, exclude_defaults=True)
    if isinstance(value, Manifest):
        return {"digest": value.digest, "files": value.files, "bytes": value.bytes}
    if isinstance(value, list):
        return [
            [item.kind, item.value] if isinstance(item, Evidence) else _plain(item)
            for item in value
        ]
    return value
