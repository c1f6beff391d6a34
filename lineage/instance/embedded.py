"""The embedded instance: the same routes as the served one, without a socket."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import ApiError, LineageError, StoreError, guard, logger
from ..permissions import make_folder
from .authorization import OPEN
from .http import InstanceRequest, InstanceResponse
from .json_body import parse_json
from .store.errors import StoreFaultError
from .store.migrate import known_migrations
from .store.silent_tasks import is_at_work_here
from .store.store import Store, open_store

if TYPE_CHECKING:
    from ..model.ingest import BatchAnswer
    from .embedded_adapter import EmbeddedAdapter
    from .routes import Routes

#: Where the embedded instance is reached, by whoever mounted its adapter.
ADDRESS: Final = "http://embedded.lineage"


class EmbeddedInstance:
    """An instance in this process, with its store and blobs in a folder.

    Nothing is opened before the first request or the first facts. A
    process that only brings facts loads the store, and no client and no questions.

    Args:
        home: The folder; made when missing.
    """

    address: Final = ADDRESS

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._routes: Routes | None = None
        self._is_closed = False
        # Loaded here, and not by whichever thread brings the first facts.
        known_migrations()

    @cached_property
    def adapter(self) -> EmbeddedAdapter:
        """What a client mounts at `address`; loads all that answers its requests."""
        import_module(f"{__package__}.routes")
        module = import_module(f"{__package__}.embedded_adapter")
        made: EmbeddedAdapter = module.EmbeddedAdapter(self)
        return made

    def add_texts(self, texts: Sequence[bytes]) -> BatchAnswer:
        """Store facts that are JSON texts, as `lineage.facts.add` does.

        Args:
            texts: A JSON object each.

        Raises:
            StoreError: The store cannot be opened or written, or the instance was
                closed.
            RequestError: The texts cannot be read.
            ApiError: The instance failed at them; its log has the reason.
        """
        failed = ApiError("the instance failed; its log has the reason")
        failed.status, failed.is_retryable = 500, True
        problem: LineageError = failed
        with guard("storing facts"):
            try:
                facts: Any = parse_json(b"[" + b",".join(texts) + b"]")
                batches = [(OPEN.team_ids[0], facts)]
                return self._opened_store().ingest_many(batches, may_hold_nul=False)[0]
            except StoreFaultError:
                raise  # trying again would not help: the log has the reason
            except LineageError as error:
                problem = error
        raise problem

    def handle(self, request: InstanceRequest) -> InstanceResponse:
        """Answer one request.

        Raises:
            StoreCorruptError: The store's file is damaged or is no store.
            StoreTooNewError: A newer version of lineage wrote it.
            StoreError: The instance was closed.
        """
        return self._opened().handle(request)

    def read(
        self, method: str, fields: Mapping[str, Any], headers: Mapping[str, str]
    ) -> InstanceResponse | None:
        """Answer a method that only reads, without a request.

        Returns:
            The answer; none where it has to be asked by a request.

        Raises:
            StoreError: The store cannot be opened, or the instance was closed.
        """
        return self._opened().read(method, fields, headers)

    def open(self) -> None:
        """Open the store now, and end its silent tasks.

        Raises:
            StoreError: It cannot be opened.
        """
        self._opened_store()

    def close(self) -> None:
        """Close the store for good: a thread that is still at work opens none again."""
        with self._lock:
            self._is_closed = True
            store, self._store, self._routes = self._store, None, None
        if store is not None:
            store.close()

    def _opened_store(self) -> Store:
        with self._lock:
            if self._is_closed:
                raise StoreError(f"{self.home}: this embedded instance was closed")
            if self._store is None:
                make_folder(self.home)
                self._store = open_store(f"sqlite:///{self.home / 'instance.db'}")
                _end_silent_tasks(self._store)
            return self._store

    def _opened(self) -> Routes:
        store = self._opened_store()
        with self._lock:
            if self._routes is None or self._routes.services.store is not store:
                # A process that only brings facts does not wait for this.
                from .routes import Routes
                from .services import Services

                services = Services.around(store, blobs=self.home / "blobs")
                self._routes = Routes(services)
            return self._routes


def _end_silent_tasks(store: Store) -> None:
    """End the tasks whose process is gone though nobody found what it left."""
    try:
        store.end_silent_tasks(0.0, is_alive=is_at_work_here)
    except StoreError as error:
        logger.debug("silent tasks cannot be ended: %s", error)
