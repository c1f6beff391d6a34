"""Lets dbt build a project and send its events to `lineage serve`; checks the graph.

Run by `nox -s producers`: nothing but the environment tells dbt where to send.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

from lineage import Api

_FILES = {
    "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\n",
    "profiles.yml": (
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n"
    ),
    "seeds/orders.csv": "id,amount\n1,10\n2,20\n",
    "models/clean.sql": "select id, amount from {{ ref('orders') }}\n",
    "models/total.sql": "select sum(amount) as total from {{ ref('clean') }}\n",
}
_BIN = Path(sys.executable).parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(home: Path, port: int) -> subprocess.Popen[bytes]:
    command = [_BIN / "lineage", "serve", "--port", str(port), "--home", str(home)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            requests.get(f"http://127.0.0.1:{port}/readyz", timeout=1)
            return server
        except requests.ConnectionError:
            time.sleep(0.1)
    raise SystemExit("the server does not start")


def _build(address: str, *options: str) -> None:
    environ = {
        **os.environ,
        "OPENLINEAGE_URL": address,
        "OPENLINEAGE_NAMESPACE": "dbt",
        "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}",
    }
    command = [_BIN / "dbt-ol", "build", "--profiles-dir", ".", *options]
    subprocess.run(command, env=environ, cwd="shop", check=True)


def _names(answer: Any) -> set[str]:
    return {node.name for node in answer.nodes}


def main() -> None:
    """Build twice, by both ways in which dbt tells, and check what is known."""
    shutil.rmtree("shop", ignore_errors=True)
    shutil.rmtree("home", ignore_errors=True)
    for name, text in _FILES.items():
        path = Path("shop", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    server = _serve(Path("home"), port)
    try:
        graph = Api(address, "", api_server_address=f"{address}/public/api").graph
        _build(address)
        found = _names(graph.upstream("shop.main.total"))
        assert {"shop.main.clean", "shop.main.shop.total.build.run"} <= found, found
        _build(address, "--consume-structured-logs")
        found = _names(graph.upstream("shop.main.total"))
        expected = {"shop.main.orders", "seed.shop.orders", "model.shop.total"}
        assert expected <= found, found
        tasks = graph.tasks(limit=100).tasks
        assert len(tasks) <= 8, [task.node.name for task in tasks]
        print(f"{len(tasks)} tasks, and the total reaches its seed: {sorted(found)}")
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
