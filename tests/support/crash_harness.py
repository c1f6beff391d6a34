"""Kills recorders and servers at random moments, and counts what is left.

`python tests/support/crash_harness.py --kills 5000 --seed 7` is the longer run;
`--server` and `--victim` choose a part of it.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from crash_processes import PATIENCE_S, Lifeline, Zygote, free_port, kill_group

from lineage.delivery.exporters import PlatformExporter

Victim = Literal["recorder", "server", "both"]
#: An instance of ours, embedded where it need not be killed; or the platform, which
#: gets edges one by one and does not know them again.
Server = Literal["lineage", "platform"]

#: The edges of one process that may be on their way to the platform at once.
IN_FLIGHT = PlatformExporter(None).in_flight


@dataclass
class Outcome:
    """What a run of kills came to."""

    kills: int = 0
    kept: int = 0
    delivered: int = 0
    lost: set[int] = field(default_factory=set)
    doubled: set[int] = field(default_factory=set)
    """More often than is promised."""
    invented: set[int] = field(default_factory=set)
    in_doubt: int = 0
    """Came to the platform again, since a kill left their status open."""
    most_in_doubt: int = 0
    """The most of those that one process left at one server's end, or its own."""

    def add(self, other: Outcome) -> None:
        """Take another round's figures in."""
        self.kills += other.kills
        self.kept += other.kept
        self.delivered += other.delivered
        self.lost |= other.lost
        self.doubled |= other.doubled
        self.invented |= other.invented
        self.in_doubt += other.in_doubt
        self.most_in_doubt = max(self.most_in_doubt, other.most_in_doubt)

    def __str__(self) -> str:
        summary = (
            f"{self.kills} kills, {self.kept} facts acknowledged, "
            f"{self.delivered} delivered: {len(self.lost)} lost, "
            f"{len(self.doubled)} doubled, {len(self.invented)} invented"
        )
        if not self.in_doubt:
            return summary
        return (
            f"{summary}; {self.in_doubt} sent again in doubt, "
            f"{self.most_in_doubt} of one process at most"
        )

    @property
    def is_good(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.doubled or self.invented)


class Round:
    """Some kills on one home, then successors, then the count."""

    def __init__(
        self, zygote: Zygote, place: Path, seed: int, victim: Victim, server: Server
    ) -> None:
        self._zygote = zygote
        self._place = place
        self._rng = random.Random(seed)
        self._victim = victim
        self._server = server
        self._is_embedded = server == "lineage" and victim == "recorder"
        self._port = free_port()
        self._store = place / ("home" if self._is_embedded else "served")
        self._came = self._store / "platform.log"
        self._successors: set[int] = set()
        self._served: tuple[int, Lifeline] | None = None
        self._number = 0
        place.mkdir()
        self._store.mkdir()

    def run(self, kills: int) -> Outcome:
        """Kill so many times, then compare."""
        result = Outcome()
        while result.kills < kills:
            result.kills += self._pause_generation()
        self._serve()
        self._succeed()
        self._stop_served()
        return self._judged(result)

    # -- an generation ----------------------------------------------------------

    def _pause_generation(self) -> int:
        """Start a recorder, kill what is to be killed, wait for its end."""
        rng, kills = self._rng, 1
        self._serve()
        pid, lifeline = self._fork(
            "record",
            log=str(self._place / "log"),
            seed=rng.random(),
            base=self._number * 100_000 + 1,
            threads=rng.choice((1, 2, 4)),
            forks=rng.choice((0, 0, 1, 2)),
            facts=rng.choice((10, 40, 200 if self._server == "lineage" else 80)),
        )
        self._await_facts(self._number * 100_000)
        time.sleep(rng.random() * rng.choice((0.005, 0.03, 0.12)))
        if self._victim != "recorder":
            self._stop_served()
        if self._victim == "server":
            # The recorder lives on without its server, and with the next one.
            self._serve()
            time.sleep(rng.random() * 0.05)
        elif rng.random() < 0.3:
            # The first process dies alone; its forks record on for a moment.
            os.kill(pid, signal.SIGKILL)
            time.sleep(rng.random() * 0.02)
        kills += self._victim == "both"
        kill_group(pid)
        lifeline.wait_dead()
        self._number += 1
        return kills

    def _fork(self, role: str, **command: Any) -> tuple[int, Lifeline]:
        name = f"alive-{role}-{self._rng.getrandbits(64):x}"
        lifeline = Lifeline(self._place / name)
        local = self._is_embedded
        target = "local" if local else f"http://127.0.0.1:{self._port}"
        environ = {
            "LINEAGE_HOME": str(self._place / "home"),
            "LINEAGE_TARGET": target,
            "LINEAGE_FLUSH_TIMEOUT_S": "0",
            "SUPERVISELY_TASK_ID": "77",
        }
        pid = self._zygote.fork(
            role=role, alive=lifeline.path, environ=environ, **command
        )
        return pid, lifeline

    def _await_facts(self, base: int) -> None:
        """Wait for the recorder's first attempt, for some facts, or for a delivery.

        How far it has come is waited for, not how long that takes: a slow machine
        would kill each recorder during its first fact.
        """
        log, rng = self._place / "log", self._rng
        least = rng.choice((0, 2, 5, 9))
        is_delivery = self._server == "platform" and rng.random() < 0.7
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            tried, kept = _read_log(log)
            reached = kept if least else tried
            if is_delivery:
                reached = set(_came(self._came))
            own = sum(base <= ident < base + 100_000 for ident in reached)
            if own >= (1 if is_delivery else max(1, least)):
                return
            time.sleep(0.001)
        raise TimeoutError("the recorder does not record")

    # -- the server ----------------------------------------------------------

    def _serve(self) -> None:
        if self._is_embedded or self._served is not None:
            return
        role = "serve" if self._server == "lineage" else "platform"
        self._served = self._fork(role, store=str(self._store), port=self._port)

    def _stop_served(self) -> None:
        if self._served is None:
            return
        pid, lifeline = self._served
        # A child that has not made its group yet is found by its own id.
        kill_group(pid)
        lifeline.wait_dead()
        self._served = None

    # -- the count -----------------------------------------------------------

    def _succeed(self) -> None:
        """Start two successors together, as often as it takes."""
        for _ in range(5):
            born = []
            for number in range(2):
                report = self._place / f"report-{number}"
                report.unlink(missing_ok=True)
                born.append(
                    self._fork("succeed", report=str(report), timeout_s=PATIENCE_S / 3)
                )
            for pid, lifeline in born:
                lifeline.wait_dead()
                self._successors.add(pid)
            if not list((self._place / "home" / "journal").glob("*.seg")):
                return

    def _judged(self, result: Outcome) -> Outcome:
        tried, kept = _read_log(self._place / "log")
        result.kept = len(kept)
        if self._server == "platform":
            found = self._judged_by_platform(result)
        else:
            stored = _stored(self._store / "instance.db")
            result.doubled = {ident for ident, count in stored.items() if count > 1}
            found = set(stored)
        result.delivered = len(found)
        result.lost = kept - found
        result.invented = found - tried
        return result

    def _judged_by_platform(self, result: Outcome) -> set[int]:
        """Judge what came again.

        Each process sends an edge to one life of the platform once. It comes again
        only after the process or the platform was killed while the edge was on its
        way: no more edges than may be on their way, and never after a sender that
        ended by itself.
        """
        came = _came(self._came)
        left: Counter[tuple[str, str]] = Counter()
        for ident, pairs in came.items():
            if len(set(pairs)) < len(pairs):
                result.doubled.add(ident)
            for pair in pairs[:-1]:
                left[pair] += 1
                if left[pair] > IN_FLIGHT or int(pair[0]) in self._successors:
                    result.doubled.add(ident)
        result.in_doubt = left.total()
        result.most_in_doubt = max(left.values(), default=0)
        return set(came)


def _read_log(path: Path) -> tuple[set[int], set[int]]:
    """Read what was tried, and what the recording call had returned from.

    A line is half there while it is written, and where its writer was killed.
    """
    text = path.read_text(encoding="ascii") if path.exists() else ""
    lines = re.findall(r"(try|kept) (\d+)\n", text)
    tried = {int(ident) for word, ident in lines if word == "try"}
    return tried, {int(ident) for word, ident in lines if word == "kept"}


def _stored(path: Path) -> Counter[int]:
    if not path.exists():
        return Counter()  # All were killed before they could deliver anything.
    with sqlite3.connect(path) as store:
        rows = store.execute(
            "SELECT ident FROM edges JOIN nodes ON nodes.id = edges.node_id "
            "JOIN entities ON entities.id = nodes.entity_id "
            "WHERE entities.kind = 'project'"
        ).fetchall()
    store.close()
    return Counter(int(row[0]) for row in rows)


def _came(path: Path) -> dict[int, list[tuple[str, str]]]:
    """Read which sender brought an edge to which life of the platform, in order."""
    came: dict[int, list[tuple[str, str]]] = {}
    text = path.read_text(encoding="ascii") if path.exists() else ""
    for line in text.splitlines():
        ident, sender, taker = line.split()
        came.setdefault(int(ident), []).append((sender, taker))
    return came


def run(
    place: Path,
    *,
    kills: int,
    seed: int,
    victim: Victim,
    server: Server = "lineage",
    per_round: int = 10,
) -> Outcome:
    """Run rounds until so many processes were killed."""
    total = Outcome()
    zygote = Zygote()
    try:
        for number in range(-(-kills // per_round)):
            here = place / f"{victim}-{number}"
            many = min(per_round, kills - total.kills)
            total.add(Round(zygote, here, seed + number, victim, server).run(many))
            if total.kills >= kills:
                break
    finally:
        zygote.close()
    return total


#: What is killed in a longer run, and how large a part of the kills it gets.
SHARES: tuple[tuple[Server, Victim, float], ...] = (
    ("lineage", "recorder", 0.4),
    ("lineage", "server", 0.1),
    ("lineage", "both", 0.1),
    ("platform", "recorder", 0.2),
    ("platform", "server", 0.1),
    ("platform", "both", 0.1),
)


def main(argv: list[str] | None = None) -> int:
    """Run a longer test from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=3000, help="in total")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--server", choices=("lineage", "platform"))
    parser.add_argument("--victim", choices=("recorder", "server", "both"))
    args = parser.parse_args(argv)
    seed = args.seed if args.seed is not None else random.randrange(1 << 30)
    chosen = [
        (server, victim, share)
        for server, victim, share in SHARES
        if args.server in (None, server) and args.victim in (None, victim)
    ]
    whole = sum(share for _, _, share in chosen)
    is_good = True
    for server, victim, share in chosen:
        kills = max(1, round(args.kills * share / whole))
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as place:
            result = run(
                Path(place), kills=kills, seed=seed, victim=victim, server=server
            )
        took_s = time.monotonic() - began
        summary = f"seed {seed}, {server}, {victim}: {result} ({took_s:.0f} s)"
        print(summary, flush=True)
        is_good = is_good and result.is_good
    return int(not is_good)


if __name__ == "__main__":
    raise SystemExit(main())
