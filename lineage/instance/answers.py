"""The one way from a question to its answer, whoever asks: a request or a process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import SelectorError
from ..model.details import DataDetail
from ..model.messages import Message
from ..model.parameters import Question
from ..records import record
from .content import preview_kind
from .errors import RequestError
from .graph import GraphQueries


@record(frozen=True, slots=True)
class Answers:
    """Answers the questions of one caller, with what they may see of an instance."""

    graph: GraphQueries
    team_ids: Sequence[int]
    find_content: Callable[[DataDetail], Path | None]
    """Finds the bytes of a version that may be shown to them."""
    delivery_status: Callable[[], Mapping[str, Any]] | None = None
    """What waits beside the instance, where they may know it."""

    def answer(self, params: Question) -> Message:
        """Answer a question about the teams that they may see.

        Raises:
            RequestError: A parameter makes no sense, or a condition does not hold.
            SelectorError: A selector cannot be read.
            NotFoundError: It means nothing that is known.
        """
        if params.endpoint == "lineage.tasks.get":
            _check_task_name(params)
        try:
            answer: Message = self.graph.answer(self.team_ids, params)
        except SelectorError:
            raise
        except ValueError as error:
            fields = [name for name in ("after", "cursor") if hasattr(params, name)]
            raise RequestError(
                400, str(error), field=fields[0] if fields else None,
                allowed="the value that an earlier answer gave",
            ) from error  # fmt: skip
        complete = _COMPLETE.get(params.endpoint)
        return answer if complete is None else complete(self, params, answer)


def _check_task_name(params: Any) -> None:
    if sum(name is not None for name in (params.key, params.id, params.run)) != 1:
        raise RequestError(
            400,
            "a task is named by its key, its id or its run",
            field="key",
            allowed="exactly one of key, id and run",
        )


def _check_fingerprint(_: Answers, params: Any, answer: Any) -> Message:
    """Refuse the answer where it is no longer the one that was asked for."""
    if params.if_unchanged not in (None, answer.fingerprint):
        raise RequestError(
            409,
            "what would be affected no longer matches the fingerprint; "
            f"now it is {answer.fingerprint}",
            field="if_unchanged",
            allowed=str(answer.fingerprint),
        )
    found: Message = answer
    return found


def _add_oldest(answers: Answers, _: Any, answer: Message) -> Message:
    """Add how old the oldest waiting fact is."""
    status = answers.delivery_status
    oldest = None if status is None else status().get("oldest_s")
    return answer.model_copy(update={"oldest_undelivered_s": oldest})


def _add_preview(answers: Answers, _: Any, answer: Any) -> Message:
    """Add what can be shown of a version."""
    kind = preview_kind(answer)
    is_shown = kind is not None and answers.find_content(answer) is not None
    found: Message = answer.model_copy(update={"preview": kind if is_shown else None})
    return found


#: Answers that the graph does not know whole.
_COMPLETE: Final[Mapping[str, Callable[[Answers, Any, Any], Message]]] = {
    "lineage.data.get": _add_preview,
    "lineage.graph.impact": _check_fingerprint,
    "lineage.health": _add_oldest,
}
