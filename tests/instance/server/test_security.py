"""Who gets in: tokens, roles, the page's sessions, hosts and origins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from instance_server import Served, in_thread, settings_for, start_process

from lineage.instance.errors import RequestError
from lineage.instance.server import ServeError, check_start
from lineage.instance.sessions import LASTS_S, MAX_FAILURES, WINDOW_S, Sessions
from lineage.instance.store import Store, open_store
from lineage.instance.tokens import (
    REMEMBER_S,
    Tokens,
    create_token,
    list_tokens,
    revoke_token,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = open_store(f"sqlite:///{tmp_path / 'tokens.db'}")
    yield made
    made.close()


def test_a_token_is_kept_as_a_hash_and_shown_once(store: Store, tmp_path: Path) -> None:
    """The secret is nowhere in the store, nor in what prints the token."""
    made = create_token(store, team="research", role="reader", user="ann")
    store.close()
    kept = b"".join(p.read_bytes() for p in tmp_path.glob("tokens.db*"))
    assert made.secret.encode() not in kept
    assert made.secret.split("_", 2)[2].encode() not in kept
    assert made.secret not in repr(made)
    reopened = open_store(f"sqlite:///{tmp_path / 'tokens.db'}")
    (listed,) = list_tokens(reopened)
    reopened.close()
    assert (listed.id, listed.teams, listed.role) == (made.id, ("research",), "reader")
    assert not hasattr(listed, "secret")


def test_a_token_opens_its_teams_until_revoked(store: Store) -> None:
    """A token stands for its teams in order; revoked, for nothing within a second."""
    now = [0.0]
    tokens = Tokens(store.db, clock=lambda: now[0])
    assert not tokens.exist()
    made = create_token(store, team=["b", "default"], role="admin")
    now[0] += REMEMBER_S
    assert tokens.exist()
    found = tokens.find(made.secret)
    assert found is not None
    assert (found.team_ids, found.role) == ((2, 1), "admin")
    assert revoke_token(store, made.id)
    assert not revoke_token(store, made.id)
    now[0] += REMEMBER_S
    assert tokens.find(made.secret) is None
    assert list_tokens(store)[0].is_revoked
    assert tokens.exist(), "revoking the last token opens nothing"


@pytest.mark.parametrize(
    "secret",
    ["", "lin", "lin_", "lin_1_", "lin_1_wrong", "lin_99_x", "lin_x_y", "lin_²_x",
     "LIN_1_x", "lin_" + "9" * 40 + "_x", "\udcff"],
)  # fmt: skip
def test_wrong_tokens_open_nothing(store: Store, secret: str) -> None:
    """Any other text is nobody's token, and no error."""
    create_token(store, team="a")
    assert Tokens(store.db).find(secret) is None


@pytest.mark.parametrize(
    ("team", "role"),
    [("a", "owner"), ("", "reader"), ([], "reader"), ("x" * 201, "reader")],
)  # fmt: skip
def test_impossible_tokens_are_not_made(
    store: Store, team: str | list[str], role: str
) -> None:
    """An unknown role or a nameless team is the caller's mistake."""
    with pytest.raises(ValueError, match=r"role|team"):
        create_token(store, team=team, role=role)


def test_remembered_tokens_are_bounded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guessing tokens cannot fill the memory."""
    monkeypatch.setattr("lineage.instance.tokens.REMEMBER", 10)
    tokens = Tokens(store.db)
    for number in range(100):
        tokens.find(f"guess {number}")
    assert len(tokens._known) <= 10


def test_a_session_ends_with_time_token_or_logout(store: Store) -> None:
    """A session lives until its time is over, its token revoked, or logged out."""
    now = [1000.0]
    sessions = Sessions(store.db, Tokens(store.db), clock=lambda: now[0])
    made = create_token(store, team="a")
    first = sessions.open(made.secret, client="c")
    assert sessions.find(first) is not None
    sessions.end(first)
    assert sessions.find(first) is None
    second = sessions.open(made.secret, client="c")
    now[0] += LASTS_S + 1
    assert sessions.find(second) is None
    third = sessions.open(made.secret, client="c")
    revoke_token(store, made.id)
    assert sessions.find(third) is None


def test_guessing_logins_is_throttled(store: Store) -> None:
    """Too many failures of one address wait; another address does not."""
    now = [1000.0]
    sessions = Sessions(store.db, Tokens(store.db), clock=lambda: now[0])
    made = create_token(store, team="a")
    for _ in range(MAX_FAILURES):
        with pytest.raises(RequestError) as refused:
            sessions.open("wrong", client="bad")
        assert refused.value.status == 401
    with pytest.raises(RequestError) as refused:
        sessions.open(made.secret, client="bad")
    assert refused.value.status == 429
    assert refused.value.headers["retry-after"].isdigit()
    assert sessions.open(made.secret, client="good")
    now[0] += WINDOW_S + 1
    assert sessions.open(made.secret, client="bad")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Served]:
    """A served instance with a token, on loopback."""
    settings = settings_for(tmp_path / "guarded")
    opened = open_store(settings.store)
    create_token(opened, team="first")
    opened.close()
    with in_thread(settings) as running:
        yield running


def test_a_token_is_needed_once_there_is_one(guarded: Served) -> None:
    """Without a token only the version, health and the page's shell are answered."""
    assert guarded.post("tasks.info", {"id": 1}).status_code == 401
    assert guarded.post("tasks.info", {"id": 1}, token="wrong").status_code == 401
    assert requests.get(guarded.address + "/metrics", timeout=5).status_code == 401
    assert guarded.post("instance.version").status_code == 200
    token = guarded.token("first")
    assert guarded.post("tasks.info", {"id": 1}, token=token).status_code == 404
    bearer = {"authorization": f"Bearer {token}"}
    metrics = requests.get(guarded.address + "/metrics", headers=bearer, timeout=5)
    assert metrics.status_code == 200


def test_roles_bound_what_a_token_may_do(guarded: Served) -> None:
    """A reader does not write, a writer does not delete."""
    reader, writer = guarded.token("a", "reader"), guarded.token("a", "writer")
    refused = guarded.post("lineage.facts.add", {"facts": []}, token=reader)
    assert (refused.status_code, refused.json()["details"]["allowed"]) == (
        403,
        "writer",
    )
    ok = guarded.post("lineage.facts.add", {"facts": []}, token=writer)
    assert ok.status_code == 200
    body = {"key": "data:1"}
    assert guarded.post("lineage.data.delete", body, token=writer).status_code == 403


def test_the_page_logs_in_with_a_cookie(guarded: Served) -> None:
    """The cookie is hidden from scripts and other sites, and needs a header."""
    token = guarded.token("first")
    page = requests.Session()
    answer = page.post(guarded.address + "/login", json={"token": token}, timeout=5)
    cookie = answer.headers["set-cookie"]
    for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert word in cookie
    assert token not in cookie
    url = f"{guarded.address}/public/api/v3/tasks.info"
    assert page.post(url, json={"id": 1}, timeout=5).status_code == 403
    ours = {"x-lineage-page": "1", "origin": guarded.address}
    assert page.post(url, json={"id": 1}, headers=ours, timeout=5).status_code == 404
    foreign = {"x-lineage-page": "1", "origin": "https://evil.example"}
    assert page.post(url, json={"id": 1}, headers=foreign, timeout=5).status_code == 403
    page.post(guarded.address + "/logout", headers=ours, timeout=5)
    stolen = {**ours, "cookie": cookie.partition(";")[0]}
    gone = requests.post(url, json={"id": 1}, headers=stolen, timeout=5)
    assert gone.status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b'{"token": 5}', b"{", b"[" * 9000])
def test_a_login_that_is_none_is_refused(guarded: Served, body: bytes) -> None:
    """Any other body is 400; a wrong token is 401."""
    answer = requests.post(guarded.address + "/login", data=body, timeout=5)
    assert answer.status_code == 400
    wrong = {"token": "lin_1_no"}
    answer = requests.post(guarded.address + "/login", json=wrong, timeout=5)
    assert answer.status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.x"])
def test_other_names_of_a_loopback_server_are_refused(
    served: Served, host: str
) -> None:
    """A name that an attacker points at loopback does not reach the instance."""
    answer = served.post("instance.version", headers={"host": host})
    assert answer.status_code == 403 or (host == "" and answer.status_code == 400)
    page = requests.get(served.address + "/", headers={"host": host}, timeout=5)
    assert page.status_code in (400, 403)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:5", "LOCALHOST"])
def test_the_names_of_this_machine_are_answered(served: Served, host: str) -> None:
    """Loopback's own names are answered, whatever the port."""
    answer = served.post("instance.version", headers={"host": host})
    assert answer.status_code == 200


def test_another_sites_page_cannot_write_to_an_open_instance(served: Served) -> None:
    """Without tokens, too, a browser's call from elsewhere is refused."""
    foreign = {"origin": "https://evil.example", "content-type": "text/plain"}
    answer = served.post("lineage.facts.add", {"facts": []}, headers=foreign)
    assert answer.status_code == 403


def test_a_broken_cookie_is_no_session(guarded: Served) -> None:
    """A cookie header that cannot be read counts as none."""
    answer = guarded.post("tasks.info", {"id": 1}, headers={"cookie": "\x80=;=;a b"})
    assert answer.status_code == 401


def test_behind_a_proxy_the_name_counts_and_a_token_is_needed(tmp_path: Path) -> None:
    """A name lets others in, so there must be a token; no other name is answered to."""
    settings = settings_for(tmp_path, allowed_hosts=("lineage.example",))
    assert settings.is_shared
    with pytest.raises(ServeError, match=r"lineage\.example.*token create"):
        check_start(settings)
    store = open_store(settings.store)
    token = create_token(store, team="research").secret
    store.close()
    server = start_process(settings)
    try:
        address = f"http://127.0.0.1:{settings.port}/public/api/v3/lineage.health"
        statuses = [
            requests.post(
                address, json={}, headers={"host": host, **own}, timeout=20
            ).status_code
            for host in ("lineage.example", "other.example")
            for own in ({"x-api-key": token}, {})
        ]
    finally:
        server.terminate()
        server.communicate(timeout=20)
    assert statuses == [200, 401, 403, 403]


def test_failed_logins_count_for_who_the_proxy_names(tmp_path: Path) -> None:
    """One visitor's wrong tokens do not lock out another behind the same proxy."""
    settings = settings_for(tmp_path, allowed_hosts=("lineage.example",))
    store = open_store(settings.store)
    create_token(store, team="research")
    store.close()
    server = start_process(settings)

    def log_in(visitor: str) -> int:
        headers = {"host": "lineage.example", "x-forwarded-for": visitor}
        address = f"http://127.0.0.1:{settings.port}/login"
        return requests.post(
            address, json={"token": "wrong"}, headers=headers, timeout=20
        ).status_code

    try:
        statuses = [log_in("192.0.2.1") for _ in range(MAX_FAILURES + 1)]
        assert statuses[-2:] == [401, 429]
        assert log_in("192.0.2.2") == 401
    finally:
        server.terminate()
        server.communicate(timeout=20)
