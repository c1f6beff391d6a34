"""The caller, teams and workspaces, and agents, of which there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ..errors import RequestError
from ..pagination import page_answer, start_of
from ..params import Id, IdParams, NoParams, PageParams, Params
from ..route import RequestContext, Route
from .objects import PlatformObject
from .task_records import DEFAULT_WORKSPACE

#: What a listing of teams or workspaces, which are few, can be filtered by.
_OPERATORS: Final = ("=", "eq", "in")
#: The platform's roles, for the roles that a token has here.
_ROLES: Final = {"reader": "viewer", "writer": "annotator", "admin": "admin"}
#: Teams and workspaces are not made here, so they have no time of their own.
_MADE: Final = "1970-01-01T00:00:00.000Z"


class WorkspacesForm(PageParams):
    """Which team's workspaces."""

    teamId: Id


class AgentsForm(Params):
    """Which team's agents."""

    teamId: Id


def me(call: RequestContext, body: NoParams) -> dict[str, Any]:
    """Return the user of the token."""
    login = call.principal.user or "lineage"
    return {
        "id": 1,
        "login": login,
        "role": _role(call),
        "roleId": 1,
        "name": login,
        "email": None,
        "logins": 1,
        "disabled": False,
        "lastLogin": _MADE,
        "createdAt": _MADE,
        "updatedAt": _MADE,
    }


def list_teams(call: RequestContext, body: PageParams) -> dict[str, Any]:
    """List the teams of the token."""
    return _page(body, [_team(call, id) for id in call.team_ids])


def team_info(call: RequestContext, body: IdParams) -> PlatformObject:
    """Return a team of the token."""
    return _team(call, call.team(body.id, field="id"))


def list_workspaces(call: RequestContext, body: WorkspacesForm) -> dict[str, Any]:
    """List the workspaces that projects of a team lie in."""
    team_id = call.team(body.teamId)
    ids = {DEFAULT_WORKSPACE, *call.services.objects.parents(team_id, "project")}
    return _page(body, [_workspace(team_id, id) for id in sorted(ids)])


def workspace_info(call: RequestContext, body: IdParams) -> PlatformObject:
    """Return a workspace: any number names one, as projects may be put there."""
    return _workspace(call.team(), body.id)


def agents(call: RequestContext, body: AgentsForm) -> list[PlatformObject]:
    """List a team's agents: this instance has none."""
    call.team(body.teamId)
    return []


def _role(call: RequestContext) -> str:
    return _ROLES.get(call.principal.role, "admin")


def _team(call: RequestContext, id: int) -> PlatformObject:
    return {
        "id": id,
        "name": f"team {id}",
        "description": "",
        "role": _role(call),
        "createdAt": _MADE,
        "updatedAt": _MADE,
        "usage": {"plan": "enterprise"},
    }


def _workspace(team_id: int, id: int) -> PlatformObject:
    return {
        "id": id,
        "name": f"workspace {id}",
        "description": "",
        "teamId": team_id,
        "createdAt": _MADE,
        "updatedAt": _MADE,
    }


def _page(form: PageParams, found: Sequence[PlatformObject]) -> dict[str, Any]:
    """Return the page of a short list that a listing asks for."""
    for condition in form.filter or ():
        if condition.operator not in _OPERATORS:
            raise RequestError(
                400, "the operator is not known", field="filter.operator",
                value=condition.operator, allowed=", ".join(_OPERATORS),
            )  # fmt: skip
        is_many = condition.operator == "in" and isinstance(condition.value, list)
        wanted = condition.value if is_many else [condition.value]
        found = [one for one in found if one.get(condition.field) in wanted]
    start = start_of(form)
    return page_answer(form, found[start : start + form.per_page], len(found))


ROUTES: Final = (
    Route("users.me", me, NoParams, "reader"),
    Route("teams.list", list_teams, PageParams, "reader"),
    Route("teams.info", team_info, IdParams, "reader"),
    Route("workspaces.list", list_workspaces, WorkspacesForm, "reader"),
    Route("workspaces.info", workspace_info, IdParams, "reader"),
    Route("agents.available", agents, AgentsForm, "reader"),
)
