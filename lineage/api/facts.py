"""Facts in batches, to an instance that announces it takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from .bodies import Body
from .resource import Resource

if TYPE_CHECKING:
    from ..model.ingest import BatchAnswer


class FactsApi(Resource):
    """Sends facts; bound as `api.facts`."""

    def add(self, facts: Sequence[Mapping[str, Any]]) -> BatchAnswer:
        """Send a batch; sending one twice stores it once.

        Args:
            facts: In the form of `model.facts`, each with its `uid`.

        Returns:
            How many were stored, how many were there already, and which were
            refused and why.

        Raises:
            IncompatibleInstanceError: The instance takes no batches.
            ApiError: The batch as a whole was not taken.
        """
        body = {"facts": list(facts)}
        return _answer(self._call_announced("lineage.facts.add", body))

    def add_texts(self, texts: Sequence[bytes]) -> BatchAnswer:
        """Send a batch of facts that are JSON texts already, without reading them.

        Args:
            texts: A JSON object each, as `add` takes them.

        Raises:
            ApiError: The batch as a whole was not taken.
        """
        content = b'{"facts":[' + b",".join(texts) + b"]}"
        body = Body(lambda: nullcontext((content, "application/json")))
        return _answer(self._call("lineage.facts.add", body))


def _answer(value: Any) -> BatchAnswer:
    # Loads pydantic, which nothing else of this client needs.
    from ..model.ingest import BatchAnswer

    return BatchAnswer.model_validate(value)
