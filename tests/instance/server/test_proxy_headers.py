"""Behind a proxy: its word is taken from known peers, below any path."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from instance_server import Served, in_thread, settings_for

from lineage import Api
from lineage.cli.main import main
from lineage.instance.proxy_headers import (
    IS_NAMED,
    PREFIX,
    Network,
    ProxyHeaders,
    checked_prefix,
)


@pytest.fixture
def below(tmp_path: Path) -> Iterator[Served]:
    """An instance that is served below a path."""
    with in_thread(settings_for(tmp_path, prefix="/tools/lineage")) as served:
        yield served


async def _seen(
    headers: dict[str, str], *, peer: str = "127.0.0.1", path: str = "/", **how: Any
) -> dict[str, Any]:
    """Return the scope that the instance sees of a request."""
    seen: dict[str, Any] = {}

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.update(scope)

    named: list[Network] = [ipaddress.ip_network(n) for n in how.pop("named", ())]
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "headers": raw, "client": (peer, 1)}
    proxy = ProxyHeaders(app, named, **how)
    await proxy({**scope, "scheme": "http"}, None, None)  # type: ignore[arg-type]  # the app asks neither
    return seen


async def test_a_known_proxy_names_caller_scheme_and_path() -> None:
    """The caller is the last address that no known proxy added."""
    sent = {
        "x-forwarded-for": "6.6.6.6, 9.9.9.9, 10.0.0.7",
        "x-forwarded-proto": "https",
        "x-forwarded-prefix": "/tools/",
    }
    seen = await _seen(sent, peer="10.0.0.8", path="/tools/x", named=["10.0.0.0/8"])
    assert seen["client"][0] == "9.9.9.9"
    assert seen["scheme"] == "https"
    assert (seen[PREFIX], seen["path"]) == ("/tools", "/x")
    assert seen[IS_NAMED]


@pytest.mark.parametrize("is_local", [False, True])
async def test_what_others_send_in_a_proxys_name_is_left_out(is_local: bool) -> None:
    """Neither address, scheme nor path are theirs to say."""
    sent = {
        "x-forwarded-for": "9.9.9.9",
        "x-forwarded-proto": "https",
        "x-forwarded-prefix": "/evil",
    }
    seen = await _seen(sent, peer="8.8.8.8", named=["10.0.0.0/8"], is_local=is_local)
    assert (seen["client"][0], seen["scheme"]) == ("8.8.8.8", "http")
    assert (seen[PREFIX], seen[IS_NAMED], seen["headers"]) == ("", False, [])


async def test_a_proxy_on_this_machine_is_believed_where_one_is_expected() -> None:
    """Not for who has signed in: each user of the machine could say that."""
    seen = await _seen({"x-forwarded-for": "9.9.9.9"}, is_local=True)
    assert (seen["client"][0], seen[IS_NAMED]) == ("9.9.9.9", False)
    alone = await _seen({"x-forwarded-for": "9.9.9.9"})
    assert alone["client"][0] == "127.0.0.1"


@pytest.mark.parametrize("text", ["//evil.example", "/a/../b", "/a b", "/a;b", "a/"])
async def test_a_prefix_is_a_path_of_plain_names(text: str) -> None:
    """It stands in addresses and cookies, so nothing else is taken for one."""
    with pytest.raises(ValueError, match=r"."):
        checked_prefix(text)
    sent = {"x-forwarded-prefix": text}
    assert (await _seen(sent, is_local=True))[PREFIX] == ""


@pytest.mark.parametrize("start", ["/tools/lineage", ""])
def test_the_page_is_there_with_and_without_the_prefix(
    below: Served, start: str
) -> None:
    """Some proxies cut the prefix off, and others pass it on."""
    assert requests.get(f"{below.address}{start}/", timeout=5).status_code in (200, 503)
    assert requests.get(f"{below.address}{start}/healthz", timeout=5).ok
    api = Api(f"{below.address}{start}", "")
    assert api.graph.tasks().tasks == []


def test_the_prefix_alone_leads_to_the_page(below: Served) -> None:
    """Addresses of the page are relative, so that it needs the slash at the end."""
    answer = requests.get(
        f"{below.address}/tools/lineage?focus=a", allow_redirects=False, timeout=5
    )
    assert answer.status_code == 308
    assert answer.headers["location"] == "/tools/lineage/?focus=a"


def test_the_pages_cookie_belongs_to_its_path(below: Served) -> None:
    """Other applications at the same proxy are not sent it."""
    token = below.token("a")
    answer = requests.post(
        f"{below.address}/tools/lineage/login",
        json={"token": token},
        headers={"x-forwarded-proto": "https"},
        timeout=5,
    )
    assert "Path=/tools/lineage/;" in answer.headers["set-cookie"]
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("probe", ["healthz", "readyz"])
def test_a_probe_may_come_by_any_address(tmp_path: Path, probe: str) -> None:
    """A cluster asks a pod by its own address; all else needs the right name."""
    settings = settings_for(tmp_path, allowed_hosts=("lineage.example.org",))
    with in_thread(settings) as served:
        by_address = {"host": "10.1.2.3:7077"}
        answer = requests.get(
            f"{served.address}/{probe}", headers=by_address, timeout=5
        )
        assert answer.status_code == 200
        refused = requests.get(f"{served.address}/", headers=by_address, timeout=5)
        assert refused.status_code == 403


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (["--prefix", "/a b"], "'/a b' is no path of plain names, such as /lineage"),
        (["--proxy", "10.0.0.1/8"], "allowed is an address or a network"),
    ],
)
def test_a_mistake_in_the_options_is_named(
    words: list[str], sent: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what is allowed."""
    assert main(["serve", *words]) == 2
    assert sent in " ".join(capsys.readouterr().err.split())
