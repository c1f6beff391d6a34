"""Imports that are interrupted by a handler that needs the same modules."""

from __future__ import annotations

import re
import sys
import types
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from interrupted_call import EACH, OF_HANDLER, PER_CHILD
from journal_tools import run_script
from runtime_tools import run, stored

import lineage
from lineage.recording.fork_guard import whole_modules

#: The moments are tried in this many programs, so that none takes long.
PARTS = 4
#: At least so many modules are loaded by a first call.
SOME = 40

_EDGE = re.compile(rb'"f":"edge"[^\n]*?"kind":"project","id":(\d+)')


@pytest.mark.posix
@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_first_call_may_be_interrupted_at_any_import(
    tmp_path: Path, part: int
) -> None:
    """Handler and interrupted call raise nothing, and each fact is recorded once."""
    program = Path(__file__).parents[1] / "support" / "interrupted_call.py"
    ran = run_script(
        program, str(part), str(PARTS),
        home=tmp_path, LINEAGE_TARGET="nowhere", LINEAGE_FLUSH_TIMEOUT_S="0.01",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "Nothing is recorded" not in ran.stderr
    moments = [int(at) for at in ran.stdout.split()]
    assert len(moments) > SOME / PARTS
    expected = {
        PER_CHILD * at + of + n
        for at in (0, *moments)
        for of in ((0, OF_HANDLER) if at else (0,))
        for n in range(EACH)
        if PER_CHILD * at + of + n
    }
    recorded = Counter(
        int(number)
        for path in (tmp_path / "journal").glob("*.seg")
        for number in _EDGE.findall(path.read_bytes())
    )
    assert recorded == dict.fromkeys(expected, 1)


#: A module in the middle of which `inner` is called.
_MODULE = "import lineage_interrupts\nlineage_interrupts.inner()\nvalue = object()\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the name of a module of ours that calls `inner` in its middle."""
    package = tmp_path / "lineage_package"
    package.mkdir()
    (package / "interrupted.py").write_text(_MODULE)
    monkeypatch.setattr(lineage, "__path__", [*lineage.__path__, str(package)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield "lineage.interrupted"
    del sys.modules["lineage.interrupted"]
    del lineage.interrupted


def test_an_interrupted_import_takes_the_module_that_was_made_meanwhile(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is one module in the end, and whoever asked has it whole."""
    calls: list[object] = []
    hook = types.ModuleType("lineage_interrupts")

    def inner() -> None:
        if not calls:
            calls.append(None)
            with whole_modules():
                calls.append(import_module(module).value)

    hook.inner = inner
    monkeypatch.setitem(sys.modules, "lineage_interrupts", hook)
    made = import_module(module)
    assert made.value is calls[1]


def test_an_interrupted_import_that_nobody_needed_goes_on(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was set aside is put back."""
    seen: list[bool] = []
    hook = types.ModuleType("lineage_interrupts")

    def inner() -> None:
        with whole_modules():
            seen.append(module in sys.modules)
        seen.append(module in sys.modules)

    hook.inner = inner
    monkeypatch.setitem(sys.modules, "lineage_interrupts", hook)
    assert import_module(module) is sys.modules[module]
    assert seen == [False, True]


@pytest.mark.posix
def test_signals_wait_until_the_runtime_is_made(tmp_path: Path) -> None:
    """Handlers that interrupt each other while it is made would never have one."""
    body = """
import lineage.runtime as module
from lineage.recording.fork_guard import loading
calls = []
def handler(*_):
    calls.append(module.HOLDER.runtime is not None)
    record(2)
signal.signal(signal.SIGUSR1, handler)
build = module.Runtime._build
def interrupted(self, settings):
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
    build(self, settings)
module.Runtime._build = interrupted
record(1)
assert calls == [True], calls
with loading():
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
    assert calls == [True], calls
assert calls == [True, True], calls
assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
"""
    ran = run(body, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert stored(tmp_path) == [1, 2]


@pytest.mark.posix
def test_signals_are_not_held_by_other_threads(tmp_path: Path) -> None:
    """Handlers run in the main thread alone, and those threads may start programs."""
    body = """
from lineage.recording.fork_guard import loading
held = []
def load():
    with loading():
        held.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
thread = threading.Thread(target=load)
thread.start()
thread.join()
print(held)
"""
    assert run(body, tmp_path).stdout == "[set()]\n"
