"""Indexes the texts of new artifacts while a server runs and nothing is written."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Final

from ..errors import StoreError, warn_rarely
from .background import in_background
from .store import Store

#: How often it looks whether anything was written; then it asks one small table.
LOOK_EVERY_S: Final = 1.0


def texts_are_indexed(store: Store) -> AbstractAsyncContextManager[None]:
    """Index what waits, in each pause of the intake, as long as the block runs."""
    return in_background(_watch(store))


async def _watch(store: Store) -> None:
    seen, is_due = store.intake.commits, True
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        written, seen = store.intake.commits != seen, store.intake.commits
        is_due = is_due or written
        if written or not is_due:
            continue
        try:
            await asyncio.to_thread(store.index_texts)
            is_due = False
        except StoreError as error:
            warn_rarely("texts", "The index of texts waits: %s", error)
