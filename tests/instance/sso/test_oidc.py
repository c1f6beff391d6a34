"""Single sign-on by OpenID Connect, against a real provider and in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from identity_provider import identity_provider, settings_of
from instance_server import Served, in_thread, settings_for

from lineage.instance.sso.settings import OidcSettings, SsoError, SsoSettings
from lineage.instance.store import open_store
from lineage.instance.tokens import list_tokens, revoke_token

#: Where it is missing once: `make .venv/.dev`. On CI that is a failure.
pytest.importorskip("joserfc", reason="the extra `sso` is not installed")
from lineage.instance.sso import oidc
from lineage.instance.sso.oidc import (  # needs the extra
    Attempt,
    OidcProvider,
    check_issuer,
)

PAGE = {"x-lineage-page": "1"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """An identity provider on a free port."""
    with identity_provider() as address:
        yield address


@pytest.fixture
def served(issuer: str, tmp_path: Path) -> Iterator[Served]:
    """An instance below a path whose people that provider knows."""
    sso = settings_of(issuer, tmp_path)
    with in_thread(settings_for(tmp_path, sso=sso, prefix="/lineage")) as served:
        yield served


def _sign_in(browser: requests.Session, served: Served, sub: str) -> requests.Response:
    """Go the way of a browser, up to the answer of the instance."""
    start = f"{served.address}/lineage/sso/login"
    started = browser.get(start, allow_redirects=False, timeout=10)
    form = browser.post(
        started.headers["location"],
        data={"sub": sub},
        allow_redirects=False,
        timeout=10,
    )
    return browser.get(form.headers["location"], allow_redirects=False, timeout=10)


def _status(browser: requests.Session, served: Served) -> int:
    url = f"{served.address}/lineage/public/api/v3/lineage.tasks.list"
    return browser.post(url, json={}, headers=PAGE, timeout=10).status_code


def test_a_person_signs_in_and_has_the_role_of_the_group(served: Served) -> None:
    """The session is the page's own; who it is stands in the list of tokens."""
    with requests.Session() as browser:
        assert _status(browser, served) == 401
        back = _sign_in(browser, served, "m1")
        assert (back.status_code, back.headers["location"]) == (
            303,
            "/lineage/?signed-in=1",
        )
        assert _status(browser, served) == 200
    store = open_store(served.settings.store)
    (known,) = list_tokens(store)
    assert (known.user, known.teams, known.role) == (
        "maria@example.org", ("research",), "writer",
    )  # fmt: skip
    store.close()


def test_who_is_in_no_group_is_refused(served: Served) -> None:
    """By the name that the provider gave."""
    with requests.Session() as browser:
        answer = _sign_in(browser, served, "g1")
        assert answer.status_code == 403
        assert "guest@example.org is in no group" in answer.text


def test_a_program_that_is_refused_gets_the_error_itself(served: Served) -> None:
    """Only a browser gets a page; both have the status."""
    there = f"{served.address}/lineage/sso/callback?error=access_denied"
    for accept, kind in (("text/html,*/*", "text/html"), ("*/*", "application/json")):
        answer = requests.get(there, headers={"accept": accept}, timeout=10)
        assert answer.status_code == 401
        assert answer.headers["content-type"].startswith(kind)
        assert "not begun here" in answer.text


def test_a_person_whose_token_was_revoked_is_locked_out(served: Served) -> None:
    """The session ends, and there is no new one."""
    with requests.Session() as browser:
        _sign_in(browser, served, "m1")
        store = open_store(served.settings.store)
        assert revoke_token(store, list_tokens(store)[0].id)
        store.close()
        assert _status(browser, served) == 401
        assert _sign_in(browser, served, "m1").status_code == 403


def test_an_answer_to_another_try_is_refused(served: Served, issuer: str) -> None:
    """A stranger's code does not sign this browser in, nor does one used again."""
    with requests.Session() as stranger, requests.Session() as browser:
        started = stranger.get(
            f"{served.address}/lineage/sso/login", allow_redirects=False, timeout=10
        )
        query = parse_qs(urlsplit(started.headers["location"]).query)
        assert query["code_challenge_method"] == ["S256"]
        form = stranger.post(
            started.headers["location"], data={"sub": "m1"}, allow_redirects=False,
            timeout=10,
        )  # fmt: skip
        there = form.headers["location"]
        answer = browser.get(there, allow_redirects=False, timeout=10)
        assert answer.status_code == 401
        assert "was not begun here" in answer.text
        assert stranger.get(there, allow_redirects=False, timeout=10).status_code == 303
        again = stranger.get(there, allow_redirects=False, timeout=10)
        assert again.status_code == 401


def test_a_token_for_another_try_is_refused(issuer: str, tmp_path: Path) -> None:
    """The nonce of the answer is that of the question."""
    known = settings_of(issuer, tmp_path).oidc
    assert known is not None
    provider = OidcProvider(known)
    started, other = Attempt.new(), Attempt.new()
    there = provider.address(started, "http://localhost/sso/callback")
    form = requests.post(there, data={"sub": "m1"}, allow_redirects=False, timeout=10)
    query = {
        k: v[0] for k, v in parse_qs(urlsplit(form.headers["location"]).query).items()
    }
    mixed = Attempt(started.state, other.nonce, started.verifier)
    with pytest.raises(Exception, match="not valid"):
        provider.person(query, mixed, "http://localhost/sso/callback")


def test_a_provider_that_is_away_is_named(tmp_path: Path) -> None:
    """The browser is answered 503, and the server goes on."""
    sso = SsoSettings.model_validate(
        {
            "grants": [{"group": "*", "team": "all"}],
            "oidc": {"issuer": "http://127.0.0.1:9", "client_id": "x"},
        }
    )
    with in_thread(settings_for(tmp_path, sso=sso)) as served:
        answer = requests.get(f"{served.address}/sso/login", timeout=10)
        assert answer.status_code == 503
        assert requests.get(f"{served.address}/healthz", timeout=10).ok


@pytest.mark.parametrize("issuer", ["http://id.example.org", "id.example.org"])
def test_an_issuer_that_others_could_imitate_is_refused(issuer: str) -> None:
    """Only on this machine is http enough."""
    with pytest.raises(SsoError, match="https"):
        check_issuer(OidcSettings(issuer=issuer, client_id="x"))
    check_issuer(OidcSettings(issuer="https://id.example.org", client_id="x"))


def test_a_provider_that_hangs_keeps_few_threads(
    issuer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond some conversations at once, a sign-in is answered 503 without one."""
    known = settings_of(issuer, tmp_path).oidc
    assert known is not None
    provider = OidcProvider(known)
    monkeypatch.setattr(oidc, "_TURN_S", 0.0)
    while provider._turns.acquire(blocking=False):
        pass
    with pytest.raises(Exception, match="too many people"):
        provider.address(Attempt.new(), "http://localhost/sso/callback")
    provider._turns.release()
    assert provider.address(Attempt.new(), "http://localhost/sso/callback")
