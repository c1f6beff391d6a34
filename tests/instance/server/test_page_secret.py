"""The page of `lineage ui` answers only who knows the secret of its address."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from instance_server import Served, in_thread, settings_for

from lineage.instance.errors import RequestError
from lineage.instance.http import InstanceRequest
from lineage.instance.page_secret import PageSecret, new_secret

SECRET = new_secret()


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Served]:
    """A page for who knows the secret."""
    with in_thread(settings_for(tmp_path / "own", page_secret=SECRET)) as running:
        yield running


def test_without_the_secret_nothing_is_answered(private: Served) -> None:
    """The page, its assets, methods, metrics and login are 403 with the way in."""
    for path in ("/", "/assets/x.js", "/metrics", "/?token=wrong", "/nothing"):
        answer = requests.get(private.address + path, timeout=10)
        assert answer.status_code == 403, path
        assert "lineage ui" in answer.json()["details"]["message"]
    for method in ("lineage.graph.get", "file-storage.download", "lineage.data.delete"):
        assert private.post(method, {}).status_code == 403
        assert private.post(method, {}, token="wrong").status_code == 403
    forged = {f"lineage_ui_{private.settings.port}": "wrong", "lineage_ui": SECRET}
    assert requests.get(private.address, cookies=forged, timeout=10).status_code == 403


def test_the_printed_address_leads_to_the_page_without_the_secret(
    private: Served,
) -> None:
    """The address sets a cookie, keeps what else it says, and the rest follows."""
    with requests.Session() as session:
        url = f"{private.address}/?token={SECRET}&node=data%3A1"
        first = session.get(url, timeout=10, allow_redirects=False)
        assert first.status_code == 303
        assert first.headers["location"] == "/?node=data%3A1"
        assert "HttpOnly" in first.headers["set-cookie"]
        assert "SameSite=Lax" in first.headers["set-cookie"]
        assert first.headers["cache-control"] == "no-store"
        assert session.get(private.address, timeout=10).status_code in (200, 503)
        url = f"{private.address}/public/api/v3/tasks.info"
        assert session.post(url, json={"id": 7}, timeout=10).status_code == 404


def test_commands_reach_it_with_the_secret_as_their_token(private: Served) -> None:
    """`LINEAGE_TOKEN` may be the secret."""
    assert private.post("tasks.info", {"id": 7}, token=SECRET).status_code == 404


def test_health_is_answered_to_all(private: Served) -> None:
    """That the server runs is no secret."""
    for path in ("/healthz", "/readyz"):
        assert requests.get(private.address + path, timeout=10).status_code == 200


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "/a b"])
def test_the_redirect_stays_on_the_server(path: str) -> None:
    """No path of an address leads to another host."""
    request = InstanceRequest("GET", path, {"token": SECRET})
    answer = PageSecret(SECRET, 7).admit(request)
    assert answer is not None
    assert answer.headers["location"].startswith("/")
    assert answer.headers["location"][1:2] not in ("/", "\\")


def test_a_post_never_carries_the_secret_in_its_address() -> None:
    """Only opening the page moves the secret into a cookie."""
    request = InstanceRequest("POST", "/public/api/v3/x", {"token": SECRET})
    with pytest.raises(RequestError) as raised:
        PageSecret(SECRET, 7).admit(request)
    assert raised.value.status == 403


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only root can act as another user",
)
def test_another_user_of_the_machine_gets_no_bytes(private: Served) -> None:
    """Another uid that connects to the loopback port reads no file of the owner."""
    script = (
        "import encodings.idna, os, sys, urllib.request, urllib.error\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        "    urllib.request.urlopen(sys.argv[1], data=b'{}', timeout=10)\n"
        "except urllib.error.HTTPError as error:\n"
        "    sys.exit(0 if error.code == 403 else 1)\n"
        "sys.exit(2)\n"
    )
    url = f"{private.address}/public/api/v3/lineage.files.download"
    done = subprocess.run([sys.executable, "-c", script, url], timeout=60)
    assert done.returncode == 0
