"""Lets dbt or Airflow work and send events to `lineage serve`; checks the graph.

Run by `nox -s producers`: only the environment says where they send.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

import lineage
from lineage import Api
from lineage.api.graph import GraphApi

_DBT = {
    "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\n",
    "profiles.yml": (
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n"
    ),
    "seeds/orders.csv": "id,amount\n1,10\n2,20\n",
    "models/clean.sql": "select id, amount from {{ ref('orders') }}\n",
    "models/total.sql": "select sum(amount) as total from {{ ref('clean') }}\n",
}
_DAG = """
import os
from datetime import datetime
from pathlib import Path

from airflow.sdk import DAG, Asset, task

SHOP = Path(os.environ["SHOP"])

with DAG("shop", schedule=None, start_date=datetime(2026, 1, 1), catchup=False):

    @task(
        inlets=[Asset(f"file://{SHOP}/raw.csv")],
        outlets=[Asset(f"file://{SHOP}/clean.csv")],
    )
    def clean():
        (SHOP / "clean.csv").write_text((SHOP / "raw.csv").read_text())

    clean()
"""
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


@contextmanager
def _instance() -> Iterator[tuple[str, GraphApi]]:
    """Serve an instance; give its address and its questions."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    server = _serve(Path("home"), port)
    try:
        yield (
            address,
            Api(address, "", api_server_address=f"{address}/public/api").graph,
        )
    finally:
        server.terminate()
        server.wait(20)


def _run(address: str, folder: str, *command: str, **environ: str) -> None:
    """Run a program of this environment; only variables say where we are."""
    name, *options = command
    whole = {
        **os.environ,
        "OPENLINEAGE_URL": address,
        "OPENLINEAGE_NAMESPACE": "shop",
        "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}",
        **environ,
    }
    subprocess.run([_BIN / name, *options], env=whole, cwd=folder, check=True)


def _names(answer: Any) -> set[str]:
    return {node.name for node in answer.nodes}


def dbt(address: str, graph: GraphApi) -> None:
    """Build twice, by both ways in which dbt sends, and check what is known."""
    for name, text in _DBT.items():
        path = Path("shop", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    build = ("dbt-ol", "build", "--profiles-dir", ".")
    _run(address, "shop", *build)
    found = _names(graph.upstream("shop.main.total"))
    assert {"shop.main.clean", "shop.main.shop.total.build.run"} <= found, found
    _run(address, "shop", *build, "--consume-structured-logs")
    found = _names(graph.upstream("shop.main.total"))
    expected = {"shop.main.orders", "seed.shop.orders", "model.shop.total"}
    assert expected <= found, found
    tasks = graph.tasks(limit=100).tasks
    assert len(tasks) <= 8, [task.node.name for task in tasks]
    print(f"{len(tasks)} tasks, and the total reaches its seed: {sorted(found)}")


def airflow(address: str, graph: GraphApi) -> None:
    """Run a DAG with datasets, use its file in an app, and ask for the whole way."""
    shop = Path("shop").resolve()
    (shop / "airflow" / "dags").mkdir(parents=True)
    (shop / "airflow" / "dags" / "shop.py").write_text(_DAG)
    (shop / "raw.csv").write_text("id,amount\n1,10\n")
    environ = {
        "AIRFLOW_HOME": str(shop / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "SHOP": str(shop),
    }
    _run(address, "shop", "airflow", "db", "migrate", **environ)
    _run(address, "shop", "airflow", "dags", "test", "shop", **environ)

    os.environ["LINEAGE_TARGET"] = address
    with lineage.task(name="Train") as task:
        task.uses_file(str(shop / "clean.csv"))
        (shop / "model.bin").write_text("weights")
        task.produces_file(str(shop / "model.bin"))
    assert lineage.flush(20)
    found = _names(graph.upstream("model.bin"))
    expected = {"raw.csv", "shop.clean", "clean.csv", "Train", "model.bin"}
    assert expected <= found, found
    states = {task.node.name: task.node.status for task in graph.tasks().tasks}
    assert states["shop"] == states["shop.clean"] == "finished", states
    print(f"an app's model reaches the file that the DAG read: {sorted(found)}")


def main() -> None:
    """Start fresh, and let one tool work."""
    shutil.rmtree("shop", ignore_errors=True)
    shutil.rmtree("home", ignore_errors=True)
    with _instance() as (address, graph):
        {"dbt": dbt, "airflow": airflow}[sys.argv[1]](address, graph)


if __name__ == "__main__":
    main()
