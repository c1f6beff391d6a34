"""Questions about the graph, with the names that the endpoints and the CLI have."""

from __future__ import annotations

from typing import TypeVar

from ..model.contents import RowsParams, TableRows
from ..model.messages import Message
from ..model.parameters import Question
from ..model.questions import GraphQuestions
from ..redaction import redact
from .resource import Resource

_A = TypeVar("_A", bound=Message)


class GraphApi(Resource, GraphQuestions):
    """Asks a lineage instance over HTTP; bound as `api.graph`.

    The questions are those of `GraphQuestions`. Each raises
    `IncompatibleInstanceError` where the instance does not offer it.
    """

    def __repr__(self) -> str:
        address = self._api.server_address
        name = self._api.transport.mounted_name(address) or redact(address)
        return f"<lineage graph of {name}>"

    def ask(self, params: Question, answer: type[_A]) -> _A:
        """Send the parameters of any question and return its answer.

        Args:
            params: The parameters of the question, such as
                `ImpactParams(of="file:a.csv")`.
            answer: The class of the answer, such as `ImpactAnswer`.
        """
        fields = params.model_dump()
        return answer.model_validate(self._call_announced(params.endpoint, fields))

    def preview(self, key: str) -> bytes:
        """Return the bytes of a text or an image that the instance can read.

        Args:
            key: The key of the version's node, such as `data:345`, or another selector
                of it.
        """
        return self._api.post("lineage.data.preview", {"key": key}).content

    def rows(self, key: str) -> TableRows:
        """Return the schema and the first rows of a table that the instance can read.

        Args:
            key: The key of the version's node, such as `data:345`, or another selector
                of it.
        """
        return self.ask(RowsParams(key=key), TableRows)
