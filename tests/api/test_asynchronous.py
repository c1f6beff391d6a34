"""Asynchronous calls: the same rules from any event loop."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import requests
from api_recorder import TOKEN, Recorder, Reply, reset, truncated

from lineage.api import Api
from lineage.api.bodies import make_form
from lineage.api.errors import HttpError, RetriesExhaustedError, UnsendableError


async def test_a_call_is_the_same_as_a_synchronous_one(
    server: Recorder, api: Api
) -> None:
    """Headers and additional fields go along; lists and bytes, too."""
    api.add_additional_field("b", 2)
    server.on("m", {"ok": 1})
    response = await api.post_async("m", {"a": 1})
    await api.post_async("m", [1])
    await api.post_async("m", content=b"raw")
    await api.aclose()
    assert response.json() == {"ok": 1}
    assert server.requests[0].json == {"a": 1, "b": 2}
    assert server.requests[0].headers["x-api-key"] == TOKEN
    assert (server.requests[1].body, server.requests[2].body) == (b"[1]", b"raw")


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_is_raised_at_once(
    server: Recorder, api: Api, status: int
) -> None:
    """As the synchronous call does it."""
    server.on("m", Reply(status, b'{"error": "e", "details": {"message": "m"}}'))
    with pytest.raises(HttpError) as caught:
        await api.post_async("m", {})
    await api.aclose()
    assert (caught.value.status, caught.value.server_message) == (status, "m")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer", [Reply(429), Reply(500), Reply(502), Reply(raw=reset),
               Reply(raw=truncated)]
)  # fmt: skip
async def test_what_may_pass_is_tried_again(
    server: Recorder, make_api: Callable[..., Api], answer: Reply
) -> None:
    """As the synchronous call does it."""
    api = make_api(retry_count=2)
    server.on("m", answer, {"ok": 1})
    assert (await api.post_async("m", {})).json() == {"ok": 1}
    server.on("m", answer)
    with pytest.raises(RetriesExhaustedError) as caught:
        await api.post_async("m", {})
    with pytest.raises(requests.RequestException):
        await api.post_async("m", {}, raise_error=True)
    await api.aclose()
    assert isinstance(caught.value, requests.exceptions.RetryError)


async def test_nobody_listening(make_api: Callable[..., Api]) -> None:
    """A refused connection is not ambiguous."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    api = make_api(address, retry_count=2)
    with pytest.raises(RetriesExhaustedError) as caught:
        await api.post_async("m", {})
    await api.aclose()
    assert not caught.value.is_ambiguous


async def test_a_slow_server_is_left_in_time(
    server: Recorder, make_api: Callable[..., Api]
) -> None:
    """The total time bounds a silent server."""
    server.on("m", Reply(raw=lambda c: c.recv(1)))
    api = make_api(time_budget_s=0.3)
    with pytest.raises(RetriesExhaustedError) as caught:
        await api.post_async("m", {})
    await api.aclose()
    assert isinstance(caught.value.__cause__, requests.Timeout)


async def test_what_can_never_be_sent(api: Api) -> None:
    """A body that is no JSON, and an address that is none."""
    with pytest.raises(UnsendableError):
        await api.post_async("m", {"x": object()})
    with pytest.raises(UnsendableError):
        await api.post_async("m\x00", {})
    await api.aclose()


def test_one_client_serves_many_loops(server: Recorder, api: Api) -> None:
    """Each loop has connections and a bound of its own."""

    async def use() -> Any:
        bound = api.async_semaphore()
        assert api.async_semaphore() is bound
        answer = await api.post_async("m", {})
        await api.aclose()
        await api.aclose()
        return bound, answer.status_code

    first, second = asyncio.run(use()), asyncio.run(use())
    assert first[1] == second[1] == 200
    assert first[0] is not second[0]


@pytest.mark.parametrize(
    ("address", "variable", "limit"),
    [("http://h", None, 5), ("https://h", None, 10), ("http://h", "3", 3)],
)
async def test_requests_at_one_time_are_bounded(
    make_api: Callable[..., Api],
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    variable: str | None,
    limit: int,
) -> None:
    """By the scheme, or by the platform's variable."""
    if variable is not None:
        monkeypatch.setenv("SUPERVISELY_ASYNC_SEMAPHORE", variable)
    bound = make_api(address).async_semaphore()
    for _ in range(limit):
        assert not bound.locked()
        await bound.acquire()
    assert bound.locked()


async def test_https_is_probed_outside_of_the_loop(
    server: Recorder, make_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first asynchronous call asks for https without stopping the loop."""
    monkeypatch.setenv("SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK", "no")
    api = make_api()
    assert (await api.post_async("m", {})).status_code == 200
    assert api.server_address == server.address
    await api.aclose()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_keeps_method_and_body(
    status: int, server: Recorder, api: Api
) -> None:
    """As the synchronous call does it; the token stays with its own host."""
    other = Recorder()
    try:
        elsewhere = f"{other.address}/public/api/v3/c?page=2"
        server.on("a", Reply(status, headers={"Location": "/public/api/v3/b"}))
        server.on("b", Reply(status, headers={"Location": elsewhere}))
        other.on("c", {"ok": True})
        answer = await api.post_async("a", {"number": 7}, params={"page": 1})
        await api.aclose()
        calls = [*server.requests, *other.requests]
    finally:
        other.close()
    assert answer.json() == {"ok": True}
    assert [(call.verb, call.json) for call in calls] == [("POST", {"number": 7})] * 3
    tokens = [call.headers.get("x-api-key") for call in calls]
    assert tokens == [TOKEN, TOKEN, None]


@pytest.mark.parametrize("is_async", [False, True])
async def test_another_page_is_fetched_without_the_body(
    is_async: bool, server: Recorder, api: Api
) -> None:
    """303 says: the answer is had by a GET."""
    server.on("a", Reply(303, headers={"Location": "/public/api/v3/b"}))
    server.on("b", {"ok": True})
    if is_async:
        answer = await api.post_async("a", {"number": 7})
        await api.aclose()
    else:
        answer = api.post("a", {"number": 7})
    assert answer.json() == {"ok": True}
    assert [(call.verb, bool(call.body)) for call in server.requests] == [
        ("POST", True),
        ("GET", False),
    ]
    assert "content-type" not in {key.lower() for key in server.requests[1].headers}


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_redirected_form_is_sent_whole(
    is_async: bool, server: Recorder, api: Api
) -> None:
    """The files of a form are read again for the address that is the right one."""
    server.on("a", Reply(308, headers={"Location": "/public/api/v3/b"}))
    server.on("b", {"ok": True})
    files = {"file": ("a.txt", io.BytesIO(b"the content"), "text/plain")}
    if is_async:
        await api.post_async("a", files=files)
        await api.aclose()
    else:
        api.post("a", make_form(files))
    assert [b"the content" in call.body for call in server.requests] == [True, True]


async def test_what_can_be_read_once_is_not_sent_half(
    server: Recorder, api: Api
) -> None:
    """The error names the address that the redirect leads to."""

    async def once() -> AsyncIterator[bytes]:
        yield b"the only time"

    server.on("a", Reply(307, headers={"Location": "/public/api/v3/b"}))
    with pytest.raises(UnsendableError, match=r"v3/b.*pass bytes"):
        await api.post_async("a", content=once())
    await api.aclose()
    assert server.methods == ["a"]


async def test_a_circle_of_redirects_ends(
    server: Recorder, make_api: Callable[..., Api]
) -> None:
    """Too many redirects are tried again, and end as a connection error."""
    server.on("m", Reply(307, headers={"Location": "/public/api/v3/m"}))
    api = make_api(retry_count=1)
    with pytest.raises(RetriesExhaustedError) as caught:
        await api.post_async("m", {})
    await api.aclose()
    assert isinstance(caught.value.__cause__, requests.ConnectionError)
    assert len(server.requests) == 31


async def test_no_cookie_goes_with_the_next_call(server: Recorder, api: Api) -> None:
    """As in a synchronous call."""
    server.on("m", Reply(headers={"Set-Cookie": "a=1; Path=/"}))
    await api.post_async("m", {})
    await api.post_async("m", {})
    await api.aclose()
    assert [call.headers.get("Cookie") for call in server.requests] == [None, None]
