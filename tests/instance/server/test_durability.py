"""What was answered 200 is kept: through a kill under load, and many writers."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from instance_fixture import edge_fact
from instance_server import settings_for, start_process

from lineage.instance.store import open_store

#: Requests answered before the server is killed.
ENOUGH = 150
WRITERS = 16
EDGES = 30


def post(connection: http.client.HTTPConnection, method: str, body: Any) -> int:
    """Call a method over a kept connection and give the status."""
    headers = {"content-type": "application/json"}
    text = json.dumps(body)
    connection.request("POST", f"/public/api/v3/{method}", text, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


class Load:
    """Clients that send until the server is gone, remembering what was answered."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.answered: list[dict[str, Any]] = []
        self.is_enough = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(4)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        number = 0
        try:
            while True:
                number += 1
                base = client * 1_000_000 + number * 10
                facts = [
                    edge_fact(base + k, task=f"c{client}", uid=f"c{client}-{base + k}")
                    for k in range(1 + number % 3)
                ]
                status = post(connection, "lineage.facts.add", {"facts": facts})
                assert status == 200
                self.answered.extend(facts)
                if len(self.answered) >= ENOUGH:
                    self.is_enough.set()
        except (OSError, http.client.HTTPException):
            self.is_enough.set()
        finally:
            connection.close()

    def join(self) -> None:
        """Wait until every client has seen the server's end."""
        for thread in self._threads:
            thread.join(30)


def test_a_killed_server_has_lost_nothing_it_answered(
    tmp_path: Path, store_url: str
) -> None:
    """After kill -9 under load, every fact answered 200 is there already."""
    settings = settings_for(tmp_path, store=store_url, is_access_logged=False)
    process = start_process(settings)
    try:
        load = Load(settings.port)
        is_enough = load.is_enough.wait(60)
    finally:
        process.kill()
        _, log = process.communicate()
    load.join()
    assert is_enough, log
    assert len(load.answered) >= ENOUGH
    store = open_store(store_url)
    again = store.ingest(1, load.answered)
    store.close()
    assert (again.stored, again.duplicates) == (0, len(load.answered))


_WRITER = """
import http.client, json, sys
port, writer, edges = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
for number in range(edges):
    edge = {"teamId": 1, "node": {"type": "task", "id": writer % 4 + 1},
            "type": "dataset", "id": number * 100 + writer}
    for _ in range(2):  # each is sent twice, as clients in doubt do
        connection.request("POST", "/public/api/v3/workflow.node.add-input",
                           json.dumps(edge), {"content-type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200, (answer.status, answer.read())
        answer.read()
"""


def test_sixteen_writers_have_every_edge_accounted_for(
    tmp_path: Path, store_url: str
) -> None:
    """Sixteen processes write to two workers: each edge is there, and once."""
    settings = settings_for(
        tmp_path, store=store_url, workers=2, is_access_logged=False
    )
    server = start_process(settings)
    try:
        writers = [
            subprocess.Popen(
                [sys.executable, "-S", "-c", _WRITER, str(settings.port), str(n),
                 str(EDGES)],
                stderr=subprocess.PIPE, text=True,
            )
            for n in range(WRITERS)
        ]  # fmt: skip
        problems = [writer.communicate(timeout=100)[1] for writer in writers]
    finally:
        server.terminate()
        server.communicate(timeout=20)
    assert problems == [""] * WRITERS
    store = open_store(store_url)
    with store.db.read() as tx:
        edges = tx.one("SELECT COUNT(*) FROM edges WHERE team_id = 1")
        artifacts = tx.one("SELECT COUNT(*) FROM entities WHERE kind = 'dataset'")
        tasks = tx.all("SELECT number FROM tasks ORDER BY number")
    store.close()
    assert (edges, artifacts) == ((WRITERS * EDGES,), (WRITERS * EDGES,))
    assert [row[0] for row in tasks] == [1, 2, 3, 4]
