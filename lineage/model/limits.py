"""Bounds of what a fact may hold, and a batch."""

from __future__ import annotations

#: Longest strings accepted, in characters; bounds what a client can store.
MAX_NAME = 1024
MAX_PATH = 4096
MAX_TEXT = 65_536

#: Steps that one fact says the end of.
MAX_ENDS = 500

MAX_PARAMS = 32
MAX_PARAM_NAME = 100
MAX_PARAM_TEXT = 200

#: Facts in one batch, at most; a larger batch is refused with 413.
MAX_BATCH = 10_000
