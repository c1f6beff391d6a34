"""What every test starts from: a clean environment, its own home, a fresh runtime."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage import errors
from lineage.runtime import reset_runtime
from lineage.settings import VARIABLES

#: The platform's variables beside those that lineage itself reads.
_PLATFORM = (
    "AGENT_ID",
    "AGENT_STORAGE",
    "APP_CATEGORIES",
    "PROJECT_ID",
    "DATASET_ID",
    "USER_ID",
    "UPLOAD_COUNT",
    "UPLOADED_IDS",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
)
_PREFIXES = ("LINEAGE_", "SUPERVISELY_", "CONTEXT_", "context.", "modal.")
#: Tests whose programs run code that no test runs in its own process: the ends of
#: processes, servers and pools. Measuring the programs of all tests would double the
#: time that they take.
_MEASURED = (
    "tests/delivery/test_forks.py", "tests/delivery/test_prefork.py",
    "tests/delivery/test_process_end.py", "tests/delivery/test_runtime.py",
    "tests/delivery/test_signals.py", "tests/instance/sso/",
    "tests/cli/test_demo.py", "tests/cli/test_serve.py",
)  # fmt: skip
#: Tests that are not measured at all: they read files, drive a browser or start
#: programs, and what they reach in their own process plain tests reach as well.
_UNMEASURED = (
    "tests/architecture/", "tests/benchmarks/", "tests/crash/", "tests/deploy/",
    "tests/neighbours/", "tests/page/",
)  # fmt: skip
#: How coverage makes a program measure itself.
_MEASURE = "COVERAGE_PROCESS_CONFIG"
_measure: list[str] = []
_IS_CI = os.environ.get("CI", "").lower() in {"1", "true"}


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell lets what it starts in the background ignore Ctrl-C, and the apps that
    # the tests end by it would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, None]:
    """Fail what would be skipped on CI: what it needs has to be installed there."""
    report = (yield).get_result()
    is_extra = "neighbours" in report.keywords
    if _IS_CI and report.skipped and not (hasattr(report, "wasxfail") or is_extra):
        report.outcome = "failed"
        report.longrepr = f"skipped on CI: {report.longrepr}"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that are run without measuring what they reach."""
    is_measuring = item.config.pluginmanager.hasplugin("_cov")
    if is_measuring and item.nodeid.startswith(_UNMEASURED):
        item.add_marker("no_cover")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Measure the programs that tests start only where they run what no test does."""
    given = os.environ.pop(_MEASURE, None)
    if given is not None:
        _measure[:] = [given]
    if _measure and item.nodeid.startswith(_MEASURED):
        os.environ[_MEASURE] = _measure[0]


def _is_ours(name: str) -> bool:
    known = {name for variable in VARIABLES for name in variable.names}
    return name in known or name in _PLATFORM or name.startswith(_PREFIXES)


@pytest.fixture(autouse=True)
def clean_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Hide the machine's own variables; give the test a home of its own."""
    for name in list(os.environ):
        if _is_ours(name):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("LINEAGE_HOME", str(home))
    errors.reset_warnings()
    reset_runtime()
    yield home
    reset_runtime()
    logging.getLogger("lineage").setLevel(logging.NOTSET)
