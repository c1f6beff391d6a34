"""Bounds of what a fact may hold, and a batch."""

from __future__ import annotations

#: Longest strings accepted, in characters; bounds what a client can store.
MAX_NAME = 1024
MAX_PATH = 4096
MAX_TEXT = 65_536

#: Steps whose ends one fact may hold.
MAX_ENDS = 500

MAX_PARAMS = 32
MAX_PARAM_NAME = 100
MAX_PARAM_TEXT = 200

#: Parameters and metrics of one fact about a task; longer lists travel in several.
MAX_TASK_PARAMS = 1000
MAX_METRICS = 1000
MAX_TASK_PARAM_NAME = 250
MAX_LINKS = 100
#: Entries of a task's environment (packages, mostly), and the longest of them.
MAX_ENVIRONMENT = 2000
MAX_ENVIRONMENT_TEXT = 500

#: Other names of one artifact.
MAX_ALIASES = 8
#: Kinds of evidence for one version.
MAX_EVIDENCE = 8
#: Files that belong to the content of a declared file.
MAX_COMPANIONS = 64
#: Files that a folder's manifest names; a folder with more has a digest, and a
#: manifest that says that it is cut.
MAX_MANIFEST_FILES = 10_000

#: Facts in one batch, at most; a larger batch is refused with 413.
MAX_BATCH = 10_000
