"""Looking one thing up by its id."""

from __future__ import annotations

from typing import Any

from .errors import HttpError
from .paging import Listing

_NOT_FOUND = 404


class Entities(Listing):
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
