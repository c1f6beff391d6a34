"""Chooses the exporter for an instance by the capabilities that it announces."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

from ..api.errors import describe_silence
from ..api.version import UNKNOWN, VersionCache
from ..api.workflow import Workflow
from ..errors import DeliveryError
from ..exporters import Exporter
from ..recording.fork_guard import loading
from .exporters import BatchExporter, OnState, PlatformExporter, WithNames

_BATCHES: Final = "lineage.facts.add"


class ExporterResolver:
    """Chooses the exporter of one api, again whenever the instance's answer expires.

    Args:
        make_api: Returns our `Api` or the SDK's; called once, at the first delivery.
        with_names: Adds the names of platform objects to facts for our instances.
        on_state: Called with what our instances say of their store.
    """

    def __init__(
        self,
        make_api: Callable[[], Any],
        with_names: WithNames | None = None,
        on_state: OnState | None = None,
    ) -> None:
        self._on_state = on_state
        self._make_api = make_api
        self._with_names = with_names
        self._api: Any = None
        self._batches: BatchExporter | None = None
        self._edges: PlatformExporter | None = None

    def __call__(self) -> Exporter:
        """Return the exporter that fits now.

        Raises:
            DeliveryError: The instance does not announce its version: facts wait.
        """
        if self._api is None:
            self._api = self._make_api()
        versions = getattr(self._api, "versions", None)
        if not isinstance(versions, VersionCache):
            return self._edge_exporter()
        found = versions.get(warns=False)
        if found.announced is not None and found.announced.has(_BATCHES):
            return self._batch_exporter(found.announced.max_batch)
        if found.version is None or found.version == UNKNOWN:
            versions.forget()
            server, problem = self._api.server_address, found.problem
            if problem is not None:
                why = describe_silence(server, problem)
            else:
                why = f"{server} does not announce its version"
            raise DeliveryError(why, subject=self._api) from problem
        return self._edge_exporter()

    def _batch_exporter(self, max_batch: int) -> BatchExporter:
        if self._batches is None or self._batches.max_batch != max_batch:
            with loading():
                # For `api.facts`, and only where batches are sent: loads pydantic.
                importlib.import_module("..model.ingest", __package__)
            self._batches = BatchExporter(
                self._api.facts,
                max_batch=max_batch,
                with_names=self._with_names,
                on_state=self._on_state,
            )
        return self._batches

    def _edge_exporter(self) -> PlatformExporter:
        if self._edges is None:
            self._edges = PlatformExporter(Workflow(self._api))
        return self._edges
