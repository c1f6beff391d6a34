"""Ends as lost, while a server runs, the tasks that it hears nothing of any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ..errors import StoreError, warn_rarely
from .store import Store

#: How often it looks; a look reads an index of the open tasks.
LOOK_EVERY_S: Final = 5.0


@asynccontextmanager
async def silent_tasks_end(store: Store) -> AsyncIterator[None]:
    """End silent tasks as long as the block runs."""
    watch = asyncio.create_task(_watch(store))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait({watch})


async def _watch(store: Store) -> None:
    since = time.time()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            await asyncio.to_thread(store.end_silent_tasks, since)
        except StoreError as error:
            warn_rarely("silent tasks", "Silent tasks cannot be ended: %s", error)
