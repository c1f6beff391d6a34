"""The store: one database of two kinds, and the way facts get into it.

Its names are loaded when first asked for (PEP 562): who only reads it, as a question
of the command line does, needs nothing of what writes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .database import Database, Transaction
    from .errors import (
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

_MODULES: Final = {
    "ConflictError": "errors",
    "Database": "database",
    "ServerAwayError": "errors",
    "Store": "store",
    "StoreBusyError": "errors",
    "StoreFaultError": "errors",
    "Transaction": "database",
    "open_store": "store",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value
