"""Request errors: what a client did wrong, in the platform's error form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..errors import LineageError
from .http import JSON_TYPE, InstanceResponse

if TYPE_CHECKING:
    from pydantic import ValidationError

_SHORT: Final = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    408: "Request timeout",
    409: "Conflict",
    413: "Payload too large",
    415: "Unsupported media type",
    416: "Range not satisfiable",
    429: "Too many requests",
    503: "Unavailable",
}

_JSON_NAMES: Final = {
    "NoneType": "null",
    "bool": "boolean",
    "int": "number",
    "float": "number",
    "str": "string",
    "list": "array",
    "dict": "object",
}


class RequestError(LineageError):
    """A request that is not carried out, and why.

    Args:
        status: The HTTP status to answer.
        message: What is wrong and what would be right, in one sentence.
        field: The field at fault, as a path (`node.id`).
        value: Its value; only its type is shown.
        allowed: What the field may hold.
        headers: Headers to answer with.
        details: Further members of the answer's details.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        field: str | None = None,
        value: Any = ...,
        allowed: str | None = None,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, subject=field)
        self.details = dict(details or {})
        self.status = status
        self.message = message
        self.field = field
        self.type = None if value is ... else json_type(value)
        self.allowed = allowed
        self.headers = dict(headers or {})

    def response(self) -> InstanceResponse:
        """Return the answer in the platform's error form."""
        details = {
            **self.details,
            "message": self.message,
            "field": self.field,
            "type": self.type,
            "allowed": self.allowed,
        }
        body = {
            "error": _SHORT.get(self.status, "Error"),
            "details": {k: v for k, v in details.items() if v is not None},
        }
        return InstanceResponse(
            self.status,
            json.dumps(body).encode(),
            {"content-type": JSON_TYPE, **self.headers},
        )


def json_type(value: Any) -> str:
    """Name a value's type in the words of JSON."""
    name = type(value).__name__
    return _JSON_NAMES.get(name, name)


def from_validation(error: ValidationError) -> RequestError:
    """Translate the first validation error of a request model."""
    first = error.errors(include_url=False, include_context=True)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the body"
    is_missing = first["type"] == "missing"
    value = ... if is_missing else first["input"]
    allowed = "a value" if is_missing else first["msg"]
    problem = "is missing" if is_missing else f"cannot be {_an(json_type(value))}"
    if not is_missing and first["type"] not in _WRONG_TYPE:
        problem = "is not allowed"
    message = f"{where} {problem}: {first['msg']}"
    return RequestError(400, message, field=where, value=value, allowed=allowed)


_WRONG_TYPE: Final = frozenset(
    {"int_type", "string_type", "bool_type", "list_type", "dict_type", "model_type"}
)


def _an(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def not_found(what: str, id: object, *, field: str = "id") -> RequestError:
    """Return the error for an id that is not known to the caller."""
    shown = str(id)[:80]
    return RequestError(404, f"no {what} with {field} {shown} is known", field=field)
