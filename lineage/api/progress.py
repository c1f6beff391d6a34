"""Progress of transfers, for a terminal or for a caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

Progress: TypeAlias = "Callable[[int], Any] | Any"
"""A callable that takes how much more is done, or a bar with `update` (tqdm)."""


def advancing(progress: Progress | None) -> Callable[[int], Any]:
    """Return the one form of a progress: a callable."""
    if progress is None:
        return _silent
    update = getattr(progress, "update", None)
    return update if callable(update) else progress


@contextmanager
def bar(
    title: str, total: int | None, *, is_shown: bool
) -> Iterator[Callable[..., Any]]:
    """Show a bar of bytes on a terminal; silent elsewhere, and without `tqdm`.

    Args:
        title: What is transferred.
        total: Bytes, when known.
        is_shown: Whether the caller wants a bar at all.
    """
    try:
        from tqdm import tqdm
    except ImportError:
        yield _silent
        return
    # `disable=None` keeps tqdm silent where the output is no terminal.
    disable = None if is_shown else True
    with tqdm(
        desc=title, total=total, unit="B", unit_scale=True, disable=disable
    ) as shown:
        yield shown.update


def _silent(_: int) -> None:
    return None
