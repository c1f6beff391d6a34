"""Routes of the questions to the graph, one for each row of `QUESTIONS`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...model.messages import Message
from ...model.parameters import Question
from ..answers import Answers
from ..graph.queries import QUESTIONS, QuestionRow
from ..params import NoParams
from ..route import RequestContext, Route
from .previews import content_of


def answer_question(call: RequestContext, body: Question) -> Message:
    """Answer a question about the teams that the caller may see."""
    status = partial(_delivery, call)
    answers = Answers(
        call.services.graph, call.team_ids, partial(content_of, call), status
    )
    return answers.answer(body)


def delivery_status(call: RequestContext, body: NoParams) -> dict[str, Any]:
    """Return what waits beside this instance to be delivered."""
    return _delivery(call)


def _delivery(call: RequestContext) -> dict[str, Any]:
    nothing = {"waiting": 0, "refused": 0, "oldest_s": None, "dropped": 0}
    source = call.services.delivery_status
    if source is None or not call.principal.is_open:
        return nothing
    return {**nothing, **source()}


def _handler(row: QuestionRow) -> Callable[..., Message]:
    """Make the handler of a question, described by what the question returns."""

    def handler(call: RequestContext, body: Question) -> Message:
        return answer_question(call, body)

    handler.__doc__ = row.query.__doc__
    return handler


ROUTES = (
    *(
        Route(row.params.endpoint, _handler(row), row.params, row.role, row.answer)
        for row in QUESTIONS.values()
    ),
    Route("lineage.delivery.status", delivery_status, NoParams, "reader"),
)
