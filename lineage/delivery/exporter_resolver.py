"""The target: which sink an instance gets, by what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..api.version import UNKNOWN, VersionCache
from ..api.workflow import Workflow
from ..errors import DeliveryError
from .exporters import BatchExporter, Exporter, PlatformExporter

_BATCHES: Final = "lineage.facts.add"


class ExporterResolver:
    """Chooses the sink of one api, anew whenever the instance's answer expires.

    Args:
        make_api: Makes our `Api`, or gives the platform's SDK's; called once, at the
            first delivery.
    """

    def __init__(self, make_api: Callable[[], Any]) -> None:
        self._make_api = make_api
        self._api: Any = None
        self._batches: BatchExporter | None = None
        self._edges: PlatformExporter | None = None

    def __call__(self) -> Exporter:
        """Give the sink that fits now.

        Raises:
            DeliveryError: The instance does not tell what it is: facts wait.
        """
        if self._api is None:
            self._api = self._make_api()
        versions = getattr(self._api, "versions", None)
        if not isinstance(versions, VersionCache):
            return self._edge_sink()
        found = versions.get()
        if found.announced is not None and found.announced.has(_BATCHES):
            return self._batch_sink(found.announced.max_batch)
        if found.version is None or found.version == UNKNOWN:
            versions.forget()
            raise DeliveryError(
                f"{self._api.server_address} cannot be reached, or does not tell its "
                "version",
                subject=self._api,
            )
        return self._edge_sink()

    def _batch_sink(self, max_batch: int) -> BatchExporter:
        if self._batches is None or self._batches.max_batch != max_batch:
            self._batches = BatchExporter(self._api.facts, max_batch=max_batch)
        return self._batches

    def _edge_sink(self) -> PlatformExporter:
        if self._edges is None:
            self._edges = PlatformExporter(Workflow(self._api))
        return self._edges
