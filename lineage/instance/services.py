"""What handlers work with: the store, its queries, tokens, objects and blobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .blobs import Blobs
from .graph import GraphQueries
from .platform.objects import PlatformObjects
from .platform.task_records import TaskRecords
from .store import Store, open_store
from .tokens import Tokens

DeliveryStatus = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of one instance, opened together."""

    store: Store
    graph: GraphQueries
    objects: PlatformObjects
    tasks: TaskRecords
    tokens: Tokens
    blobs: Blobs
    delivery_status: DeliveryStatus | None = None
    is_local: bool = True
    """Whether paths in facts name files that this instance can read."""

    @classmethod
    def open(
        cls,
        url: str,
        *,
        blobs: Path,
        delivery_status: DeliveryStatus | None = None,
        is_local: bool = True,
    ) -> Services:
        """Open the store behind a URL and what belongs to it."""
        return cls.around(
            open_store(url),
            blobs=blobs,
            delivery_status=delivery_status,
            is_local=is_local,
        )

    @classmethod
    def around(
        cls,
        store: Store,
        *,
        blobs: Path,
        delivery_status: DeliveryStatus | None = None,
        is_local: bool = True,
    ) -> Services:
        """Make what belongs to a store that is open."""
        return cls(
            store=store,
            graph=GraphQueries(store),
            objects=PlatformObjects(store.db),
            tasks=TaskRecords(store),
            tokens=Tokens(store.db),
            blobs=Blobs(blobs),
            delivery_status=delivery_status,
            is_local=is_local,
        )

    @classmethod
    def embedded(cls, home: Path) -> Services:
        """Open the instance that lives in a folder."""
        return cls.open(f"sqlite:///{home / 'instance.db'}", blobs=home / "blobs")

    def find_kept(self, team_ids: Sequence[int], digest: str) -> Path | None:
        """Find bytes that are kept here for one of the teams, by their digest."""
        if not self.blobs.has(digest):
            return None
        is_known = self.objects.known_digests(team_ids, [digest])
        return self.blobs.path(digest) if is_known else None

    def close(self) -> None:
        """Close the store."""
        self.store.close()
