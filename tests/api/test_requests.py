"""Requests: their headers and bodies, their secrets, their connections."""

from __future__ import annotations

import base64
import io
import logging
import multiprocessing
import os
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import requests
from api_recorder import TOKEN, Recorder, Reply, as_reply, reset
from requests.adapters import BaseAdapter

from lineage.api import Api
from lineage.api.bodies import BodyPart, multipart
from lineage.api.errors import HttpError, NotJsonError, UnsendableError
from lineage.api.locks import ForkSafeLock
from lineage.errors import ApiError


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": object()}, [object()]])
def test_a_body_that_is_no_json_is_never_sent(
    server: Recorder, api: Api, body: Any
) -> None:
    """A RuntimeError at once, and no request."""
    with pytest.raises(RuntimeError) as caught:
        api.post("tasks.info", body)
    assert isinstance(caught.value, UnsendableError)
    assert server.requests == []


def test_an_address_that_cannot_be_is_no_network_trouble(
    make_api: Callable[..., Api],
) -> None:
    """An invalid URL is a RuntimeError at once."""
    with pytest.raises(RuntimeError):
        make_api("http://.example").post("tasks.info", {})


def test_success_that_is_not_200_is_given(server: Recorder, api: Api) -> None:
    """201 and 204 come back as they are, without a further request."""
    server.on("a", Reply(201)).on("b", Reply(204, b""))
    assert api.post("a", {}).status_code == 201
    assert api.post("b", {}).status_code == 204
    assert server.methods == ["a", "b"]


def test_headers_are_the_platforms(
    server: Recorder, make_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token and the task go as headers, as written."""
    monkeypatch.setenv("SUPERVISELY_TASK_ID", "077")
    make_api().post("a", {})
    make_api(ignore_task_id=True).post("a", {})
    first, second = server.requests
    assert first.headers["x-api-key"] == TOKEN
    assert first.headers["x-task-id"] == "077"
    assert first.headers["Content-Type"] == "application/json"
    assert "Authorization" not in first.headers
    assert "x-task-id" not in second.headers


def test_fields_and_headers_of_the_client(server: Recorder, api: Api) -> None:
    """Additional fields win over a dict's own, and lists go bare."""
    api.add_additional_field("b", 2)
    api.add_header("x-mine", "1")
    with pytest.raises(RuntimeError):
        api.add_header("x-mine", "2")
    given = {"a": 1, "b": 1}
    api.post("m", given)
    api.post("m", [1, 2])
    api.get("m", {"a": None, "c": [1, 2], "d": True, "e": "x y"})
    assert given == {"a": 1, "b": 1}
    assert server.requests[0].json == {"a": 1, "b": 2}
    assert server.requests[0].headers["x-mine"] == "1"
    assert server.requests[1].body == b"[1, 2]"
    assert server.requests[2].query == "c=1&c=2&d=True&e=x+y&b=2"
    assert api.pop_header("x-mine") == "1"
    with pytest.raises(KeyError):
        api.pop_header("x-mine")


def test_bytes_go_raw(server: Recorder, api: Api) -> None:
    """Bytes are sent as they are, without a content type of ours."""
    api.post("m", b"\x00raw")
    assert server.requests[0].body == b"\x00raw"
    assert server.requests[0].headers.get("Content-Type") != "application/json"


def test_json_text_is_the_platforms(server: Recorder, api: Api) -> None:
    """Spaces after separators, other characters escaped, None as null."""
    api.post("m", {"a": "ä", "b": None})
    assert server.requests[0].body == b'{"a": "\\u00e4", "b": null}'


def test_connections_are_reused(server: Recorder, api: Api) -> None:
    """Many calls share one connection."""
    ports = set()
    inner = server.answer

    def noting(request: Any) -> Any:
        ports.add(threading.get_ident())
        return inner(request)

    server.answer = noting  # type: ignore[method-assign]
    for _ in range(5):
        api.post("m", {})
    assert len(ports) == 1


@pytest.mark.parametrize("has_toolbelt", [True, False])
def test_a_form_is_whole_at_every_attempt(
    server: Recorder,
    api: Api,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    has_toolbelt: bool,
) -> None:
    """A multipart body is created again, so the second attempt sends all of it."""
    if not has_toolbelt:
        monkeypatch.setitem(__import__("sys").modules, "requests_toolbelt", None)
    path = tmp_path / "a.bin"
    path.write_bytes(os.urandom(100_000))
    parts = [
        BodyPart("0", '{"a": 1}'),
        BodyPart("0-file", lambda: path.open("rb"), "n"),
    ]
    form = multipart(parts)
    server.on("m", Reply(502), Reply(raw=reset), {})
    api.post("m", form)
    assert len(server.requests) == 3
    for request in server.requests:
        assert path.read_bytes() in request.body
        assert b'name="0-file"; filename="n"\r\n\r\n' in request.body
        assert request.headers["Content-Type"].startswith("multipart/form-data")


def test_a_form_of_the_callers_is_sent_once(server: Recorder, api: Api) -> None:
    """An encoder that was read cannot be read again, so it is not tried again."""
    from requests_toolbelt import MultipartEncoder

    server.on("m", Reply(502))
    with pytest.raises(HttpError):
        api.post("m", MultipartEncoder({"a": "b"}))
    assert len(server.requests) == 1


def test_the_token_is_in_no_text(
    server: Recorder, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in logs, reprs or tracebacks, even where a server echoes it."""
    caplog.set_level(logging.DEBUG)
    echo = {"error": TOKEN, "details": {"message": f"bad {TOKEN}"}}
    server.on("m", Reply(403, as_reply(echo).body))
    with pytest.raises(HttpError) as caught:
        api.post("m", {})
    error = caught.value
    assert error.__traceback__ is not None
    error.__traceback__ = error.__traceback__.tb_next
    stated = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert TOKEN not in "".join(stated.format())
    assert TOKEN not in str(error)
    assert TOKEN not in error.server_message
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(api)
    assert TOKEN not in repr(vars(api))
    assert api.token == TOKEN


def test_a_redirect_to_another_host_gets_no_token(server: Recorder, api: Api) -> None:
    """The token stays with the host that it was given for."""
    other = Recorder()
    try:
        target = other.address.replace("127.0.0.1", "localhost") + "/public/api/v3/m"
        server.on("m", Reply(307, headers={"Location": target}))
        api.post("m", {"a": 1})
        (request,) = other.requests
        assert request.json == {"a": 1}
        assert "x-api-key" not in request.headers
    finally:
        other.close()


def test_a_redirect_on_the_same_host_keeps_the_token(
    server: Recorder, api: Api
) -> None:
    """308 keeps body and token."""
    server.on("m", Reply(308, headers={"Location": "/public/api/v3/n"}))
    api.post("m", {"a": 1})
    assert server.requests[1].headers["x-api-key"] == TOKEN
    assert server.requests[1].json == {"a": 1}


def test_cookies_are_not_kept(server: Recorder, api: Api) -> None:
    """One answer leaves nothing for the next request."""
    server.on("m", Reply(headers={"Set-Cookie": "a=b"}))
    api.post("m", {})
    api.post("m", {})
    assert "Cookie" not in server.requests[1].headers


def test_no_json_is_an_error_with_a_name(server: Recorder, api: Api) -> None:
    """A page in place of an answer names endpoint, status and what came."""
    server.on(
        "tasks.info", Reply(body=b"<html>", headers={"Content-Type": "text/html"})
    )
    with pytest.raises(ValueError, match=r"tasks\.info.*<html>") as caught:
        api.task.get_info_by_id(1)
    assert isinstance(caught.value, NotJsonError)
    assert isinstance(caught.value, requests.JSONDecodeError)
    assert caught.value.status == 200


def test_missing_token_is_hinted(
    server: Recorder, make_api: Callable[..., Api], caplog: pytest.LogCaptureFixture
) -> None:
    """A 400 without a token names the variable."""
    server.on("m", Reply(400))
    with pytest.raises(HttpError):
        make_api(token=None).post("m", {})
    assert "API_TOKEN" in caplog.text
    assert "x-api-key" not in server.requests[0].headers


class Echo(BaseAdapter):
    """An adapter as the embedded instance mounts one."""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response._content = b'{"in": "process"}'
        return response

    def close(self) -> None:
        """Nothing is open."""


def test_an_adapter_serves_its_address() -> None:
    """Calls to a mounted address do not touch the network, nor probe https."""
    api = Api("http://embedded.lineage", adapters={"http://embedded.lineage": Echo()})
    assert api.post("m", {}).json() == {"in": "process"}
    assert api.server_address == "http://embedded.lineage"


def _child(api: Api, queue: Any) -> None:
    queue.put(api.post("m", {}).status_code)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forks_child_has_its_own_connections(server: Recorder, api: Api) -> None:
    """Parent and child do not write to one socket."""
    api.post("m", {})
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_child, args=(api, queue))
    child.start()
    assert queue.get(timeout=20) == 200
    child.join(20)
    assert api.post("m", {}).status_code == 200


def test_hashes_are_base64_of_sha256(tmp_path: Any) -> None:
    """The platform's hash of a file."""
    from lineage.api.task_output import file_hash

    path = tmp_path / "x"
    path.write_bytes(b"abc")
    digest = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    assert file_hash(str(path)) == digest
    assert len(base64.b64decode(digest)) == 32


class Piecewise(Echo):
    """An adapter whose answers are read as plain files, or break."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self._body = body

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.raw = self._body
        return response


class Short:
    """A body that says of itself that something is missing."""

    length_remaining = 3

    def read(self, *_: Any) -> bytes:
        return b""

    def close(self) -> None:
        """Nothing is open."""


class ShortAndNew(Short):
    """The same, as newer urllib3 has it."""

    def read1(self, *_: Any, **__: Any) -> bytes:
        return b""


def test_bodies_of_other_adapters_are_read() -> None:
    """A plain file will do as a body; a short one is noticed."""
    where = "http://embedded.lineage"
    whole = Api(where, adapters={where: Piecewise(io.BytesIO(b'{"a": 1}'))})
    assert whole.post("m", {}).json() == {"a": 1}
    streamed = Api(where, adapters={where: Piecewise(io.BytesIO(b"12"))})
    assert list(streamed.stream("m", "GET", {})) == [(b"12", None)]
    for body in (Short(), ShortAndNew()):
        short = Api(where, adapters={where: Piecewise(body)}, retry_count=1)
        with pytest.raises(ApiError, match="3 bytes"):
            short.post("m", {})


def test_a_mounted_address_is_not_probed_for_https(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The embedded instance has no https, and nobody to probe for it."""
    monkeypatch.delenv("SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK")
    where = "http://embedded.lineage"
    api = Api(where, adapters={where: Echo()})
    monkeypatch.setattr(api.transport, "probe", lambda *_: pytest.fail("probed"))
    assert api.post("m", {}).status_code == 200


def _enter(lock: ForkSafeLock, queue: Any) -> None:
    with lock:
        queue.put("in")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_lock_held_at_a_fork_is_open_in_the_child() -> None:
    """A thread that asks the instance must not stop the child for ever."""
    lock = ForkSafeLock()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    with lock:
        child = context.Process(target=_enter, args=(lock, queue))
        child.start()
        assert queue.get(timeout=20) == "in"
        child.join(20)
