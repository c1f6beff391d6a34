"""Building blocks of request models: ids, names, paths and pages, each bounded."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..model.limits import MAX_NAME, MAX_PATH, MAX_TEXT

#: The largest id that both stores can hold.
MAX_ID: Final = 2**63 - 1


def _id(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:20])
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("an id is a whole number, or one as text")
    return value


Id = Annotated[int, BeforeValidator(_id), Field(ge=0, le=MAX_ID)]
"""An id: a number, or the digits of one as text."""

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
PathText = Annotated[str, Field(min_length=1, max_length=MAX_PATH)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]


class Params(BaseModel):
    """Base of request models: unknown keys are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class NoParams(Params):
    """A request without parameters."""


class IdParams(Params):
    """A request about one object."""

    id: Id


class ListFilter(Params):
    """One condition of a listing."""

    field: Name
    operator: str = "="
    value: Any = None


class PageParams(Params):
    """How a listing is sorted and cut."""

    filter: list[ListFilter] | None = Field(default=None, max_length=100)
    sort: Name = "id"
    sort_order: str = "asc"
    page: int = Field(default=1, ge=1, le=10**9)
    per_page: int = Field(default=500, ge=1, le=10_000)
    after: Text | None = None
