"""Why a server does not answer is message in words, not in names of classes."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

import lineage
from lineage.api.errors import describe_silence, first_reason, from_exception
from lineage.delivery.exporter_resolver import ExporterResolver
from lineage.delivery.openlineage_exporter import OpenLineageExporter
from lineage.errors import DeliveryError

NOBODY = "127.0.0.1:9"


class _Refusal(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = b'{"error": "x", "details": {"message": "no such team"}}'
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def refusing() -> Iterator[str]:
    """A server without TLS that refuses every call."""
    server = HTTPServer(("127.0.0.1", 0), _Refusal)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _why(address: str) -> str:
    api = lineage.Api(address, "t")
    api.retry_count = 1
    with pytest.raises(DeliveryError) as caught:
        ExporterResolver(lambda: api)()
    return str(caught.value)


def test_an_instance_that_does_not_listen_is_named_with_the_reason() -> None:
    """The address, and the system's own words."""
    assert _why(f"http://{NOBODY}") == (
        f"http://{NOBODY} does not answer: Connection refused"
    )


def test_an_answer_without_tls_suggests_what_is_wrong(refusing: str) -> None:
    """It is an https address whose server speaks http."""
    message = _why(f"https://{refusing}")
    assert message.startswith(f"https://{refusing} does not answer: TLS: ")
    assert message.endswith("is it an http address?")


def test_a_refusal_is_reported_with_its_status(refusing: str) -> None:
    """The server is there, and says what it does not like."""
    message = _why(f"http://{refusing}")
    assert "answers with status 404" in message
    assert "no such team" in message


def test_a_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What refuses the connection is not the server."""
    monkeypatch.setenv("http_proxy", f"http://{NOBODY}")
    monkeypatch.setenv("no_proxy", "")
    session = requests.Session()
    with pytest.raises(requests.exceptions.ProxyError) as caught:
        session.get("http://instance.example/")
    assert first_reason(caught.value) == "the proxy: Connection refused"


def test_a_receiver_of_events_that_does_not_answer() -> None:
    """The reason is the first one, without the layers above it."""
    sent = OpenLineageExporter(f"http://{NOBODY}").send(
        [{"f": "task", "task": "t", "name": "n", "at": 1.0}]
    )
    assert {one.reason for one in sent} == {"no answer: Connection refused"}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.exceptions.ReadTimeout("x"), "no answer in time: x"),
        (requests.exceptions.ConnectTimeout("x"), "no connection in time: x"),
        (
            requests.exceptions.SSLError(
                ssl.SSLError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] not ours (_ssl.c:9)")
            ),
            "TLS: not ours",
        ),
    ],
)
def test_the_step_that_failed_goes_before(error: Exception, words: str) -> None:
    """Without names of pools and classes."""
    made = from_exception("task.get", "http://x", error)
    assert words in describe_silence("http://x", made)
    assert "Pool" not in str(made)


def test_what_the_app_was_handling_is_no_reason() -> None:
    """An app that lost a file, and delivers while it handles that."""
    try:
        open("/nowhere/at/all")  # noqa: SIM115  it is not there
    except OSError:
        message = _why(f"http://{NOBODY}")
    assert message == f"http://{NOBODY} does not answer: Connection refused"
