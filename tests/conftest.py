"""What every test starts from: a clean environment, its own home, a fresh runtime."""

from __future__ import annotations

import importlib.util
import itertools
import logging
import os
import re
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
_KNOWN = {name for variable in VARIABLES for name in variable.names}.union(_PLATFORM)
_folders = itertools.count()
if importlib.util.find_spec("hypothesis") is not None:
    from hypothesis import settings

    # How long an example takes says how busy the machine is.
    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")
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
    "tests/faults/", "tests/neighbours/", "tests/page/",
    # What they repeat often, other tests reach as well.
    "tests/cli/test_same_answers.py", "tests/instance/server/test_bad_input.py",
    "tests/instance/store/test_postgres_plans.py",
    "tests/instance/store/test_task_facts.py",
    "tests/instance/store/test_truth_property.py",
)  # fmt: skip
#: Where properties are tried on so many examples that measuring each is felt.
_MANY_EXAMPLES = ("tests/instance/", "tests/journal/", "tests/tracking/")
#: Parameters of tests that run the same code of ours on another kind of store.
_REPEATED = frozenset({"partitioned"})
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


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, None]:
    """Measure what a test and its fixtures reach, or let it run at full speed."""
    plugin = item.config.pluginmanager.getplugin("_cov")
    if plugin is None or plugin.cov_controller is None or _is_measured(item):
        yield
        return
    plugin.cov_controller.pause()
    yield
    plugin.cov_controller.resume()


def _is_measured(item: pytest.Item) -> bool:
    """Whether a test may well reach what no other one does."""
    if item.nodeid.startswith(_UNMEASURED):
        return False
    is_property = item.get_closest_marker("hypothesis") is not None
    if is_property and item.nodeid.startswith(_MANY_EXAMPLES):
        return False
    case = getattr(item, "callspec", None)
    return case is None or not _REPEATED.intersection(map(str, case.params.values()))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Measure the programs that tests start only where they run what no test does."""
    given = os.environ.pop(_MEASURE, None)
    if given is not None:
        _measure[:] = [given]
    if _measure and item.nodeid.startswith(_MEASURED):
        os.environ[_MEASURE] = _measure[0]


def _is_ours(name: str) -> bool:
    return name in _KNOWN or name.startswith(_PREFIXES)


@pytest.fixture
def tmp_path(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Make a folder as pytest's own does, which looks through those of all tests."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    folder = tmp_path_factory.getbasetemp() / f"{name}_{next(_folders)}"
    folder.mkdir(mode=0o700)
    return folder


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
