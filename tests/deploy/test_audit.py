"""An audit finds weaknesses, and never passes because nobody answered."""

from __future__ import annotations

import json
import runpy
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from source_tree import ROOT

audit: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "audit.py"))

WEAK_REQUESTS = {
    "id": "GHSA-test-0001",
    "affected": [
        {
            "package": {"name": "requests", "ecosystem": "PyPI"},
            "ranges": [
                {
                    "type": "ECOSYSTEM",
                    "events": [{"introduced": "0"}, {"fixed": "9000.1"}],
                }
            ],
        }
    ],
}


@contextmanager
def service(answers: Any) -> Iterator[str]:
    """Serve vulnerability answers on loopback; `answers` makes one of a request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["content-length"])
            status, answer = answers(self.rfile.read(size))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def osv_answer(body: bytes) -> tuple[int, Any]:
    """Know one weakness, of requests."""
    name = json.loads(body)["package"]["name"]
    return 200, {"vulns": [WEAK_REQUESTS]} if name == "requests" else {}


@pytest.mark.slow
def test_a_weakness_of_a_python_package_is_named() -> None:
    """The package, the advisory and the version that mends it are shown."""
    with service(osv_answer) as address:
        found = audit["audit_python"](address)
    assert found.exit_code == audit["WEAK"]
    (weakness,) = found.weaknesses
    assert "requests" in weakness
    assert weakness.endswith("GHSA-test-0001, fixed in 9000.1")


@pytest.mark.slow
def test_python_packages_without_a_service_are_not_clean() -> None:
    """A service that refuses leads to one line that says so, and no success."""
    with service(lambda body: (503, {})) as address:
        found = audit["audit_python"](address)
    assert found.exit_code == audit["UNKNOWN"]
    (line,) = found.lines()
    assert line.startswith("Python packages: NOT AUDITED: ")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm")
@pytest.mark.parametrize("status", [200, 405])
def test_the_pages_packages_are_audited_or_reported_as_not(status: int) -> None:
    """A registry that answers leads to a count; one that does not, to no success."""
    with service(lambda body: (status, {})) as address:
        found = audit["audit_page"](address)
    (line,) = found.lines()
    if status == 200:
        assert found.exit_code == audit["CLEAN"]
        assert "no known weakness in" in line
        assert found.audited > 0
    else:
        assert found.exit_code == audit["UNKNOWN"]
        assert line.startswith("page's packages: NOT AUDITED: ")


def test_packages_that_the_service_does_not_know_are_no_success() -> None:
    """A mirror without advisories skips everything; that is said, and is no pass."""
    skipped = [
        {"name": "a", "skip_reason": "Dependency not found on PyPI: a (1.0)"},
        {"name": "me", "skip_reason": "distribution marked as editable"},
        {"name": "b", "version": "1", "vulns": []},
    ]
    found = audit["read_pip_report"](json.dumps({"dependencies": skipped}))
    assert found.exit_code == audit["UNKNOWN"]
    assert "none of 1 packages (a, …)" in found.trouble
    clean = audit["read_pip_report"](json.dumps({"dependencies": skipped[1:]}))
    assert clean.lines() == ["Python packages: no known weakness in 1 packages"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null"])
@pytest.mark.parametrize("read", ["read_pip_report", "read_npm_report"])
def test_a_report_that_is_none_is_no_success(read: str, text: str) -> None:
    """Whatever a tool prints instead of its report, the audit does not pass."""
    found = audit[read](text, "first line\nthe reason\n")
    assert found.exit_code == audit["UNKNOWN"]
    assert "(the reason)" in found.trouble


def test_only_serious_weaknesses_of_the_page_count() -> None:
    """What can reach nobody through a built page is not worth a stop."""
    report = {
        "vulnerabilities": {
            "d3": {"range": "<7", "severity": "critical"},
            "slow": {"range": "<1", "severity": "low"},
        },
        "metadata": {"dependencies": {"total": 50}},
    }
    found = audit["read_npm_report"](json.dumps(report))
    assert found.weaknesses == ["d3 <7: critical"]
    assert found.exit_code == audit["WEAK"]
