"""Play the platform: serve an instance, fill it, and start the apps as it would.

    python examples/supervisely_apps/play.py

Needs the extras `server` and `files`. Nothing leaves this machine.
"""

from __future__ import annotations

import os
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

HERE = Path(__file__).parent
TEAM_ID = 1
WORKSPACE_ID = 1
PATIENCE_S = 30.0


def free_port() -> int:
    """Ask the system for a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve an instance that lives in a folder, as `lineage serve` does."""
    port = free_port()
    command = [sys.executable, "-m", "lineage", "serve", "--port", str(port)]
    log = (home / "server.log").open("wb")
    server = subprocess.Popen([*command, "--home", str(home)], stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/readyz")
        yield address
    finally:
        server.terminate()
        server.wait(PATIENCE_S)
        log.close()


def wait_for(address: str) -> None:
    """Wait until somebody answers."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if requests.get(address, timeout=2).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.05)
    raise TimeoutError(f"nobody answers at {address}")


class Platform:
    """Starts apps with the environment that the platform gives them."""

    def __init__(self, address: str, home: Path) -> None:
        self.address = address
        self.home = home
        self.api = lineage.Api(address, "not-needed-on-loopback")

    def start(self, script: str, **more: Any) -> subprocess.Popen[str]:
        """Start an app as a task of its own."""
        name = script.removesuffix(".py").replace("_", " ")
        print(name.capitalize(), flush=True)
        task = self.api.register.task(name)
        environ = {
            "SERVER_ADDRESS": self.address,
            "API_TOKEN": "not-needed-on-loopback",
            "ENV": "production",
            "TEAM_ID": TEAM_ID,
            "WORKSPACE_ID": WORKSPACE_ID,
            "SUPERVISELY_TASK_ID": task["id"],
            "LINEAGE_HOME": self.home / "apps",
            **more,
        }
        variables = {name: str(value) for name, value in environ.items()}
        command = [sys.executable, str(HERE / script)]
        return subprocess.Popen(command, env={**os.environ, **variables}, text=True)

    def run(self, script: str, **more: Any) -> None:
        """Run an app to its end.

        Raises:
            RuntimeError: It failed.
        """
        if self.start(script, **more).wait(60):
            raise RuntimeError(f"{script} failed")


def play(home: Path) -> None:
    """Fill the instance, and run one app after the other."""
    home.mkdir(parents=True, exist_ok=True)
    with served(home) as address:
        platform = Platform(address, home)
        project = fill(platform.api)
        platform.run("importer.py", FOLDER="/import/")
        platform.run("exporter.py", PROJECT_ID=project)
        platform.run("trainer.py", PROJECT_ID=project, WEIGHTS="/models/start.pt")
        serve_model(platform, project)
    print(f"\nlook at it with: lineage tasks --home {home}")


def fill(api: lineage.Api) -> int:
    """Make what the apps work on, and give the project's id."""
    project = api.register.project("Street scenes")
    for name in ("day", "night"):
        api.register.dataset(project["id"], name)
        api.register.file(f"/import/{name}.csv", text=f"{name},1,2,3\n")
    api.register.file("/models/start.pt", text="start weights")
    return int(project["id"])


def serve_model(platform: Platform, project: int) -> None:
    """Start the model server, ask it twice, and stop it."""
    port = free_port()
    weights = "/training/Street scenes/checkpoints/epoch_3.pt"
    server = platform.start("model_server.py", APP_PORT=port, WEIGHTS=weights)
    address = f"http://127.0.0.1:{port}"
    wait_for(f"{address}/ready")
    for _ in range(2):
        answer = requests.post(address, json={"projectId": project}, timeout=10)
        print(f"  labels in project {answer.json()['projectId']}")
    requests.post(f"{address}/stop", json={}, timeout=10)
    server.wait(PATIENCE_S)


if __name__ == "__main__":
    play(Path(sys.argv[1] if len(sys.argv) > 1 else ".lineage/platform"))
