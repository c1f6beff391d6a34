"""Checks a card as the platform does, before an edge is sent with it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class _Icon(_Checked):
    icon: StrictStr
    color: StrictStr
    background_color: Annotated[StrictStr, Field(alias="backgroundColor")]


class _Link(_Checked):
    url: StrictStr
    title: StrictStr


class _Settings(_Checked):
    # Absent is allowed and null is not, so the default is never validated.
    icon: _Icon = Field(default=None)  # type: ignore[assignment]  # absent only
    title: StrictStr = ""
    description: StrictStr = ""
    main_link: _Link = Field(default=None, alias="mainLink")  # type: ignore[assignment]  # absent only


class _Customisation(_Checked):
    relation: _Settings = Field(default=None, alias="customRelationSettings")  # type: ignore[assignment]  # absent only
    node: _Settings = Field(default=None, alias="customNodeSettings")  # type: ignore[assignment]  # absent only


def problem_of(value: Any) -> str | None:
    """Return what the platform would refuse in a card, or None."""
    if not isinstance(value, dict):
        return f"{type(value).__name__} is no card"
    if not value:
        return "it is empty"
    try:
        _Customisation.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return None
