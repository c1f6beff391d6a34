"""A warm interpreter that forks recorders, successors and instances to be killed.

Reads one JSON command a line, answers one JSON line. It makes no thread and no
runtime of its own, so that each child starts as a fresh process would, at the price
of a fork.
"""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import requests
from plain_platform import SENDER, PlainPlatform

import lineage
from lineage import api, runtime  # noqa: F401  warm
from lineage.delivery import exporter_resolver, flusher  # noqa: F401  warm
from lineage.delivery.evidence import collector, content, local_file  # noqa: F401  warm
from lineage.instance import embedded, routes, server, store  # noqa: F401  warm
from lineage.instance.store import fact_types
from lineage.journal import writer  # noqa: F401  warm
from lineage.recording import recorder  # noqa: F401  warm
from lineage.tracking import handle  # noqa: F401  warm

#: Ids of one writer thread's facts lie this far from those of the next.
SPAN = 1000


def record(command: dict[str, Any]) -> None:
    """Record until killed: threads here, and the same in forked children."""
    _enter(command)
    log = os.open(command["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    rng = random.Random(command["seed"])
    base = command["base"]
    if rng.random() < 0.5:
        # The parent has recorded, and its flusher is at work, when it forks.
        _record_one(base, log)
    for number in range(1, command["forks"] + 1):
        if os.fork() == 0:
            base += number * command["threads"] * SPAN
            break
    threads = [
        threading.Thread(
            target=_record_many, args=(base + i * SPAN + 1, log, rng.random(), command)
        )
        for i in range(command["threads"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    threading.Event().wait()


def _record_many(base: int, log: int, seed: float, command: dict[str, Any]) -> None:
    rng = random.Random(seed)
    for number in range(command["facts"]):
        _record_one(base + number, log)
        dice = rng.random()
        if dice < 0.02:
            lineage.flush(0)
        elif dice < 0.3:
            time.sleep(rng.random() * 0.002)


def _record_one(ident: int, log: int) -> None:
    os.write(log, b"try %d\n" % ident)
    lineage.current_task().uses_project(ident)
    os.write(log, b"kept %d\n" % ident)


def digest(command: dict[str, Any]) -> None:
    """Use files on a slow disk until killed: their digests come after their edges."""
    _enter(command)
    _slow_down_reading(command["read_s"])
    log = os.open(command["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in range(command["files"]):
        path = Path(command["folder"], f"{command['base'] + number}.bin")
        path.write_bytes(path.name.encode())
        os.truncate(path, command["size"])
        lineage.current_task().uses_file(path)
        os.write(log, b"kept %d\n" % (command["base"] + number))
        lineage.flush(0)
    threading.Event().wait()


def _slow_down_reading(read_s: float) -> None:
    """Make reading each file take so long, as a slow disk does."""
    read = content.read_content

    def read_slowly(*args: Any, **kwargs: Any) -> Any:
        time.sleep(read_s)
        return read(*args, **kwargs)

    local_file.read_content = read_slowly


def succeed(command: dict[str, Any]) -> None:
    """Deliver what the killed processes left behind."""
    _enter(command)
    if "uses" in command:
        lineage.current_task().uses_file(command["uses"])
    report = lineage.flush(command["timeout_s"])
    Path(command["report"]).write_text(str(report), encoding="utf-8")


def serve(command: dict[str, Any]) -> None:
    """Serve an instance until killed."""
    _enter(command)
    home = Path(command["store"])
    settings = server.ServeSettings(
        store=f"sqlite:///{home / 'instance.db'}",
        blobs=home / "blobs",
        port=command["port"],
        is_access_logged=False,
    )
    server.serve(settings)


def platform(command: dict[str, Any]) -> None:
    """Stand in for the platform until killed."""
    _enter(command)
    PlainPlatform(command["port"], Path(command["store"]) / "platform.log").serve()


def _sign_requests() -> None:
    """Add to each request the process that sent it."""
    send = requests.adapters.HTTPAdapter.send

    def signed(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.headers[SENDER] = str(os.getpid())
        return send(self, request, *args, **kwargs)

    requests.adapters.HTTPAdapter.send = signed  # type: ignore[method-assign]  # here only


def _enter(command: dict[str, Any]) -> None:
    os.setsid()
    os.environ.update(command["environ"])
    logging.disable(logging.CRITICAL)


ROLES = {
    "record": record,
    "digest": digest,
    "succeed": succeed,
    "serve": serve,
    "platform": platform,
}


def main() -> None:
    """Fork a child for each command."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    assert runtime.current_runtime() is None
    _sign_requests()
    fact_types.many_facts()
    routes.Routes.build_models()
    for line in sys.stdin:
        command = json.loads(line)
        # Held open by the child and its children: its end shows that all are dead.
        alive = os.open(command["alive"], os.O_WRONLY)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            devnull = os.open(os.devnull, os.O_RDWR)
            os.dup2(devnull, 0)
            os.dup2(devnull, 1)
            ROLES[command["role"]](command)
            sys.exit(0)
        os.close(alive)
        print(json.dumps({"pid": pid}), flush=True)


if __name__ == "__main__":
    main()
