"""Routes of the questions to the graph, one for each row of `QUESTIONS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...errors import SelectorError
from ...model.comparisons import ImpactParams
from ...model.graph import HealthParams, Question, TaskParams
from ...model.messages import Message
from ..errors import RequestError
from ..graph.queries import QUESTIONS, QuestionRow
from ..params import NoParams
from ..route import RequestContext, Route


def answer_question(call: RequestContext, body: Question) -> Message:
    """Answer a question about the teams that the caller may see.

    Raises:
        RequestError: An `after` or a cursor is not the one of an earlier answer.
    """
    try:
        answer: Message = call.services.graph.ask(call.team_ids, body)
    except SelectorError:
        raise
    except ValueError as error:
        fields = [name for name in ("after", "cursor") if hasattr(body, name)]
        raise RequestError(
            400, str(error), field=fields[0] if fields else None,
            allowed="the value that an earlier answer gave",
        ) from error  # fmt: skip
    return answer


def get_task(call: RequestContext, body: TaskParams) -> Message:
    """Return everything known about a task.

    Raises:
        RequestError: It is not named by exactly one of key, id and run.
    """
    if sum(name is not None for name in (body.key, body.id, body.run)) != 1:
        raise RequestError(
            400,
            "a task is named by its key, its id or its run",
            field="key",
            allowed="exactly one of key, id and run",
        )
    return answer_question(call, body)


def impact(call: RequestContext, body: ImpactParams) -> Message:
    """List what deleting or changing something would affect."""
    answer = answer_question(call, body)
    fingerprint = getattr(answer, "fingerprint", None)
    if body.if_unchanged not in (None, fingerprint):
        raise RequestError(
            409,
            "what would be affected no longer matches the fingerprint; "
            f"now it is {fingerprint}",
            field="if_unchanged",
            allowed=str(fingerprint),
        )
    return answer


def health(call: RequestContext, body: HealthParams) -> Message:
    """Count how complete the graph is, and how old the oldest waiting fact is."""
    answer = answer_question(call, body)
    oldest = _delivery(call).get("oldest_s")
    return answer.model_copy(update={"oldest_undelivered_s": oldest})


def delivery_status(call: RequestContext, body: NoParams) -> dict[str, Any]:
    """Return what waits beside this instance to be delivered."""
    return _delivery(call)


def _delivery(call: RequestContext) -> dict[str, Any]:
    nothing = {"waiting": 0, "refused": 0, "oldest_s": None, "dropped": 0}
    source = call.services.delivery_status
    if source is None or not call.principal.is_open:
        return nothing
    return {**nothing, **source()}


#: Questions whose answer the handler completes or guards.
_HANDLERS: Final[Mapping[str, Callable[..., Message]]] = {
    "get_task": get_task,
    "impact": impact,
    "health": health,
}
#: `previews` answers this one: it knows which bytes can be shown.
_ELSEWHERE = ("get_data",)


def _handler(row: QuestionRow) -> Callable[..., Message]:
    """Make the handler of a question, described by what the question returns."""

    def handler(call: RequestContext, body: Question) -> Message:
        return answer_question(call, body)

    handler.__doc__ = row.query.__doc__
    return handler


ROUTES = (
    *(
        Route(
            row.params.endpoint,
            _HANDLERS.get(name) or _handler(row),
            row.params,
            row.role,
            row.answer,
        )
        for name, row in QUESTIONS.items()
        if name not in _ELSEWHERE
    ),
    Route("lineage.delivery.status", delivery_status, NoParams, "reader"),
)
