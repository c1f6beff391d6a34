"""Kills recorders and instances at random moments, and counts what is left.

`python tests/support/crash_harness.py --kills 5000 --seed 7` is the longer run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Victim = Literal["recorder", "instance", "both"]

_PATIENCE_S = 60.0


@dataclass
class Verdict:
    """What a run of kills came to."""

    kills: int = 0
    kept: int = 0
    delivered: int = 0
    lost: set[int] = field(default_factory=set)
    doubled: set[int] = field(default_factory=set)
    invented: set[int] = field(default_factory=set)

    def add(self, other: Verdict) -> None:
        """Take another round's figures in."""
        self.kills += other.kills
        self.kept += other.kept
        self.delivered += other.delivered
        self.lost |= other.lost
        self.doubled |= other.doubled
        self.invented |= other.invented

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.kept} facts acknowledged, "
            f"{self.delivered} delivered: {len(self.lost)} lost, "
            f"{len(self.doubled)} doubled, {len(self.invented)} invented"
        )


class Zygote:
    """The warm interpreter, asked for children."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("crash_zygote.py")
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, **command: Any) -> int:
        """Start a child in a group of its own."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return int(json.loads(self._process.stdout.readline())["pid"])

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(_PATIENCE_S)
        self._process.stdout.close()


class Lifeline:
    """A FIFO whose end of file says that all processes holding it are dead."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = str(path)
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def wait_dead(self) -> None:
        """Wait for the end of all holders."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self._fd], [], [], 1.0)
            if ready and os.read(self._fd, 1) == b"":
                os.close(self._fd)
                return
        raise TimeoutError("killed processes are still alive")


class Round:
    """Some kills on one home, then successors, then the count."""

    def __init__(self, zygote: Zygote, place: Path, seed: int, victim: Victim) -> None:
        self._zygote = zygote
        self._place = place
        self._rng = random.Random(seed)
        self._victim = victim
        self._port = _free_port()
        self._store = place / ("home" if victim == "recorder" else "served")
        self._served: tuple[int, Lifeline] | None = None
        self._number = 0
        place.mkdir()
        self._store.mkdir()

    def run(self, kills: int) -> Verdict:
        """Kill so many times, then compare."""
        verdict = Verdict()
        while verdict.kills < kills:
            verdict.kills += self._episode()
        if self._victim != "recorder" and self._served is None:
            self._serve()
        self._succeed()
        self._stop_served()
        return self._judged(verdict)

    # -- an episode ----------------------------------------------------------

    def _episode(self) -> int:
        """Start a recorder, kill what is to be killed, wait for its end."""
        rng, kills = self._rng, 1
        if self._victim != "recorder" and self._served is None:
            self._serve()
        pid, lifeline = self._fork(
            "record",
            log=str(self._place / "log"),
            seed=rng.random(),
            base=self._number * 100_000 + 1,
            threads=rng.choice((1, 2, 4)),
            forks=rng.choice((0, 0, 1, 2)),
            facts=rng.choice((10, 40, 200)),
        )
        self._await_first(self._number * 100_000)
        time.sleep(rng.random() * rng.choice((0.005, 0.03, 0.12)))
        if self._victim != "recorder":
            self._stop_served()
        if self._victim == "instance":
            # The recorder lives on without its instance, and with the next one.
            self._serve()
            time.sleep(rng.random() * 0.05)
        elif rng.random() < 0.3:
            # The first process dies alone; its forks record on for a moment.
            os.kill(pid, signal.SIGKILL)
            time.sleep(rng.random() * 0.02)
        kills += self._victim == "both"
        _kill_group(pid)
        lifeline.wait_dead()
        self._number += 1
        return kills

    def _fork(self, role: str, **command: Any) -> tuple[int, Lifeline]:
        name = f"alive-{role}-{self._rng.getrandbits(64):x}"
        lifeline = Lifeline(self._place / name)
        local = self._victim == "recorder"
        target = "local" if local else f"http://127.0.0.1:{self._port}"
        environ = {
            "LINEAGE_HOME": str(self._place / "home"),
            "LINEAGE_TARGET": target,
            "LINEAGE_FLUSH_TIMEOUT_S": "0",
        }
        pid = self._zygote.fork(
            role=role, alive=lifeline.path, environ=environ, **command
        )
        return pid, lifeline

    def _await_first(self, base: int) -> None:
        """Wait until the recorder said its first word."""
        log = self._place / "log"
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            told, _ = _read_log(log)
            if any(base <= ident < base + 100_000 for ident in told):
                return
            time.sleep(0.001)
        raise TimeoutError("the recorder does not record")

    # -- the instance --------------------------------------------------------

    def _serve(self) -> None:
        pid, lifeline = self._fork("serve", store=str(self._store), port=self._port)
        self._served = (pid, lifeline)

    def _stop_served(self) -> None:
        if self._served is None:
            return
        pid, lifeline = self._served
        # A child that has not made its group yet is found by its own id.
        _kill_group(pid)
        lifeline.wait_dead()
        self._served = None

    # -- the count -----------------------------------------------------------

    def _succeed(self) -> None:
        """Let two successors start together, as often as it takes."""
        for _ in range(5):
            born = []
            for number in range(2):
                report = self._place / f"report-{number}"
                report.unlink(missing_ok=True)
                born.append(
                    self._fork("succeed", report=str(report), timeout_s=_PATIENCE_S / 3)
                )
            for _, lifeline in born:
                lifeline.wait_dead()
            if not list((self._place / "home" / "journal").glob("*.seg")):
                return

    def _judged(self, verdict: Verdict) -> Verdict:
        tried, kept = _read_log(self._place / "log")
        found = _stored(self._store / "instance.db")
        verdict.kept = len(kept)
        verdict.delivered = len(found)
        verdict.lost = kept - set(found)
        verdict.doubled = {ident for ident, count in found.items() if count > 1}
        verdict.invented = set(found) - tried
        return verdict


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _read_log(path: Path) -> tuple[set[int], set[int]]:
    """Read what was tried, and what the recording call had returned from."""
    text = path.read_text(encoding="ascii") if path.exists() else ""
    words = [line.split() for line in text.splitlines()]
    tried = {int(word[1]) for word in words if word[0] == "try"}
    return tried, {int(word[1]) for word in words if word[0] == "kept"}


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(
    place: Path, *, kills: int, seed: int, victim: Victim, per_round: int = 10
) -> Verdict:
    """Run rounds until so many processes were killed."""
    total = Verdict()
    zygote = Zygote()
    try:
        for number in range(-(-kills // per_round)):
            here = place / f"{victim}-{number}"
            many = min(per_round, kills - total.kills)
            total.add(Round(zygote, here, seed + number, victim).run(many))
            if total.kills >= kills:
                break
    finally:
        zygote.close()
    return total


def main(argv: list[str] | None = None) -> int:
    """Run a longer test from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=3000, help="in total")
    parser.add_argument("--seed", type=int, default=None)
    args = parser.parse_args(argv)
    seed = args.seed if args.seed is not None else random.randrange(1 << 30)
    is_bad = False
    for victim, share in (("recorder", 0.6), ("instance", 0.2), ("both", 0.2)):
        with tempfile.TemporaryDirectory() as place:
            began = time.monotonic()
            kills = max(1, int(args.kills * share))
            verdict = run(Path(place), kills=kills, seed=seed, victim=victim)
            took_s = time.monotonic() - began
            print(f"seed {seed}, {victim}: {verdict} ({took_s:.0f} s)", flush=True)
            is_bad = is_bad or bool(verdict.lost | verdict.doubled | verdict.invented)
    return int(is_bad)


if __name__ == "__main__":
    raise SystemExit(main())
