"""The store: one database of two kinds, and the way facts get into it."""

from __future__ import annotations

from .database import Database, Transaction
from .dialects import (
    ConflictError,
    ServerAwayError,
    StoreBusyError,
    StoreFaultError,
)
from .store import Store, open_store

__all__ = [
    "ConflictError",
    "Database",
    "ServerAwayError",
    "Store",
    "StoreBusyError",
    "StoreFaultError",
    "Transaction",
    "open_store",
]
