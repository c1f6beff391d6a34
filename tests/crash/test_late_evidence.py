"""Killed while a file is read: its digest comes later, from whoever goes on."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from crash_processes import PATIENCE_S, Lifeline, Zygote
from journal_tools import wait_for

FILES = 3
KILLS = 30
#: Files above 1 MiB are read beside delivery, so that their digests are late.
SIZE = 2 * 1024 * 1024
#: What the slow disk takes for one of them; and a disk that gives no content at all.
READ_S = 0.2
NEVER_S = 600.0


class _Home:
    """A home in which processes that use large files are killed."""

    def __init__(self, place: Path, zygote: Zygote, chosen: random.Random) -> None:
        self._place = place
        self._zygote = zygote
        self._chosen = chosen
        self._log = place / "log"
        self._number = 0

    def kept(self) -> set[str]:
        """Return the names of the files whose recording had returned."""
        text = self._log.read_text(encoding="ascii") if self._log.exists() else ""
        return {f"{line.split()[1]}.bin" for line in text.splitlines()}

    def kill_one(self, *, is_before_digests: bool) -> None:
        """Start a process, and kill it at any moment after its first fact.

        With `is_before_digests` that is when an edge is in the store without a digest.
        """
        before, late = len(self.kept()), self.late()
        pid, lifeline = self._fork(
            "digest",
            log=str(self._log),
            folder=str(self._place),
            base=self._number * 100,
            files=FILES,
            size=SIZE,
            read_s=NEVER_S if is_before_digests else READ_S,
        )
        if is_before_digests:
            wait_for(lambda: self.late() != late)
        else:
            wait_for(lambda: len(self.kept()) > before)
            time.sleep(self._chosen.random() * self._chosen.choice((0.1, 0.4, 1.0)))
        os.kill(pid, signal.SIGKILL)
        lifeline.wait_dead()

    def succeed(self) -> None:
        """Start a successor that delivers all, and looks into a file of its own."""
        own = self._place / f"own-{self._number}.txt"
        own.write_text("own", encoding="ascii")
        report = str(self._place / "report")
        _, lifeline = self._fork(
            "succeed", report=report, timeout_s=PATIENCE_S / 2, uses=str(own)
        )
        lifeline.wait_dead()

    def late(self) -> set[str]:
        """Return the names of the large files whose edge has no digest yet."""
        return {name for name, found in self.digests().items() if None in found}

    def digests(self) -> dict[str, list[str | None]]:
        """Return the digests of the large files, one for each edge."""
        path = self._place / "home" / "instance.db"
        if not path.exists():
            return {}
        with closing(sqlite3.connect(path)) as store:
            if not store.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'edges'"
            ).fetchall():
                return {}  # All were killed before they could deliver anything.
            rows = store.execute(
                "SELECT entities.ident, nodes.digest FROM edges"
                " JOIN nodes ON nodes.id = edges.node_id"
                " JOIN entities ON entities.id = nodes.entity_id"
            ).fetchall()
        found: dict[str, list[str | None]] = {}
        for ident, digest in rows:
            if ident.endswith(".bin"):
                found.setdefault(Path(ident).name, []).append(digest)
        return found

    def _fork(self, role: str, **command: object) -> tuple[int, Lifeline]:
        self._number += 1
        lifeline = Lifeline(self._place / f"alive-{self._number}")
        environ = {
            "LINEAGE_HOME": str(self._place / "home"),
            "LINEAGE_TARGET": "local",
            "LINEAGE_FLUSH_TIMEOUT_S": "30",
        }
        alive = lifeline.path
        pid = self._zygote.fork(role=role, alive=alive, environ=environ, **command)
        return pid, lifeline


@pytest.mark.timeout(300)
def test_edges_whose_process_was_killed_get_their_digest(tmp_path: Path) -> None:
    """Each edge that was acknowledged is there once, with the digest of its file."""
    zygote = Zygote()
    try:
        home = _Home(tmp_path, zygote, random.Random(20260))
        for number in range(KILLS):
            home.kill_one(is_before_digests=number % 3 == 0)
        for _ in range(30):  # One may have no time for a digest.
            home.succeed()
            if home.kept() <= set(home.digests()) and not home.late():
                break
    finally:
        zygote.close()
    found = home.digests()
    assert len(home.kept()) > KILLS
    assert home.kept() <= set(found)
    right = {
        name: ["sha256:" + hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()]
        for name in found
    }
    assert found == right
