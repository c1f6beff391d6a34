"""A browser that looks at a really served instance with the built page."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from instance_server import Served, in_thread, settings_for
from page_fixture import SharedStory, StoryFixture, record_signs, train_again
from page_hook_loader import load_hook
from source_tree import ROOT

from scripts.chromium import find_chromium

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: What a machine that is busy with other work may take for one step.
PATIENCE_MS = 60_000
IS_CI = os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.fixture(scope="session")
def built() -> None:
    """The page, built from the sources as they are."""
    lock = Path(tempfile.gettempdir()) / f"lineage-page-build-{os.getuid()}.lock"
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        problem = load_hook().build_page(ROOT)
    if problem and not IS_CI:
        pytest.skip(f"{problem} Once: python hatch_build.py")
    assert not problem, problem


@pytest.fixture(scope="module")
def chromium(built: None) -> Iterator[Any]:
    """The machine's Chromium, stopped after each file: it keeps a loop running."""
    path = find_chromium()
    if path is None and not IS_CI:
        pytest.skip("Chromium is missing. Once: scripts/need chromium, as root")
    assert path, "Chromium is missing"
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path; SQLite and files of the stories live in it."""
    path = Path(tempfile.mkdtemp(prefix="page-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    """An empty instance."""
    with in_thread(settings_for(folder / "home")) as served:
        yield served


@pytest.fixture
def signs(served: Served, folder: Path) -> StoryFixture:
    """An instance that knows the story of the road signs."""
    world = StoryFixture(served)
    record_signs(world, folder)
    train_again(world)
    return world


@pytest.fixture(scope="module")
def story() -> Iterator[SharedStory]:
    """The story of the road signs, recorded once for tests that only look at it."""
    folder = Path(tempfile.mkdtemp(prefix="page-"))
    with in_thread(settings_for(folder / "home")) as served:
        world = StoryFixture(served)
        record_signs(world, folder)
        train_again(world)
        yield SharedStory(served, world)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def look(chromium: Any, served: Served) -> Iterator[Callable[..., Any]]:
    """Opens the page; fails the test for scripts' errors and foreign requests."""
    contexts: list[Any] = []
    troubles: list[str] = []

    def on_console(message: Any) -> None:
        is_answer = "status of 4" in message.text or "status of 5" in message.text
        if message.type == "error" and not is_answer:
            troubles.append(message.text)

    def on_request(request: Any) -> None:
        if not request.url.startswith((served.address, "blob:", "data:")):
            troubles.append(f"asked {request.url}")

    def open_page(path: str = "/", **options: Any) -> Any:
        # A click on what moves may miss it: nothing moves unless a test wants it.
        defaults = {
            "viewport": {"width": 1400, "height": 860},
            "reduced_motion": "reduce",
        }
        context = chromium.new_context(**{**defaults, **options})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", on_console)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", on_request)
        page.goto(served.address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def look_quietly(chromium: Any, served: Served) -> Iterator[Callable[..., Any]]:
    """Opens the page where errors are the story; some requests fail from the start."""
    contexts: list[Any] = []

    def open_page(*, block: str) -> Any:
        context = chromium.new_context()
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        # What the document itself names: the page adds links to parts as it fetches
        # them, sooner or later.
        document = page.goto(served.address)
        named = re.findall(r'(?:src|href)="([^"]+)"', document.text())
        first = {urljoin(document.url, name) for name in named}
        page.route(
            block,
            lambda route: (
                route.continue_() if route.request.url in first else route.abort()
            ),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
