"""Marks open tasks in the home, so that other processes see when one has ended."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..errors import guard, logger
from ..permissions import create_private, make_folder

_FOLDER: Final = "open"
#: The mark of a process that was killed is removed after this time.
_MAX_AGE_S: Final = 7 * 86_400.0


class OpenTasks:
    """The marks of a home: one empty file for each open task that was handed on.

    Args:
        home: The home's folder.
    """

    def __init__(self, home: str | os.PathLike[str]) -> None:
        self._folder = os.path.join(os.path.abspath(home), _FOLDER)
        self._is_ready = False

    def mark(self, key: str) -> None:
        """Mark a task as open."""
        with guard("An open task cannot be marked for other processes"):
            try:
                self._mark(key)
            except OSError as error:
                # A home that cannot be written is named by the journal, once.
                logger.debug("an open task cannot be marked: %s", error)

    def unmark(self, key: str) -> None:
        """Remove the mark of a task that has ended."""
        with guard("The mark of an ended task cannot be removed"), suppress(OSError):
            Path(self._folder, key).unlink()

    def has_ended(self, key: str) -> bool:
        """Whether a task that was marked has no mark any more."""
        return not os.path.exists(os.path.join(self._folder, key))

    def _mark(self, key: str) -> None:
        folder = Path(self._folder)
        # It may be deleted while the process runs.
        if not (self._is_ready and folder.is_dir()):
            self._is_ready = True
            make_folder(folder)
            self._remove_old()
        create_private(folder / key)

    def _remove_old(self) -> None:
        before = time.time() - _MAX_AGE_S
        for entry in list(os.scandir(self._folder)):
            if entry.stat().st_mtime < before:
                Path(entry.path).unlink(missing_ok=True)
