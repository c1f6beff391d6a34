"""Batches of OpenLineage events into an instance, beside bare inserts of their JSON."""

from __future__ import annotations

import gc
import json
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lineage import Api
from lineage.instance.embedded import EmbeddedInstance

from .harness import Goal, Options, Table, significant

TITLE = "OpenLineage events into an instance"
BATCH = 1000
_SPEC: Final = "https://openlineage.io/spec"
_OURS: Final = {"_producer": "urn:bench", "_schemaURL": f"{_SPEC}/facets/1-0-0/X.json"}
#: Tables that the events speak of, and jobs that send them.
_TABLES, _JOBS = 200, 50


def run(options: Options) -> list[Table]:
    """Measure whole batches: read, checked, masked, joined to runs, committed."""
    batches = 2 if options.is_smoke else 10 if options.is_quick else 30
    ours, theirs, cpu = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        instance = EmbeddedInstance(Path(folder) / "home")
        api = Api(instance.address, "", adapters={instance.address: instance.adapter})
        bare = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, body TEXT)")
        for at in range(batches):
            events = list(make_events(at))
            gc.collect()
            start, used = time.perf_counter(), time.process_time()
            answer = api.post("openlineage.batch", events).json()
            ours.append(time.perf_counter() - start)
            cpu.append(time.process_time() - used)
            assert answer["received"] == BATCH, answer
            text = json.dumps(events)
            start = time.perf_counter()
            _insert(bare, text)
            theirs.append(time.perf_counter() - start)
        bare.close()
        instance.close()
    return [_table(batches, ours, theirs, cpu)]


def _table(
    batches: int, ours: list[float], theirs: list[float], cpu: list[float]
) -> Table:
    rate, bare, own = (BATCH / statistics.median(p) for p in (ours, theirs, cpu))
    table = Table(
        f"{TITLE}: {batches} batches of {BATCH}",
        ("what", "events/s", "against bare"),
        [
            ["their JSON read and inserted, nothing else", significant(bare), "1"],
            ["the instance", significant(rate), significant(rate / bare)],
            ["the instance, by its own CPU time", significant(own), ""],
        ],
    )
    table.goals.append(
        Goal("OpenLineage events/s into an instance", rate, 3000, "", is_at_least=True)
    )
    return table


def make_events(at: int) -> Iterator[dict[str, Any]]:
    """Yield START and COMPLETE of runs that read one table and write another."""
    for number in range(at * BATCH // 2, (at + 1) * BATCH // 2):
        base = _base(number)
        at_start, at_end = number, number + 30
        yield {
            **base, "eventType": "START", "eventTime": _time(at_start),
            "inputs": [_dataset(number)], "outputs": [],
        }  # fmt: skip
        yield {
            **base, "eventType": "COMPLETE", "eventTime": _time(at_end),
            "inputs": [], "outputs": [_dataset(number + 1)],
        }  # fmt: skip


def _base(number: int) -> dict[str, Any]:
    engine = {**_OURS, "version": "3.5.1", "name": "spark"}
    return {
        "producer": "urn:bench",
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {
            "runId": str(uuid.UUID(int=number + 1)),
            "facets": {"processing_engine": engine},
        },
        "job": {"namespace": "etl", "name": f"job{number % _JOBS}", "facets": {}},
    }


def _dataset(number: int) -> dict[str, Any]:
    fields = [{"name": f"column_{k}", "type": "int"} for k in range(8)]
    return {
        "namespace": "postgres://db:5432",
        "name": f"shop.table_{number % _TABLES}",
        "facets": {"schema": {**_OURS, "fields": fields}},
    }


def _time(second: int) -> str:
    day, rest = divmod(second, 86_400)
    hour, rest = divmod(rest, 3600)
    return f"2026-01-{day + 1:02}T{hour:02}:{rest // 60:02}:{rest % 60:02}Z"


def _insert(connection: sqlite3.Connection, text: str) -> None:
    rows = [(json.dumps(event),) for event in json.loads(text)]
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO events (body) VALUES (?)", rows)
    connection.execute("COMMIT")
