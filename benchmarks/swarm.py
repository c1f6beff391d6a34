"""A client of `lineage serve` beside a swarm that half-sends its requests."""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from lineage.instance.server import allow_connections

from .harness import (
    Goal,
    Options,
    Spread,
    Table,
    duration,
    significant,
    spread_of_durations,
)
from .serve import LINEAGE, Server, server

TITLE = "lineage serve while bodies are half-sent"
SWARM: Final = 1000
_HALF: Final = (
    "POST /public/api/v3/lineage.facts.add HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "X-Api-Key: {token}\r\nContent-Type: application/json\r\n"
    'Content-Length: 100000\r\n\r\n{{"facts": ['
)


def run(options: Options) -> list[Table]:
    """Time a client's answers without and with the swarm, in turns."""
    allow_connections()  # of this process, too
    calls = 20 if options.is_smoke else 200
    swarm = 20 if options.is_smoke else SWARM
    quiet: list[float] = []
    busy: list[float] = []
    with server(LINEAGE) as target:
        _time_answers(target, calls)
        for _ in range(options.pick_rounds(full=7, quick=3)):
            quiet.append(_time_answers(target, calls))
            with _half_sent(target, swarm):
                busy.append(_time_answers(target, calls))
    ratio = statistics.median(b / q for b, q in zip(busy, quiet, strict=True))
    spreads = {
        "alone": Spread.of(quiet),
        f"beside {swarm:,} half-sent bodies": Spread.of(busy),
    }
    rows = [
        [name, duration(spread.median), spread_of_durations(spread)]
        for name, spread in spreads.items()
    ]
    table = Table(TITLE, ("one client", "median answer", "quartiles of rounds"), rows)
    table.notes.append(f"with the swarm, of alone: {significant(ratio)}")
    table.goals.append(Goal("answers beside a swarm, of alone", ratio, 2, "x"))
    return [table]


@contextmanager
def _half_sent(target: Server, count: int) -> Iterator[None]:
    """Hold connections that have sent a head and a part of a body."""
    text = _HALF.format(token=target.token).encode()
    with ExitStack() as stack:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", target.port), 20)
            stack.enter_context(connection).sendall(text)
        yield


def _time_answers(target: Server, calls: int) -> float:
    """Return the median time of a read, in nanoseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=20)
    headers = {"X-Api-Key": target.token, "Content-Type": "application/json"}
    body, times = json.dumps({"id": 1}), []
    for _ in range(calls):
        start = time.perf_counter_ns()
        connection.request("POST", "/public/api/v3/tasks.info", body, headers)
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter_ns() - start)
        if answer.status != 404:
            raise RuntimeError(f"the client was answered {answer.status}")
    connection.close()
    return statistics.median(times)
