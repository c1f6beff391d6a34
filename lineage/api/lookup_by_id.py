"""Looking one thing up by its id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .errors import HttpError
from .pagination import PaginatedResource

_NOT_FOUND = 404


def named(name: str) -> list[dict[str, Any]]:
    """Make the conditions of a listing that finds a thing by its name."""
    return [{"field": "name", "operator": "=", "value": name}]


def only(found: Sequence[Any], name: str) -> Any:
    """Give the one thing of this name; None when there is none.

    Raises:
        RuntimeError: There are several.
    """
    if len(found) > 1:
        raise RuntimeError(f"{len(found)} have the name {name!r}")
    return found[0] if found else None


def free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """Give the name, with the first number that makes it free: `name_001`."""
    free, number = name, 1
    while is_taken(free):
        free, number = f"{name}_{number:03d}", number + 1
    return free


class LookupById(PaginatedResource):
    """A resource whose things have ids."""

    def _info_by_id(
        self, method: str, id: Any, fields: dict[str, Any] | None = None
    ) -> Any:
        """Give a thing's JSON; None when the instance has no such thing.

        Raises:
            ApiError: The instance answered something else.
        """
        try:
            return self._ask(method, {"id": id, **(fields or {})})
        except HttpError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
