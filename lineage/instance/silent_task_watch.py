"""Ends as lost, while a server runs, the tasks that it hears nothing of any more."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from typing import Final

from ..errors import StoreError, warn_rarely
from .background import in_background
from .store import Store

#: How often it looks; a look reads an index of the open tasks.
LOOK_EVERY_S: Final = 5.0


def silent_tasks_end(store: Store) -> AbstractAsyncContextManager[None]:
    """End silent tasks as long as the block runs."""
    return in_background(_watch(store))


async def _watch(store: Store) -> None:
    since = time.time()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            await asyncio.to_thread(store.end_silent_tasks, since)
        except StoreError as error:
            warn_rarely("silent tasks", "Silent tasks cannot be ended: %s", error)
