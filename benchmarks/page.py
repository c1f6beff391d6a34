"""The page in a browser: a first graph and a typed letter, beside another build."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import requests

from scripts.chromium import find_chromium

from .harness import Goal, Options, Table, significant
from .subjects import ROOT

TITLE: Final = "the page, over 600 runs and 3,000 artifacts"
_FILL: Final = ROOT / "tests" / "support" / "page_store.py"
_WAIT_S: Final = 120
#: What is typed into the search box; the last letter is measured.
_TYPED: Final = ("best", "shop", "berlin", "scores", "Train")
_FIRST: Final = "first graph after the click"
_BYTES: Final = "bytes of its answer"
_NODES: Final = "nodes drawn"
_SEARCH: Final = "search, after a letter"

Values = dict[str, list[float]]


def run(options: Options) -> list[Table]:
    """Open the model of a large store, and type, in one browser for all builds."""
    from playwright.sync_api import sync_playwright

    rounds = options.pick_rounds(full=9, quick=3)
    runs = 30 if options.is_smoke else 600
    names = ["now"] if options.base is None else ["now", "base"]
    found: dict[str, Values] = {name: {} for name in names}
    with ExitStack() as stack:
        served = {"now": stack.enter_context(_served(ROOT, runs))}
        if options.base is not None:
            build = stack.enter_context(_built(options.base))
            served["base"] = stack.enter_context(_served(build, runs))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(rounds):
            # One after the other, so that a slow moment falls on both.
            for name in names:
                for what, value in _look(browser, served[name]):
                    found[name].setdefault(what, []).append(value)
        browser.close()
    return [_table(found, rounds, options)]


def _table(found: dict[str, Values], rounds: int, options: Options) -> Table:
    table = Table(TITLE, ("", *found), notes=[f"medians of {rounds} rounds"])
    medians = {
        name: {what: statistics.median(part) for what, part in values.items()}
        for name, values in found.items()
    }
    for what in (_FIRST, _BYTES, _NODES, _SEARCH):
        unit = " ms" if what in (_FIRST, _SEARCH) else ""
        cells = [f"{significant(medians[name][what])}{unit}" for name in found]
        table.rows.append([what, *cells])
    if not options.is_smoke:
        now = medians["now"]
        table.goals = [
            Goal("the page: first graph after the click", now[_FIRST], 1000, " ms"),
            Goal("the page: search answers a letter", now[_SEARCH], 100, " ms"),
        ]
    return table


@contextmanager
def _built(commit: str) -> Iterator[Path]:
    """Check a commit out and build its page; a folder with a built one is used."""
    if (Path(commit) / "web").is_dir():
        yield Path(commit)
        return
    with tempfile.TemporaryDirectory(prefix="lineage-page-") as folder:
        add = ["git", "worktree", "add", "--detach", folder, commit]
        subprocess.run(add, cwd=ROOT, check=True, capture_output=True)
        try:
            build = [sys.executable, "hatch_build.py"]
            subprocess.run(build, cwd=folder, check=True, capture_output=True)
            yield Path(folder)
        finally:
            remove = ["git", "worktree", "remove", "--force", folder]
            subprocess.run(remove, cwd=ROOT, check=False, capture_output=True)


@contextmanager
def _served(build: Path, runs: int) -> Iterator[str]:
    """Fill a store with a build's own package and serve it with its own page."""
    folder = Path(tempfile.mkdtemp(prefix="lineage-page-"))
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LINEAGE")}
    env = {
        **clean, "PYTHONPATH": str(build), "LINEAGE_HOME": str(folder / "home"),
        "LINEAGE_TARGET": "local",
    }  # fmt: skip
    fill = [sys.executable, str(_FILL), str(folder), str(runs)]
    subprocess.run(fill, cwd=build, env=env, check=True, timeout=600)
    serve = [sys.executable, "-m", "lineage", "ui", "--no-browser"]
    server = subprocess.Popen(
        serve, cwd=build, env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        line = next(one for one in server.stdout if "http://" in one)
        address = line[line.index("http://") :].split()[0]
        _wait_until_up(address)
        yield address
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_up(address: str) -> None:
    end = time.monotonic() + _WAIT_S
    while True:
        try:
            requests.get(address, timeout=5)
            return
        except requests.ConnectionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _look(browser: Any, address: str) -> Iterator[tuple[str, float]]:
    """Open the page as a person does, and measure in the page's own clock."""
    context = browser.new_context(viewport={"width": 1400, "height": 860})
    try:
        page = context.new_page()
        answers: list[Any] = []

        def keep(answer: Any) -> None:
            answers.append(answer)

        page.on("response", keep)
        page.goto(address)
        page.locator(".task-row").first.wait_for()
        page.wait_for_load_state("networkidle")
        box = page.get_by_role("combobox").first
        for text in _TYPED:
            box.fill(text[:-1])
            page.get_by_role("option").first.wait_for()
            page.wait_for_timeout(400)
            yield _SEARCH, page.evaluate(_TYPE, text)
        box.fill("best.pt")
        page.get_by_role("option").filter(has_text="best.pt").first.wait_for()
        page.wait_for_timeout(400)
        answers.clear()
        yield _FIRST, page.evaluate(_CLICK)
        yield _NODES, page.locator(".node, .card, .stat").count()
        page.wait_for_load_state("networkidle")
        graphs = [one for one in answers if "/lineage.graph." in one.url]
        yield _BYTES, sum(len(one.body()) for one in graphs)
    finally:
        context.close()


#: Clicks the first hit, and waits until the nodes stand where they belong.
_CLICK: Final = """() => new Promise((done, failed) => {
  const hit = document.querySelector('[role=option]');
  const start = performance.now();
  (hit.querySelector('a') ?? hit).click();
  const look = () => document.querySelector(':is(.node, .card).is-focus')
    ? done(performance.now() - start) : requestAnimationFrame(look);
  setTimeout(() => failed(new Error('no graph within 20 s')), 20000);
  look();
})"""

#: Types the last letter, and waits until the hits are those of the whole text.
_TYPE: Final = """text => new Promise((done, failed) => {
  const box = document.querySelector('[role=combobox]');
  const list = document.querySelector('[role=listbox]');
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
  const start = performance.now();
  const watch = new PerformanceObserver(seen => {
    if (!seen.getEntries().some(one => one.name.endsWith('lineage.search'))) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
  });
  watch.observe({entryTypes: ['resource']});
  setTimeout(() => failed(new Error('no hits within 20 s')), 20000);
  set.call(box, text);
  box.dispatchEvent(new Event('input', {bubbles: true}));
})"""
