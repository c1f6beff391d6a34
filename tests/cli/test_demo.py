"""The demo that needs no source tree and no other package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from journal_tools import wait_for

from lineage.cli import demo
from lineage.cli.main import main


def _without_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_DIGITS", Path("nowhere", "run.py"))


def test_the_demo_brings_its_own_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where only the package is, the graph has seven runs, one of which failed."""
    _without_digits(monkeypatch)
    assert main(["demo", "--home", str(tmp_path / "home"), "--no-page"]) == 0
    shown = capfd.readouterr().out
    assert "7 runs and 9 artifacts" in shown
    for text in ("✘ Train line", "predictions.csv", "lineage show model.json"):
        assert text in shown
    for words in (["show", "model.json"], ["provenance", "predictions.csv"],
                  ["impact", "train.csv"], ["search", "model"], ["tasks"],
                  ["doctor"]):  # fmt: skip
        assert main([*words, "--home", str(tmp_path / "home")]) == 0, words


@pytest.mark.slow
def test_the_demo_shows_what_the_page_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without a server the last line has the command that installs it."""
    _without_digits(monkeypatch)
    monkeypatch.setattr(demo.importlib.util, "find_spec", lambda _name: None)
    assert main(["demo", "--home", str(tmp_path / "home")]) == 0
    last = capfd.readouterr().out.splitlines()[-1]
    assert "pip install 'workflow-lineage[server]'" in last


@pytest.mark.slow
def test_the_address_that_the_demo_prints_works(tmp_path: Path) -> None:
    """It serves the page when asked to, also where nobody sits at a terminal."""
    script = (
        "import sys; from pathlib import Path; from lineage.cli import demo;"
        "demo._DIGITS = Path('nowhere'); from lineage.cli.main import main;"
        "sys.exit(main(['demo', '--page']))"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", script],
        cwd=tmp_path, env={**os.environ, "LINEAGE_HOME": "home", "CI": "true"},
        stdout=subprocess.PIPE, text=True,
    ) as started:  # fmt: skip
        try:
            lines = iter(started.stdout or ())
            found = next(filter(None, (re.match(r"The page: (\S+)", t) for t in lines)))
            wait_for(lambda: _status(found[1]) == 200)
        finally:
            started.terminate()


def _status(address: str) -> int:
    try:
        return requests.get(address, timeout=5).status_code
    except requests.ConnectionError:
        return 0
