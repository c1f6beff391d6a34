"""Single sign-on by a proxy's header: believed by a secret, or from a named peer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import requests
from instance_server import Served, in_thread, settings_for

from lineage.cli.main import main
from lineage.instance.sso.settings import SsoError, SsoSettings, load

GRANTS = [
    {"group": "ops", "team": "research", "role": "admin"},
    {"group": "science", "team": "research", "role": "writer"},
]
USER = {"x-forwarded-user": "maria", "x-forwarded-groups": "staff, science"}
PAGE = {"x-lineage-page": "1"}


def _settings(**given: Any) -> SsoSettings:
    return SsoSettings.model_validate({"grants": GRANTS, **given})


@pytest.fixture
def by_secret(tmp_path: Path) -> Iterator[Served]:
    """An instance whose proxy shares a secret with it."""
    secret = tmp_path / "secret"
    secret.write_text("open sesame\n")
    sso = _settings(header={"secret_file": str(secret)})
    with in_thread(settings_for(tmp_path / "home", sso=sso)) as served:
        yield served


def _call(served: Served, headers: dict[str, str], method: str) -> requests.Response:
    url = f"{served.address}/public/api/v3/{method}"
    return requests.post(url, json={}, headers=headers, timeout=10)


def test_a_signed_in_person_has_the_role_of_the_group(by_secret: Served) -> None:
    """The first grant that fits counts: a writer may not do what an admin may."""
    headers = {**USER, **PAGE, "x-lineage-proxy-secret": "open sesame"}
    assert _call(by_secret, headers, "lineage.tasks.list").status_code == 200
    refused = _call(by_secret, headers, "lineage.data.forget")
    assert refused.status_code in (403, 404)
    other = {**headers, "x-forwarded-groups": "guests"}
    answer = _call(by_secret, other, "lineage.tasks.list")
    assert answer.status_code == 403
    assert "maria is in no group" in answer.text


@pytest.mark.parametrize(
    "forged",
    [
        USER,
        {**USER, "x-lineage-proxy-secret": "open barley"},
        {**USER, "x-lineage-proxy-secret": ""},
        {"x-forwarded-groups": "ops"},
    ],
)
def test_a_forged_header_is_refused(by_secret: Served, forged: dict[str, str]) -> None:
    """Also together with a token that is valid: it is nobody's mistake."""
    for token in ({}, {"x-api-key": by_secret.token("research")}):
        answer = _call(by_secret, {**forged, **PAGE, **token}, "lineage.tasks.list")
        assert answer.status_code == 401


def test_a_call_of_another_sites_page_is_refused(by_secret: Served) -> None:
    """A browser would send the proxy's cookie with it."""
    headers = {**USER, "x-lineage-proxy-secret": "open sesame"}
    assert _call(by_secret, headers, "lineage.tasks.list").status_code == 403


def test_nobody_is_let_in_unknown_but_tokens_work(by_secret: Served) -> None:
    """Also on loopback, and where there is no token yet."""
    assert _call(by_secret, PAGE, "lineage.tasks.list").status_code == 401
    key = {"x-api-key": by_secret.token("research")}
    assert _call(by_secret, key, "lineage.tasks.list").status_code == 200


@pytest.mark.parametrize(("network", "status"), [("127.0.0.1", 200), ("10.9.9.9", 401)])
def test_a_proxy_that_is_named_needs_no_secret(
    tmp_path: Path, network: str, status: int
) -> None:
    """It is known by its address; no other machine is."""
    settings = settings_for(
        tmp_path, sso=_settings(header={}), proxies=(ip_network(network),)
    )
    with in_thread(settings) as served:
        answer = _call(served, {**USER, **PAGE}, "lineage.tasks.list")
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("{", "the file: Invalid JSON"),
        ('{"grants": []}', "grants"),
        ('{"grants": [{"group": "a", "team": "b"}]}', "neither `header` nor `oidc`"),
        ('{"grants": [{"group": "a", "team": "b", "role": "king"}]}', "grants.0.role"),
        ('{"grants": [], "heeder": {}}', "grants"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, text: str, given: str
) -> None:
    """With the place in it, and where an example is."""
    path = tmp_path / "sso.json"
    path.write_text(text)
    with pytest.raises(SsoError, match=r"docs/serving\.md") as caught:
        load(path)
    assert given in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_secret_that_is_missing_stops_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is served by a server that could not distinguish its proxy from others."""
    path = tmp_path / "sso.json"
    header = {"secret_file": str(tmp_path / "nowhere")}
    path.write_text(json.dumps({"grants": GRANTS, "header": header}))
    home = str(tmp_path / "home")
    assert main(["serve", "--home", home, "--port", "0", "--sso", str(path)]) != 0
    assert "nowhere cannot be read" in capsys.readouterr().err
