"""One row of the route table, and what its handler is called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel

from ..model.ingest import BatchAnswer
from ..model.messages import Message
from .errors import RequestError
from .http import InstanceRequest, InstanceResponse

if TYPE_CHECKING:
    from .authorization import Principal
    from .services import Services

Role = Literal["none", "reader", "writer", "admin"]
BodyForm = Literal["json", "raw", "query"]

Answer = (
    BaseModel | Message | Mapping[str, Any] | Sequence[Any] | InstanceResponse | str
)


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """A request whose whole work is to store facts."""

    team_id: int
    facts: Sequence[Any]
    user: str | None
    finish: Callable[[BatchAnswer], Answer]
    """Makes the request's answer of the store's."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One authorised request on its way to a handler."""

    services: Services
    principal: Principal
    request: InstanceRequest

    @property
    def team_ids(self) -> tuple[int, ...]:
        """The teams whose objects the caller may see."""
        return self.principal.team_ids

    def team(self, named: int | None = None, *, field: str = "teamId") -> int:
        """Return the team that a request is about.

        Args:
            named: What the request named; the caller's first team when nothing.
            field: The field that named it.
        """
        if named is None or self.principal.is_open:
            return self.team_ids[0]
        if named not in self.team_ids:
            raise RequestError(
                403, f"team {named} is not one of the token's", field=field
            )
        return named


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: who may call it, its request model and its answer."""

    name: str
    """The method name, below `/public/api/v3/`."""
    handler: Callable[..., Answer]
    """Called with the `RequestContext` and the request model."""
    model: type[BaseModel | Message]
    role: Role
    answer: Any = None
    """The answer's type, for the OpenAPI description."""
    verb: Literal["POST", "GET"] = "POST"
    form: BodyForm = "json"
    """`json`: a JSON body; `raw`: the handler reads the body itself, the model is
    filled from the query; `query`: a GET."""
    path: str | None = None
    """The whole path, where another protocol than the platform's orders it."""
    prepare: Callable[..., WriteRequest | None] | None = None
    """Called like the handler where the facts of several requests may share one
    commit; none when this request needs the handler."""

    @property
    def is_bulk(self) -> bool:
        """Whether its body may be large: facts, a file's bytes or an app's state."""
        return self.name in _BULK

    @property
    def is_ours(self) -> bool:
        """Whether the platform does not have it."""
        return self.name.startswith("lineage.")


_BULK: Final = frozenset(
    {
        "lineage.facts.add",
        "lineage.register.file",
        "openlineage.batch",
        "openlineage.event",
        "tasks.app-v2.data.set",
        "tasks.data.set",
        "tasks.logs.add",
        "tasks.output.set",
    }
)
