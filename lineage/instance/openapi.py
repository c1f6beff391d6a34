"""Describes the endpoints that are ours, in OpenAPI 3.1, from their models.

`python -m lineage.instance.openapi` prints the description.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ..model.json_forms import form
from ..model.messages import Message
from .handlers.instance_info import package_version
from .route import Route
from .routes import ROUTES

_REF: Final = "#/components/schemas/{model}"


class ErrorDetails(BaseModel):
    """What is wrong with a request, and what would be right."""

    message: str
    field: str | None = None
    type: str | None = None
    allowed: str | None = None


class ErrorBody(BaseModel):
    """The platform's error body."""

    error: str
    details: ErrorDetails


_ERRORS: Final[Mapping[str, str]] = {
    "400": "The request is not as it should be.",
    "401": "A token is needed, or it is not valid.",
    "403": "The token does not allow it.",
    "404": "It is not known, or not to this token.",
    "409": "It is not as the request supposes.",
    "413": "The request is too large.",
    "429": "Too many requests; come again.",
}


def description(routes: Mapping[str, Route] = ROUTES) -> dict[str, Any]:
    """Return the OpenAPI description of the endpoints that are ours."""
    ours = [routes[name] for name in sorted(routes) if routes[name].is_ours]
    refs, components = models_json_schema(_models(ours), ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "lineage instance",
            "version": package_version(),
            "description": "What an instance offers beyond the platform's protocol.",
        },
        "servers": [{"url": "/public/api/v3"}],
        "security": [{"token": []}, {"session": [], "page": []}, {}],
        "paths": {
            f"/{route.name}": {"post": _operation(route, refs)} for route in ours
        },
        "components": {
            "schemas": components.get("$defs", {}),
            "securitySchemes": _SCHEMES,
        },
    }


_SCHEMES: Final = {
    "token": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "session": {"type": "apiKey", "in": "cookie", "name": "lineage_session"},
    "page": {"type": "apiKey", "in": "header", "name": "x-lineage-page"},
}


def _models(ours: list[Route]) -> list[tuple[type[BaseModel], Any]]:
    requests = {_form(route.model): "validation" for route in ours}
    answers = {
        _form(route.answer): "serialization"
        for route in ours
        if isinstance(route.answer, type)
        and issubclass(route.answer, (BaseModel, Message))
    }
    found: list[tuple[type[BaseModel], Any]] = [
        *requests.items(),
        *answers.items(),
        (ErrorBody, "serialization"),
    ]
    return sorted(found, key=lambda pair: pair[0].__name__)


def _form(model: type[BaseModel | Message]) -> type[BaseModel]:
    """Return what pydantic can describe."""
    return form(model) if issubclass(model, Message) else model


def _operation(route: Route, refs: Mapping[Any, Any]) -> dict[str, Any]:
    summary = (route.handler.__doc__ or "").split("\n")[0].strip()
    return {
        "operationId": route.name.removeprefix("lineage.").replace("-", "_"),
        "summary": summary,
        "requestBody": {
            "required": True,
            "content": _content(refs[(_form(route.model), "validation")]),
        },
        "responses": {
            "200": {"description": "Done.", "content": _answer(route, refs)},
            **{
                status: {
                    "description": text,
                    "content": _content(refs[(ErrorBody, "serialization")]),
                }
                for status, text in _ERRORS.items()
            },
        },
    }


def _answer(route: Route, refs: Mapping[Any, Any]) -> dict[str, Any]:
    if route.answer is None:
        return _content({"type": "object"})
    if route.answer is bytes:
        # A file of some kind; one that is JSON holds whatever its format says.
        binary = {"type": "string", "format": "binary"}
        return {**_content({}), "*/*": {"schema": binary}}
    return _content(refs[(_form(route.answer), "serialization")])


def _content(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def text() -> str:
    """Return the description as it is committed beside the page's sources."""
    return json.dumps(description(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")  # noqa: T201  # its purpose
