"""Local files: the digest of the state that was recorded, or that it changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, Final

from ...model.limits import MAX_COMPANIONS
from .companions import combined_digest, companion_names
from .content import current_state, is_same_state, read_content
from .digest_memory import DigestMemory, Remembered, state_key
from .normalised import normalised_digest
from .open_files import is_open_for_writing
from .protocol import Findings, Subject

#: A write in the same tick of the kernel's clock leaves the times as they are.
TICK_S: Final = 0.02
#: Of larger files no second digest is made.
_MAX_NORMALISED: Final = 256 * 1024 * 1024
#: Files that change by nothing when they are written, by how they are called.
_NORMALISED: Final = (
    ".gz", ".tgz", ".zip", ".xlsx", ".docx", ".pptx", ".ods", ".npz", ".skops", ".jar",
    ".whl", ".pt", ".pth", ".keras", ".safetensors",
)  # fmt: skip


class LocalFileResolver:
    """Reads a file once for each of its states.

    Args:
        memory: The digests known.
        max_bytes: The largest file that is read; None for any.
        wait: Waits so many seconds, without keeping others from their work.
    """

    def __init__(
        self,
        memory: DigestMemory,
        max_bytes: int | None,
        wait: Callable[[float], None],
    ) -> None:
        self._memory = memory
        self._max_bytes = max_bytes
        self._wait = wait

    def resolve(self, subject: Subject) -> Findings | None:
        """Return the digest of the state that was recorded.

        Raises:
            OSError: The file, or a companion, cannot be read.
        """
        stat = subject.stat
        if subject.path is None or not stat or stat.get("changed"):
            return None
        if self._max_bytes is not None and stat["size"] > self._max_bytes:
            return _not_pinned(
                f"larger than LINEAGE_DIGEST_MAX_MB ({self._max_bytes >> 20} MB)"
            )
        if not subject.is_input and is_open_for_writing(
            stat.get("dev", 0), stat.get("inode", 0)
        ):
            state = {"stat": {**stat, "is_open": True}}
            return {**state, **_not_pinned("still open for writing")}
        known = self._known(subject.path, stat)
        if known is None:
            return {"stat": {**stat, "changed": True}}
        return self._with_companions(subject.path, stat, known)

    def remembered(self, stat: dict[str, Any]) -> Remembered | None:
        """Return what is known of a state without reading anything."""
        key = state_key(stat)
        return None if key is None else self._memory.get(key)

    def digest(self, path: str, stat: dict[str, Any]) -> Remembered | None:
        """Return the digest of a state, reading the file if it is still in it.

        Raises:
            OSError: It cannot be read.
        """
        known = self.remembered(stat)
        if known is not None:
            return known
        state = current_state(path)
        return self._read(path, stat) if state and is_same_state(state, stat) else None

    def _known(self, path: str, stat: dict[str, Any]) -> Remembered | None:
        known = self.digest(path, stat)
        return self._touched(path, stat) if known is None else known

    def _read(self, path: str, stat: dict[str, Any]) -> Remembered | None:
        self._wait_for_tick(stat)
        is_packed = path.endswith(_NORMALISED) and stat["size"] <= _MAX_NORMALISED
        content = read_content(path, look=_normalised if is_packed else None)
        if content is None or not is_same_state(content.state, stat):
            return None
        known = Remembered(content.digest, content.extra)
        key = state_key(content.state)
        if key is not None:
            self._memory.put(key, known)
        return known

    def _wait_for_tick(self, stat: dict[str, Any]) -> None:
        """Wait out the tick of a file's last write: a later write then shows."""
        left = stat.get("ctime_ns", 0) / 1e9 + TICK_S - time.time()
        if 0 < left <= TICK_S:
            self._wait(left)

    def _touched(self, path: str, stat: dict[str, Any]) -> Remembered | None:
        """Return the digest before and after a change of nothing but the times.

        Some formats write the same bytes back when they are opened to be read.
        """
        key, now = state_key(stat), current_state(path)
        if key is None or now is None:
            return None
        if (now["size"], now["inode"]) != (stat["size"], stat["inode"]):
            return None
        before = self._memory.former(key)
        if before is None:
            return None
        after = self._read(path, now)
        return after if after is not None and after.digest == before else None

    def _with_companions(
        self, path: str, stat: dict[str, Any], known: Remembered
    ) -> Findings:
        names = companion_names(path)
        found: Findings = {"stat": {**stat, "digest": known.digest}}
        if known.normalised is not None:
            found["normalised"] = known.normalised
        if not names:
            return found
        if len(names) > MAX_COMPANIONS:
            return _not_pinned(f"more than {MAX_COMPANIONS} files hold its content")
        parts = [(os.path.basename(path), known.digest)]
        companions = []
        for name in names:
            fellow = os.path.join(os.path.dirname(path), name)
            state = current_state(fellow)
            other = None if state is None else self.digest(fellow, state)
            if state is None or other is None:
                return _not_pinned(f"{name} is missing, or changes"[:200])
            parts.append((name, other.digest))
            companions.append(
                {"name": name, "size": state["size"], "digest": other.digest}
            )
        main = {"name": parts[0][0], "size": stat["size"], "digest": known.digest}
        return {
            "companions": [main, *companions][:MAX_COMPANIONS],
            "evidence": [{"kind": "companions", "value": combined_digest(parts)}],
        }


def _normalised(fd: int, state: dict[str, Any]) -> str | None:
    return normalised_digest(fd, state["size"])


def _not_pinned(reason: str) -> Findings:
    return {"pinned": False, "pinned_reason": reason}
