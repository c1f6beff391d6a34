"""The route table, and how a request passes it: role, body, then the handler."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from ..errors import NotFoundError, SelectorError, StoreError, guard, warn_rarely
from ..model.messages import Message, encode_json
from .authorization import OPEN, Principal
from .errors import RequestError, from_validation
from .handlers import ALL_ROUTES
from .http import JSON_HEADERS, InstanceRequest, InstanceResponse
from .json_body import MAX_NODES, MAX_NODES_SMALL, read_json
from .route import Answer, RequestContext, Route, WriteRequest
from .services import Services
from .store import ServerAwayError, StoreFaultError
from .store.fact_types import many_facts, one_fact

#: The one table: a method that is not here does not exist.
ROUTES: Final[Mapping[str, Route]] = {route.name: route for route in ALL_ROUTES}
_NAMES_BY_PATH: Final = {route.path: route.name for route in ALL_ROUTES if route.path}


class Routes:
    """Answers requests, whoever carried them here.

    Args:
        services: What the handlers work with.
    """

    def __init__(self, services: Services) -> None:
        self.services = services

    @staticmethod
    def build_models() -> None:
        """Build the checks of all requests, before several threads answer some."""
        for route in ALL_ROUTES:
            route.model.model_rebuild()
        one_fact()
        many_facts()

    def handle(
        self, request: InstanceRequest, principal: Principal = OPEN
    ) -> InstanceResponse:
        """Answer one request of a known caller; never raises for what it holds."""
        return answered(request, lambda: self._answer(request, principal))

    def read(
        self, method: str, fields: Mapping[str, Any], headers: Mapping[str, str]
    ) -> InstanceResponse | None:
        """Answer a method that only reads, for who opened the store in this process.

        Returns:
            The answer; none where it has to be asked by a request.
        """
        route = ROUTES.get(method)
        if route is None or route.role != "reader" or route.form != "json":
            return None
        request = InstanceRequest("POST", f"/public/api/v3/{method}", headers=headers)
        call = RequestContext(self.services, OPEN, request)
        return answered(
            request, lambda: respond(route.handler(call, _checked(route, fields)))
        )

    def prepare(
        self, route: Route, request: InstanceRequest, principal: Principal
    ) -> WriteRequest | InstanceResponse | None:
        """Return the facts that a request to a route brings, without storing them.

        Returns:
            The facts; or the answer, where they are rejected; or `None` where the
            handler has to be called.
        """
        prepared: list[WriteRequest | None] = [None]

        def work() -> InstanceResponse:
            if route.prepare is not None:
                call = self._call(route, request, principal)
                prepared[0] = route.prepare(call, parse(route, request))
            return NOTHING

        answer = answered(request, work)
        return prepared[0] if answer is NOTHING else answer

    def _answer(
        self, request: InstanceRequest, principal: Principal
    ) -> InstanceResponse:
        route = find_route(request)
        call = self._call(route, request, principal)
        return respond(route.handler(call, parse(route, request)))

    def _call(
        self, route: Route, request: InstanceRequest, principal: Principal
    ) -> RequestContext:
        check_role(route, principal)
        return RequestContext(self.services, principal, request)


NOTHING: Final = InstanceResponse()
#: To make an encoder takes longer than to use it.
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def answered(
    request: InstanceRequest, work: Callable[[], InstanceResponse]
) -> InstanceResponse:
    """Do the work of a request, turning every error into its answer."""
    with guard(f"answering {request.path[:200]}"):
        try:
            return work()
        except RequestError as error:
            return error.response()
        except NotFoundError as error:
            return RequestError(404, str(error)).response()
        except SelectorError as error:
            return RequestError(400, str(error), field="selector").response()
        except StoreFaultError:
            raise  # trying again would not help: the log has the reason
        except StoreError as error:
            return _unavailable(error).response()
    return RequestError(500, "the instance failed; its log has the reason").response()


def answered_trouble(request: InstanceRequest, error: StoreError) -> InstanceResponse:
    """Answer a request whose facts could not be stored."""

    def fail() -> InstanceResponse:
        raise error

    return answered(request, fail)


def method_name(path: str) -> str:
    """Return the name of the method that a path calls; empty where it calls none."""
    return _NAMES_BY_PATH.get(path) or path.partition("/v3/")[2]


def find_route(request: InstanceRequest) -> Route:
    """Find the route of a request by its path and verb."""
    name = method_name(request.path)
    route = ROUTES.get(name)
    if route is None:
        raise RequestError(404, f"there is no method {name[:80]!r}", field="method")
    if request.verb != route.verb:
        raise RequestError(
            405,
            f"{name} is called with {route.verb}",
            field="method",
            allowed=route.verb,
            headers={"allow": route.verb},
        )
    return route


def check_role(route: Route, principal: Principal) -> None:
    """Refuse a caller whose role is less than what a route needs."""
    if route.role != "none" and not principal.may(route.role):
        raise RequestError(
            403,
            f"{route.name} needs a token of role {route.role}",
            allowed=route.role,
        )


def parse(route: Route, request: InstanceRequest) -> BaseModel | Message:
    """Read and check what a request holds."""
    if route.form == "json":
        most = MAX_NODES if route.is_bulk else MAX_NODES_SMALL
        value = read_json(request, max_nodes=most)
    else:
        value = dict(request.query)
    return _checked(route, value)


def _checked(route: Route, value: object) -> BaseModel | Message:
    try:
        return route.model.model_validate(value)
    except ValidationError as error:
        raise from_validation(error) from error


def respond(answer: Answer) -> InstanceResponse:
    """Turn what a handler returned into an answer."""
    if isinstance(answer, InstanceResponse):
        return answer
    if isinstance(answer, BaseModel):
        text = answer.model_dump_json()
    else:
        text = encode_json(answer) if isinstance(answer, Message) else _encode(answer)
    body = text.encode("utf-8", "replace")
    return InstanceResponse(200, body, JSON_HEADERS)


def _unavailable(error: StoreError) -> RequestError:
    reason = str(error)
    if isinstance(error, ServerAwayError):
        warn_rarely("store away", "the store cannot be used: %s", error)
        reason = "its server does not answer as it should; the log has the reason"
    return RequestError(
        503, f"the store cannot be used now: {reason}", headers={"retry-after": "1"}
    )
