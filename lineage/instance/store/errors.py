"""What goes wrong between a store and its engine."""

from __future__ import annotations

from ...errors import StoreError


class StoreFaultError(StoreError):
    """The store refused a statement: a defect of this version of lineage."""


class ConflictError(StoreFaultError):
    """A row breaks a rule of its table: mostly, it is there already."""


class StoreBusyError(StoreError):
    """Another process kept the store busy for longer than the deadline."""


class ServerAwayError(StoreError):
    """A database server cannot be used now; the text may name its hosts and roles."""
