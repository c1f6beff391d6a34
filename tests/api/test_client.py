"""The client: addresses, the environment, the https probe, the version."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from api_recorder import TOKEN, Recorder, Reply
from freezegun import freeze_time

from lineage.api import Api, Capabilities
from lineage.api.errors import IncompatibleInstanceError, parse_error
from lineage.api.resource import Resource
from lineage.api.urls import normalize
from lineage.api.version import at_least


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("127.0.0.1:5", "http://127.0.0.1:5"),
        ("https://x/sub/", "https://x/sub"),
        ("/x/", "http://x"),
        ("HTTP://x", "http://x"),
        ("HTTPS://X.Y", "https://X.Y"),
        ("example.com/a?u=http://b", "http://example.com/a?u=http://b"),
    ],
)
def test_addresses_are_normalised(given: str, used: str) -> None:
    """Slashes at the ends go, a missing scheme comes."""
    if "?" not in given:
        assert normalize(given) == used
        assert Api(given, "t").server_address == used


@pytest.mark.parametrize("given", ["", "  ", "http://", "//"])
def test_an_empty_address_is_refused(given: str) -> None:
    """What has no host is a ValueError at once."""
    with pytest.raises(ValueError, match="address"):
        Api(given, "t")


def test_an_address_must_be_known() -> None:
    """Neither argument nor variable: a ValueError that names the variable."""
    with pytest.raises(ValueError, match="SERVER_ADDRESS"):
        Api()


def test_the_api_root_may_lie_elsewhere(
    monkeypatch: pytest.MonkeyPatch, server: Recorder
) -> None:
    """By argument or variable, used as it is; the server's own root for others."""
    monkeypatch.setenv("SUPERVISELY_API_SERVER_ADDRESS", f"{server.address}/root/")
    api = Api("http://nowhere", TOKEN)
    assert api.api_server_address == f"{server.address}/root"
    api.post("m", {})
    assert server.methods == ["/root/v3/m"]
    assert api.method_url("m", is_public=False) == "http://nowhere/m"
    given = Api("http://nowhere", api_server_address="http://x/y")
    assert given.api_server_address == "http://x/y"
    plain = Api(server.address, TOKEN, api_server_address=None)
    assert plain.get("m", {}, use_public_api=False).status_code == 200
    assert server.methods[-1] == "/m"
    api.close()
    plain.close()


@pytest.mark.parametrize(
    ("variables", "argument", "attempts"),
    [
        ({}, 10, 10),
        ({"SUPERVISELY_PUBLIC_API_RETRIES": "3"}, 10, 3),
        ({"SUPERVISELY_PUBLIC_API_RETRIES": "3"}, None, 3),
        ({"SUPERVISELY_PUBLIC_API_RETRIES": "3"}, 5, 5),
        ({}, None, 10),
    ],
)
def test_attempts_can_be_set_from_outside(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    argument: int | None,
    attempts: int,
) -> None:
    """The variable decides where the app does not."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Api("http://x", retry_count=argument).transport.policy.retries == attempts


def test_the_first_pause_can_be_set_from_outside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fractions of a second are understood."""
    monkeypatch.setenv("SUPERVISELY_PUBLIC_API_RETRY_SLEEP_SEC", "0.5")
    assert Api("http://x").transport.policy.sleep_s == 0.5


def environment_file(folder: Path, *lines: str, name: str = "mine.env") -> str:
    path = folder / name
    path.write_text("\n".join(lines))
    return str(path)


def test_from_env_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Address and token come from their variables, empty ones count."""
    monkeypatch.setenv("SERVER_ADDRESS", "https://x")
    monkeypatch.setenv("API_TOKEN", "t")
    api = Api.from_env(retry_count=4, ignore_task_id=True)
    assert (api.server_address, api.token) == ("https://x", "t")
    assert api.transport.policy.retries == 4


def test_from_env_reads_a_file_in_development(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is set wins over the file; the process's environment stays."""
    monkeypatch.setenv("API_TOKEN", "set")
    file = environment_file(
        tmp_path, "# comment", "export SERVER_ADDRESS='https://f' ", "API_TOKEN=file",
        "", "nonsense", 'X="y"', "Z=1 # why",
    )  # fmt: skip
    api = Api.from_env(env_file=file)
    assert (api.server_address, api.token) == ("https://f", "set")
    with pytest.raises(ValueError, match="SERVER_ADDRESS"):
        Api()


def test_from_env_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file, a file of another name, a value in neither, and production."""
    with pytest.raises(FileNotFoundError, match="SERVER_ADDRESS"):
        Api.from_env(env_file=str(tmp_path / "none.env"))
    with pytest.raises(ValueError, match=r"\.env"):
        Api.from_env(env_file=environment_file(tmp_path, name="mine.txt"))
    with pytest.raises(KeyError, match="API_TOKEN"):
        Api.from_env(env_file=environment_file(tmp_path, "SERVER_ADDRESS=http://x"))
    monkeypatch.setenv("ENV", "production")
    with pytest.raises(ValueError, match="production"):
        Api.from_env()


class Prober:
    """Accepts connections to a plain port and treats them as configured."""

    def __init__(self, inner: Recorder) -> None:
        self.hellos: list[bytes] = []
        self.inner = inner


def tls_hellos(behaviour: str) -> tuple[socket.socket, list[bytes], threading.Thread]:
    """Listen on a port; note the first bytes; answer http, close, or stay silent."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []
    kept: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                break
            data = connection.recv(1)
            seen.append(data)
            if data == b"\x16":
                if behaviour == "close":
                    connection.close()
                else:
                    kept.append(connection)
                continue
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            connection.close()
        for connection in kept:
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return listener, seen, thread


@pytest.mark.parametrize("behaviour", ["close", "silent"])
def test_a_plain_server_is_probed_for_https_once(
    monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    """The first call of a client tries https once, shortly, and goes on with http."""
    monkeypatch.delenv("SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK")
    monkeypatch.setattr("lineage.api.connection._PROBE_TIMEOUT_S", (0.2, 0.2))
    listener, seen, thread = tls_hellos(behaviour)
    api = Api(f"127.0.0.1:{listener.getsockname()[1]}", TOKEN, retry_sleep_sec=0)
    try:
        api.post("m", {})
        api.post("m", {})
    finally:
        api.close()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
    assert seen == [b"\x16", b"P", b"P"]
    assert api.server_address.startswith("http://")


def test_https_is_used_where_it_is(
    monkeypatch: pytest.MonkeyPatch, server: Recorder
) -> None:
    """Where https answers, the server's address changes, and a custom root does not."""
    monkeypatch.delenv("SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK")
    requested: list[Any] = []
    api = Api("http://secure.test/sub", TOKEN, api_server_address=server.address)
    monkeypatch.setattr(
        api.transport, "probe", lambda url, timeout: requested.append(url) or True
    )
    api.post("m", {})
    assert requested == ["https://secure.test/sub"]
    assert api.server_address == "https://secure.test/sub"
    assert server.methods == ["/v3/m"]
    api.close()


def test_a_probe_sees_the_status(
    server: Recorder, make_api: Callable[..., Api]
) -> None:
    """Below 400 is an answer; the token does not go along."""
    api = make_api()
    server.on("/x", Reply(302, headers={"Location": "/y"}))
    server.on("/z", Reply(404))
    assert api.transport.probe(f"{server.address}/x", (1, 1))
    assert not api.transport.probe(f"{server.address}/z", (1, 1))
    assert all("x-api-key" not in request.headers for request in server.requests)


def test_the_version_is_remembered_for_a_while(server: Recorder, api: Api) -> None:
    """Ten minutes for an answer, half a minute for none; a missing one not at all."""
    server.on("instance.version", {"version": "6.1"}, Reply(404), {}, {"version": "7"})
    with freeze_time("2026-01-01") as clock:
        assert [api.instance_version, api.instance_version] == ["6.1", "6.1"]
        clock.tick(601)
        assert [api.instance_version, api.instance_version] == ["unknown", "unknown"]
        assert api.is_version_supported("6") is None
        clock.tick(31)
        assert api.instance_version is None
        assert api.instance_version == "7"
    assert api.is_version_supported("7.0") is True
    assert api.is_version_supported("7.0.1") is False
    assert api.is_version_supported() is None
    assert server.sent("instance.version") == [{}] * 4


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"protocol": 1},
        {"protocol": "one", "version": "0.1"},
        {"protocol": 1, "version": 2},
        {"protocol": 1, "version": "0.1", "max_batch": True},
        {"protocol": 1, "version": "0.1", "endpoints": "lineage.facts.add"},
        {"protocol": 1, "version": "0.1", "endpoints": [1]},
    ],
)
def test_what_is_announced_in_another_form_is_not_read(
    own: dict[str, Any], server: Recorder, api: Api
) -> None:
    """It is a platform then, whose version is known."""
    server.on("instance.version", {"version": "6.18.3", "lineage": own})
    assert api.announced() is None
    assert api.instance_version == "6.18.3"


def test_an_instance_announces_what_it_has(server: Recorder, api: Api) -> None:
    """The `lineage` object of the version is read, and unknown keys are ignored."""
    own = {
        "protocol": 1,
        "version": "0.1",
        "endpoints": ["lineage.facts.add"],
        "x": 1,
    }
    server.on("instance.version", {"version": "6.18.3", "lineage": own})
    announced = api.announced()
    assert announced == Capabilities(
        protocol=1, version="0.1", endpoints=("lineage.facts.add",)
    )
    assert announced.has("lineage.facts.add")
    room = Resource(api)
    server.on("lineage.facts.add", {"stored": 1})
    assert room._call_announced("lineage.facts.add", {"facts": []}) == {"stored": 1}
    with pytest.raises(IncompatibleInstanceError) as caught:
        room._call_announced("lineage.graph.get", {})
    assert caught.value.endpoint == "lineage.graph.get"


@pytest.mark.parametrize("answer", [{"version": "6"}, {"version": "6", "lineage": {}},
                                    {"version": "6", "lineage": 5}, [1]])  # fmt: skip
def test_the_platform_announces_nothing(
    server: Recorder, api: Api, answer: Any
) -> None:
    """Without a readable announcement there is none."""
    server.on("instance.version", answer)
    assert api.announced() is None


def test_a_wanted_version_is_checked_at_once(
    server: Recorder, make_api: Callable[..., Api], caplog: pytest.LogCaptureFixture
) -> None:
    """With `check_instance_version` the constructor asks, and warns when too old."""
    logger = logging.getLogger("mine")
    server.on("instance.version", {"version": "6.1"})
    make_api(check_instance_version=True, external_logger=logger)
    assert caplog.text == ""
    make_api(check_instance_version="6.2", external_logger=logger)
    assert "6.2" in caplog.text
    assert server.methods == ["instance.version"] * 2


@pytest.mark.parametrize(
    ("version", "minimum", "is_enough"),
    [
        ("6.10", "6.9.31", True),
        ("6.12.0-beta.1", "6.9.31", True),
        ("6.9.31+local", "6.9.31", True),
        ("6.9.31.dev1", "6.9.31", False),
        ("6.11.11-rc.1", "6.11.11", False),
        ("6.12.4-abc123", "6.12.4", True),
        ("dev", "1", None),
        ("unknown", "1", None),
        (None, "1", None),
    ],
)
def test_versions_compare(version: Any, minimum: str, is_enough: bool | None) -> None:
    """By PEP 440, and by the leading release number where that fails."""
    assert at_least(version, minimum) is is_enough


@pytest.mark.parametrize(
    ("body", "parsed"),
    [
        (b'{"error": "e", "details": {"message": "m"}}', ("e", "m")),
        (b'{"error": "e", "details": [{"message": "m"}]}', ("e", "m")),
        (b'{"details": {}}', ("Error", "please, contact administrator")),
        (b'{"error": "e"}', ("e", "please, contact administrator")),
        (b'{"error": "e", "details": []}', ("", "")),
        (b"[1]", ("", "")),
        (b"<html>", ("", "")),
    ],
)
def test_error_bodies_are_read(
    server: Recorder, api: Api, body: bytes, parsed: tuple[str, str]
) -> None:
    """The short error and the message, with defaults for what is missing."""
    server.on("m", Reply(201, body))
    response = api.post("m", {})
    assert parse_error(response) == api.parse_error(response) == parsed
