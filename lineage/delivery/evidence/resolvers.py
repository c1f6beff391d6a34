"""The resolvers in their order, and what they find put together."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...errors import attempt, logger
from ...model.limits import MAX_EVIDENCE
from ...settings import Settings
from .digest_memory import DigestMemory
from .dvc import DvcResolver
from .folder import FolderBounds, FolderResolver
from .git_file import GitResolver
from .hugging_face import HuggingFaceResolver
from .local_file import LocalFileResolver
from .object_store import ObjectStoreResolver
from .protocol import Findings, Resolver, Subject
from .tables import DeltaResolver, IcebergResolver

_UNBOUNDED = FolderBounds(read_files=10**9, read_bytes=2**62)


class EvidenceFinder:
    """Asks each resolver what it knows of a subject.

    Args:
        resolvers: In the order of how much their evidence is worth.
    """

    def __init__(self, resolvers: Sequence[Resolver]) -> None:
        self._resolvers = resolvers

    def find(self, subject: Subject) -> Findings:
        """Return all that is known; a resolver that fails says nothing."""
        found: Findings = {}
        for resolver in self._resolvers:
            more = attempt(resolver.resolve, subject, _failed)
            if more:
                _merge(found, more)
        return found


def _failed(error: Exception) -> None:
    logger.debug("evidence cannot be read: %r", error)


def _merge(found: Findings, more: Findings) -> None:
    """Add what is not known yet; what names all of the content pins it."""
    evidence = [*found.get("evidence", ()), *more.get("evidence", ())]
    for name, value in more.items():
        found.setdefault(name, value)
    if evidence:
        found["evidence"] = evidence[:MAX_EVIDENCE]


def make_finder(settings: Settings, memory: DigestMemory) -> EvidenceFinder:
    """Make the resolvers that the settings allow."""
    is_all, is_off = settings.digest == "all", settings.digest == "off"
    limit = None if is_all else int(settings.digest_max_mb * 1024 * 1024)
    files = LocalFileResolver(memory, limit, time.sleep)
    folders = FolderResolver(
        files, reads=not is_off, bounds=_UNBOUNDED if is_all else None
    )
    # What a storage says of itself comes first; a table of files is not listed.
    resolvers: list[Resolver] = [
        DeltaResolver(),
        IcebergResolver(),
        ObjectStoreResolver(),
        HuggingFaceResolver(),
        *([] if is_off else [files]),
        folders,
        GitResolver(),
        DvcResolver(reads=not is_off),
    ]
    return EvidenceFinder(resolvers)
