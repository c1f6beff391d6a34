"""Rows for the store that are given column by column.

No object is made for a row: a batch has thousands, and each that lives for a moment
has the garbage collector look through all that the process holds a little sooner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any


class Columns(Collection[Sequence[Any]]):
    """Rows as columns of one length; reading a row again may be the same tuple.

    Args:
        count: How many rows there are.
        columns: The values of each column, lists where they can be empty.
    """

    __slots__ = ("_columns", "_count")

    def __init__(self, count: int, columns: Sequence[Iterable[Any]]) -> None:
        self._count = count
        self._columns = columns

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._count

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Return the rows, once where a column can be read once."""
        return zip(*self._columns, strict=False)

    def __contains__(self, row: object) -> bool:
        """Return whether a row is there."""
        return any(row == each for each in self)

    def without_empty(
        self, names: tuple[str, ...]
    ) -> tuple[tuple[str, ...], Collection[Sequence[Any]]]:
        """Leave out the columns that have no value in any row, and their names."""
        kept = [
            at
            for at, column in enumerate(self._columns)
            if not isinstance(column, list)
            or column[0] is not None
            or column.count(None) < self._count
        ]
        if len(kept) == len(names):
            return names, self
        columns = [self._columns[at] for at in kept]
        return tuple(names[at] for at in kept), Columns(self._count, columns)
