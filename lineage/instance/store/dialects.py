"""What differs between the two engines: connecting, spelling and error translation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, ClassVar, Protocol

from ...errors import StoreError


class Dialect(Protocol):
    """One engine, as `Database` needs it."""

    name: str
    errors: tuple[type[Exception], ...]
    writes_alone: bool
    """Whether one writer at a time is all the engine can do."""
    words: ClassVar[dict[str, str]]
    """What `{word}` in a migration's statement stands for."""

    def connect(self) -> Any:
        """Open a connection in autocommit mode."""

    def begin(self, connection: Any, *, is_write: bool) -> None:
        """Begin a transaction that sees one moment of the store."""

    def check(self) -> None:
        """Raise a `StoreError` where the store in use is gone, or another one."""

    def is_usable(self, connection: Any) -> bool:
        """Whether the connection may serve again."""

    spell: Callable[[str], str]
    """Spells a statement for the engine."""
    takes_json: bool
    """Whether a statement takes a list as JSON text."""

    def run_many(self, connection: Any, sql: str, rows: Sequence[Any]) -> None:
        """Run one statement for each row."""

    def insert_many(
        self,
        connection: Any,
        table: str,
        columns: Sequence[str],
        rows: Collection[Sequence[Any]],
        *,
        on_conflict: str,
    ) -> None:
        """Insert rows; `on_conflict` is what to do with those that are there."""

    def next_numbers(self, connection: Any, name: str, count: int) -> list[int]:
        """Take numbers that nobody else gets, inside a write transaction."""

    def lock_team(self, connection: Any, team_id: int) -> str:
        """Hold back other writers of the team until the transaction ends.

        Returns:
            What is the same as long as nobody restored the store under its users.
        """

    def translate(self, error: Exception) -> StoreError:
        """Return the store's own error for one of the engine's."""


def spell(dialect: Dialect, statements: Iterable[str]) -> list[str]:
    """Fill the engine's words into the statements of a migration."""
    return [statement.format(**dialect.words) for statement in statements]
