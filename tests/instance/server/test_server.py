"""The server: the routes over HTTP, what operators ask, and its life."""

from __future__ import annotations

import json
import logging
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
import requests
from instance_fixture import edge_fact
from instance_server import Served, in_thread, settings_for, start_process

from lineage.instance.request_body import BodyLimits
from lineage.instance.server import ServeError, ServeSettings, bind, check_start, serve
from lineage.instance.store import open_store
from lineage.instance.tokens import create_token


def test_methods_answer_over_http(served: Served) -> None:
    """A method called over HTTP answers 200 with JSON."""
    answer = served.post("instance.version")
    assert (answer.status_code, answer.json()["version"]) == (200, "6.18.3")
    assert "lineage.facts.add" in answer.json()["lineage"]["endpoints"]
    stored = served.post("lineage.facts.add", {"facts": [edge_fact(1)]}).json()
    assert (stored["stored"], stored["refused"]) == (1, [])


def test_a_tls_hello_on_the_plain_port_is_ended_at_once(served: Served) -> None:
    """The platform's client probes with TLS first; it must not have to wait."""
    hello = bytes.fromhex("16030100c8010000c40303") + b"\x11" * 200
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", served.settings.port), 5) as probe:
        probe.sendall(hello)
        probe.settimeout(5)
        while probe.recv(4096):
            pass
    assert time.monotonic() - began < 4
    assert served.post("instance.version").status_code == 200


def test_an_https_probe_fails_fast(served: Served) -> None:
    """A real TLS client gives up long before its time-out."""
    began = time.monotonic()
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(served.address.replace("http:", "https:"), timeout=5)
    assert time.monotonic() - began < 4


def test_operators_see_health_and_metrics(served: Served) -> None:
    """Health, readiness and metrics answer; counts go by method, not by path."""
    for path in ("/healthz", "/readyz"):
        assert requests.get(served.address + path, timeout=5).status_code == 200
    served.post("instance.version")
    requests.get(served.address + "/public/api/v3/of-an-attacker", timeout=5)
    text = requests.get(served.address + "/metrics", timeout=5).text
    assert 'lineage_requests_total{method="instance.version",status="200"} 1.0' in text
    assert "of-an-attacker" not in text


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_store_that_is_gone_is_noticed(
    how: str, served: Served, tmp_path: Path
) -> None:
    """Nothing is acknowledged into a file that nobody will find; put back, it is on."""
    store, aside = tmp_path / "served" / "instance.db", tmp_path / "aside.db"
    fact = {"f": "task", "uid": "a-1", "task": "a", "at": 1.8e9, "name": "A"}
    assert served.post("lineage.facts.add", {"facts": [fact]}).status_code == 200
    store.rename(aside)
    if how == "replaced":
        store.write_bytes(aside.read_bytes())
    ready = requests.get(f"{served.address}/readyz", timeout=5)
    assert ready.status_code == 503
    assert "was deleted or replaced" in ready.text
    refused = served.post("lineage.facts.add", {"facts": [{**fact, "uid": "a-2"}]})
    assert refused.status_code == 503
    aside.rename(store)
    assert requests.get(f"{served.address}/readyz", timeout=5).status_code == 200


def test_unknown_methods_verbs_and_paths(served: Served) -> None:
    """What is not there is 404; a wrong verb is 405 and names the right one."""
    assert served.post("no.such.method").status_code == 404
    url = f"{served.address}/public/api/v3/tasks.info"
    answer = requests.get(url, timeout=5)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert requests.get(served.address + "/nowhere", timeout=5).status_code == 404


def test_every_answer_carries_the_security_headers(served: Served) -> None:
    """Methods, the page and errors carry the same strict headers."""
    answers = [
        served.post("instance.version"),
        served.post("no.such"),
        requests.get(served.address + "/", timeout=5),
        requests.get(served.address + "/healthz", timeout=5),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers


def test_bodies_are_bounded(tmp_path: Path) -> None:
    """A body larger than its method may have is 413, announced or not."""
    limits = BodyLimits(small_bytes=1000, upload_bytes=5000)
    with in_thread(settings_for(tmp_path, limits=limits)) as served:
        announced = served.post("tasks.info", {"id": 1, "x": "y" * 2000})
        assert announced.status_code == 413
        url = f"{served.address}/public/api/v3/file-storage.upload?teamId=1&path=/a"
        untold = requests.post(url, data=iter([b"x" * 900] * 10), timeout=10)
        assert untold.status_code == 413
        small = requests.post(url, data=iter([b"x" * 900] * 3), timeout=10)
        assert small.json()["meta"]["size"] == 2700


def test_a_large_upload_comes_back_whole(served: Served) -> None:
    """An upload larger than memory's share is kept and sent back byte for byte."""
    content = bytes(range(256)) * (3 << 12)
    url = f"{served.address}/public/api/v3/file-storage.upload?teamId=1&path=/big.bin"
    chunks = (content[i : i + 65_536] for i in range(0, len(content), 65_536))
    assert requests.post(url, data=chunks, timeout=20).status_code == 200
    body = {"teamId": 1, "path": "/big.bin"}
    assert served.post("file-storage.download", body).content == content
    part = served.post(
        "file-storage.download", body, headers={"range": "bytes=1000000-2000000"}
    )
    assert (part.status_code, part.content) == (206, content[1000000:2000001])


def _access_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The access log alone: servers of other tests may still talk of their end."""
    return [r.getMessage() for r in caplog.records if r.name == "lineage.access"]


def test_the_access_log_has_no_secrets(
    served: Served,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A line has method, status and time as JSON; never a token or a query."""
    # `serve` silences uvicorn's own lines when it starts; other tests of this process
    # have set up its loggers again since.
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "disabled", True)
    with caplog.at_level(logging.INFO, logger="lineage.access"):
        served.post(
            "tasks.info?token=hidden", {"id": 1}, token="lin_1_verysecret"
        )  # fmt: skip
        deadline = time.monotonic() + 5
        # The line is written when the answer is out.
        while not _access_lines(caplog) and time.monotonic() < deadline:
            threading.Event().wait(0.01)
    line = json.loads(_access_lines(caplog)[-1])
    assert set(line) == {"at", "client", "verb", "name", "status", "ms"}
    assert (line["name"], line["status"]) == ("tasks.info", 404)
    assert "secret" not in caplog.text
    assert "hidden" not in caplog.text


def test_strangers_are_not_served_without_a_token(tmp_path: Path) -> None:
    """An address that others can reach needs a token before it starts."""
    settings = settings_for(tmp_path, host="0.0.0.0")
    with pytest.raises(ServeError, match="lineage token create"):
        serve(settings)
    store = open_store(settings.store)
    create_token(store, team="a")
    store.close()
    check_start(settings)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("example.org", False), ("10.0.0.1", False)],
)  # fmt: skip
def test_only_this_machine_is_loopback(
    tmp_path: Path, host: str, expected: bool
) -> None:
    """A host that is not surely this machine counts as reachable by others."""
    settings = ServeSettings(store="sqlite:///x", blobs=tmp_path, host=host)
    assert settings.is_loopback is expected


def test_a_taken_port_is_reported(served: Served, tmp_path: Path) -> None:
    """A port in use is an error that names it."""
    settings = settings_for(tmp_path / "b", port=served.settings.port)
    with pytest.raises(ServeError, match=rf"{served.settings.port}.*free one: --port"):
        serve(settings)


def test_an_address_of_another_machine_is_reported(tmp_path: Path) -> None:
    """It is the host that is wrong, and not the port."""
    settings = settings_for(tmp_path, host="192.0.2.1")
    with pytest.raises(ServeError, match=r"192\.0\.2\.1.*of this machine: --host"):
        bind(settings)


def test_a_port_belongs_to_one_server_where_reuse_would_share_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows SO_REUSEADDR lets another process take a port that is in use."""
    option = socket.SO_KEEPALIVE  # one that this system has, in place of Windows' own
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", option, raising=False)
    with bind(settings_for(tmp_path)) as listening:
        assert listening.getsockopt(socket.SOL_SOCKET, option) != 0
        assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_the_server_stops_gracefully(tmp_path: Path, workers: int) -> None:
    """SIGTERM ends the server and its workers with what was answered kept."""
    settings = settings_for(tmp_path, workers=workers)
    process = start_process(settings)
    try:
        served = Served(f"http://127.0.0.1:{settings.port}", settings)
        sent = served.post("lineage.facts.add", {"facts": [edge_fact(1, task_id=3)]})
        assert sent.json()["stored"] == 1
        metrics = requests.get(served.address + "/metrics", timeout=5).text
        assert 'method="lineage.facts.add",status="200"' in metrics
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode in (0, -signal.SIGTERM), log
    assert '"name": "lineage.facts.add", "status": 200' in log
    assert "Traceback" not in log
