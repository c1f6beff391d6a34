"""Questions about the graph: thin doors over `GraphQueries`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import Field

from ...errors import SelectorError
from ...model.graph import (
    ChangesAnswer,
    DiffAnswer,
    GraphAnswer,
    HealthAnswer,
    ImpactAnswer,
    Node,
    ProvenanceAnswer,
    SearchAnswer,
    StaleAnswer,
    TaskDetail,
    TasksPage,
)
from ...model.kinds import DATA_KINDS
from ..errors import RequestError
from ..params import Id, NoParams, Params, PathText, Text
from ..route import Answer, RequestContext, Route

#: Hops told in a number; without limit is null.
MAX_HOPS: Final = 1_000_000

Selector = PathText
Hops = Annotated[int, Field(ge=0, le=MAX_HOPS)] | None
Limit = Annotated[int, Field(ge=1, le=10_000)]
Moment = Annotated[float, Field(ge=0, le=32_503_680_000, allow_inf_nan=False)]
KindName = Annotated[str, Field(pattern=f"^({'|'.join(DATA_KINDS)})$")]
Kinds = Annotated[list[KindName], Field(max_length=len(DATA_KINDS))]
Statuses = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=16)]


class TasksForm(Params):
    """Which tasks to list."""

    text: Text | None = None
    status: Annotated[str, Field(max_length=64)] | None = None
    kind: KindName | None = None
    since: Moment | None = None
    until: Moment | None = None
    limit: Limit = 50
    after: Text | None = None


class TaskForm(Params):
    """Which task to tell of: by the key of its card, or by its number alone."""

    key: Annotated[str, Field(pattern=r"^task:[0-9]{1,18}(@[0-9]{1,18})?$")] | None = (
        None
    )
    """The key, which tells tasks of several teams with one number apart."""
    id: Id | None = None
    """The number; of several teams' tasks with it, the first team's is told of."""


class DataForm(Params):
    """Which version of a thing."""

    key: Annotated[str, Field(pattern=r"^data:[0-9]{1,18}$")]


class DeleteForm(Params):
    """Which version of a thing (`data:12`), or which thing with all its versions."""

    key: Selector


class GraphForm(Params):
    """Which part of the graph."""

    select: Selector
    up: Hops = 1
    down: Hops = 1
    kinds: Kinds | None = None
    statuses: Statuses | None = None
    as_of: Moment | None = None
    limit: Limit = 500
    after: Text | None = None


class WalkForm(Params):
    """What to walk from, and how far."""

    of: Selector
    depth: Hops = None
    kinds: Kinds | None = None
    as_of: Moment | None = None
    limit: Limit = 500
    after: Text | None = None


class ImpactForm(Params):
    """What would be deleted."""

    of: Selector
    as_of: Moment | None = None
    if_unchanged: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class OfForm(Params):
    """One thing, perhaps as of a moment."""

    of: Selector
    as_of: Moment | None = None


class DiffForm(Params):
    """Two tasks."""

    a: Selector
    b: Selector


class StaleForm(Params):
    """Where to look for stale outputs; everywhere when left out."""

    of: Selector | None = None
    limit: Limit = 100
    after: Text | None = None


class PathForm(Params):
    """Two things."""

    source: Selector
    target: Selector
    as_of: Moment | None = None


class SearchForm(Params):
    """What was typed."""

    text: Text
    kinds: Kinds | None = None
    limit: Limit = 20
    after: Text | None = None


class ChangesForm(Params):
    """From where on to look for news."""

    cursor: Annotated[str, Field(max_length=200)] | None = None


def asking(
    handler: Callable[[RequestContext, Any], Answer],
) -> Callable[[RequestContext, Any], Answer]:
    """Refuse what a question cannot read: an `after` or a cursor of another kind."""

    @functools.wraps(handler)
    def asked(call: RequestContext, body: Any) -> Answer:
        try:
            return handler(call, body)
        except SelectorError:
            raise
        except ValueError as error:
            fields = [name for name in ("after", "cursor") if hasattr(body, name)]
            raise RequestError(
                400, str(error), field=fields[0] if fields else None,
                allowed="what an earlier answer gave",
            ) from error  # fmt: skip

    return asked


def list_tasks(call: RequestContext, body: TasksForm) -> TasksPage:
    """List tasks, newest first."""
    return call.services.graph.list_tasks(call.team_ids, **_fields(body))


def get_task(call: RequestContext, body: TaskForm) -> TaskDetail:
    """Tell everything known of a task."""
    named = body.key if body.id is None else body.id
    if named is None or (body.key is not None and body.id is not None):
        raise RequestError(400, "a task is named by key or by id", field="key",
                      allowed="exactly one of key and id")  # fmt: skip
    return call.services.graph.get_task(call.team_ids, id=named)


def delete_data(call: RequestContext, body: DeleteForm) -> Node:
    """Mark a thing as deleted; the graph keeps it."""
    return call.services.graph.delete_data(call.team_ids, key=body.key)


def get_graph(call: RequestContext, body: GraphForm) -> GraphAnswer:
    """Give a part of the graph."""
    return call.services.graph.get(call.team_ids, **_fields(body))


def upstream(call: RequestContext, body: WalkForm) -> GraphAnswer:
    """Give what something came from."""
    return call.services.graph.upstream(call.team_ids, **_fields(body))


def downstream(call: RequestContext, body: WalkForm) -> GraphAnswer:
    """Give what came from something."""
    return call.services.graph.downstream(call.team_ids, **_fields(body))


def impact(call: RequestContext, body: ImpactForm) -> ImpactAnswer:
    """Tell what deleting something would break."""
    answer = call.services.graph.impact(call.team_ids, of=body.of, as_of=body.as_of)
    if body.if_unchanged not in (None, answer.fingerprint):
        raise RequestError(
            409,
            "what would break is no longer what the fingerprint stands for; "
            f"now it is {answer.fingerprint}",
            field="if_unchanged",
            allowed=answer.fingerprint,
        )
    return answer


def provenance(call: RequestContext, body: OfForm) -> ProvenanceAnswer:
    """Tell where one output came from."""
    return call.services.graph.provenance(call.team_ids, **_fields(body))


def diff(call: RequestContext, body: DiffForm) -> DiffAnswer:
    """Tell what differs between two tasks."""
    return call.services.graph.diff(call.team_ids, a=body.a, b=body.b)


def stale(call: RequestContext, body: StaleForm) -> StaleAnswer:
    """List outputs made from something that has a newer version."""
    return call.services.graph.stale(call.team_ids, **_fields(body))


def path(call: RequestContext, body: PathForm) -> GraphAnswer:
    """Give a way from one thing to another."""
    return call.services.graph.path(call.team_ids, **_fields(body))


def search(call: RequestContext, body: SearchForm) -> SearchAnswer:
    """Find things by name, path, id or digest."""
    return call.services.graph.search(call.team_ids, **_fields(body))


def health(call: RequestContext, body: NoParams) -> HealthAnswer:
    """Tell how complete the graph is."""
    answer = call.services.graph.health(call.team_ids)
    oldest = _delivery(call).get("oldest_s")
    return answer.model_copy(update={"oldest_undelivered_s": oldest})


def changes(call: RequestContext, body: ChangesForm) -> ChangesAnswer:
    """Tell what is new since a cursor."""
    return call.services.graph.changes(call.team_ids, cursor=body.cursor)


def delivery_status(call: RequestContext, body: NoParams) -> dict[str, Any]:
    """Tell what waits beside this instance to be delivered."""
    return _delivery(call)


def _delivery(call: RequestContext) -> dict[str, Any]:
    nothing = {"waiting": 0, "refused": 0, "oldest_s": None, "dropped": 0}
    source = call.services.delivery_status
    if source is None or not call.principal.is_open:
        return nothing
    return {**nothing, **source()}


def _fields(body: Params) -> dict[str, Any]:
    return dict(body)


ROUTES = (
    Route("lineage.tasks.list", asking(list_tasks), TasksForm, "reader", TasksPage),
    Route("lineage.tasks.get", asking(get_task), TaskForm, "reader", TaskDetail),
    Route("lineage.data.delete", asking(delete_data), DeleteForm, "admin", Node),
    Route("lineage.graph.get", asking(get_graph), GraphForm, "reader", GraphAnswer),
    Route("lineage.graph.upstream", asking(upstream), WalkForm, "reader", GraphAnswer),
    Route(
        "lineage.graph.downstream", asking(downstream), WalkForm, "reader", GraphAnswer
    ),
    Route("lineage.graph.impact", asking(impact), ImpactForm, "reader", ImpactAnswer),
    Route(
        "lineage.graph.provenance",
        asking(provenance),
        OfForm,
        "reader",
        ProvenanceAnswer,
    ),
    Route("lineage.graph.diff", asking(diff), DiffForm, "reader", DiffAnswer),
    Route("lineage.graph.stale", asking(stale), StaleForm, "reader", StaleAnswer),
    Route("lineage.graph.path", asking(path), PathForm, "reader", GraphAnswer),
    Route("lineage.search", asking(search), SearchForm, "reader", SearchAnswer),
    Route("lineage.health", asking(health), NoParams, "reader", HealthAnswer),
    Route("lineage.changes", asking(changes), ChangesForm, "reader", ChangesAnswer),
    Route("lineage.delivery.status", asking(delivery_status), NoParams, "reader"),
)
