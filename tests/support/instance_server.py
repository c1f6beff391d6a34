"""A really served instance for tests: in a thread, or in a process to be killed."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import uvicorn

from lineage.instance.http_protocol import BoundedHttpProtocol
from lineage.instance.server import ServeSettings, create_app
from lineage.instance.store import open_store
from lineage.instance.tokens import create_token

WAIT_S = 60.0


@dataclass
class Served:
    """A server that can be asked."""

    address: str
    settings: ServeSettings

    def post(
        self, method: str, body: Any = None, *, token: str | None = None, **how: Any
    ) -> requests.Response:
        """Call a method."""
        headers = {**({"x-api-key": token} if token else {}), **how.pop("headers", {})}
        url = f"{self.address}/public/api/v3/{method}"
        values = {} if body is None else body
        return requests.post(url, json=values, headers=headers, timeout=WAIT_S, **how)

    def token(self, team: str | Sequence[str], role: str = "writer") -> str:
        """Make a token, of one team or several."""
        store = open_store(self.settings.store)
        try:
            return create_token(store, team=team, role=role).secret
        finally:
            store.close()


def settings_for(home: Path, **values: Any) -> ServeSettings:
    """Return settings with a store and blobs in a folder, on a free port."""
    home.mkdir(parents=True, exist_ok=True)
    base = {"store": f"sqlite:///{home / 'instance.db'}", "blobs": home / "blobs"}
    return ServeSettings(**{**base, "port": free_port(), **values})


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def in_thread(settings: ServeSettings) -> Iterator[Served]:
    """Serve in a thread of this process."""
    config = uvicorn.Config(
        create_app(settings), port=settings.port, log_config=None, ws="none",
        access_log=False, timeout_graceful_shutdown=2, server_header=False,
        http=BoundedHttpProtocol,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    served = Served(f"http://127.0.0.1:{settings.port}", settings)
    try:
        wait_until_up(served.address)
        yield served
    finally:
        server.should_exit = True
        thread.join(WAIT_S)


_PROGRAM = """
import sys, json
from pathlib import Path
from lineage.instance.http_protocol import BoundedHttpProtocol
from lineage.instance.server import ServeSettings, serve
values = json.loads(sys.argv[1])
serve(ServeSettings(**{**values, "blobs": Path(values["blobs"])}))
"""


def start_process(settings: ServeSettings) -> subprocess.Popen[str]:
    """Serve in a process of its own, and wait until it answers."""
    values = {
        "store": settings.store,
        "blobs": str(settings.blobs),
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        "is_access_logged": settings.is_access_logged,
        "allowed_hosts": settings.allowed_hosts,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, json.dumps(values)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until_up(f"http://127.0.0.1:{settings.port}", process)
    except AssertionError:
        process.kill()
        process.communicate()
        raise
    return process


def wait_until_up(address: str, process: subprocess.Popen[str] | None = None) -> None:
    """Wait until a server answers, with a deadline."""
    deadline = time.monotonic() + WAIT_S
    host, _, port = address.removeprefix("http://").partition(":")
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise AssertionError(f"the server ended: {process.communicate()[1]}")
        with socket.socket() as probe:
            probe.settimeout(1)
            is_reached = probe.connect_ex((host, int(port))) == 0
            # While nobody listens, the system may give the probe this very port: then
            # it has reached itself.
            if is_reached and probe.getsockname() != probe.getpeername():
                return
        threading.Event().wait(0.02)
    raise AssertionError(f"{address} did not come up in {WAIT_S} s")
