"""Takes the pictures of the page that the documents show: `python -m scripts.pictures`.

Records a store of 600 runs, serves it, opens each view in Chromium and writes
`docs/images/*.png`. With names as arguments it takes those pictures alone.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scripts.chromium import find_chromium

ROOT: Final = Path(__file__).resolve().parents[1]
IMAGES: Final = ROOT / "docs" / "images"
_FILL: Final = ROOT / "tests" / "support" / "page_store.py"
_COMPACT: Final = Path(__file__).with_name("compact_png.js")
_WAIT_S: Final = 600
#: The shells of views and their data are there, and nothing moves any more.
_SETTLE_MS: Final = 600


def _nothing(page: Any) -> None:
    """Leave the page as its address shows it."""


def _choose_app(page: Any) -> None:
    """Open the details of all trainings, and fit the graph beside them."""
    page.locator(".node-group", has_text="Train unet").locator(".node-main").click()
    page.get_by_text("Show the next 20").wait_for()
    page.get_by_role("button", name="Fit the graph").click()


def _open_runs(page: Any) -> None:
    """Show each of the newest trainings."""
    page.get_by_role("button", name="Show each of Train unet").click()
    page.locator(".node-task.is-failed").first.wait_for()


def _open_steps(page: Any) -> None:
    """Open the training into its steps."""
    page.get_by_role("button", name="Show 1 step").click()
    page.locator(".node-step").first.wait_for()


def _compare(page: Any) -> None:
    """Compare the newest training with the one before."""
    row = page.locator(".task-row", has_text="Train unet").first
    row.get_by_role("button", name="with the run before").click()
    page.locator(".side .node-line").first.wait_for()


@dataclass(frozen=True)
class Picture:
    """One view of the page.

    Attributes:
        path: The address, below the server's.
        act: What is done with the page before the picture is taken.
    """

    path: str
    act: Callable[[Any], None] = _nothing
    is_dark: bool = False
    width: int = 1400
    height: int = 860


_BEST: Final = "/?focus=model:best.pt"
_ALL: Final = f"{_BEST}&up=all&down=all"
#: A telephone.
_NARROW: Final = {"width": 390, "height": 844}
#: By the names of their files.
PICTURES: Final = {
    "page-home": Picture("/"),
    "page-home-narrow": Picture("/", **_NARROW),
    "page-light": Picture(_ALL, _choose_app),
    "page-dark": Picture(_ALL, is_dark=True),
    "page-narrow": Picture(_BEST, **_NARROW),
    "page-runs": Picture("/?focus=berlin/shop.csv", _open_runs, is_dark=True),
    "page-steps": Picture("/?focus=task:599&by=run", _open_steps),
    "page-stale": Picture("/?view=stale"),
    "page-compare": Picture("/?q=Train%20unet", _compare),
}


def take(names: Sequence[str], folder: Path = IMAGES) -> None:
    """Write pictures into a folder."""
    from playwright.sync_api import sync_playwright

    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        for name in names:
            png = _screenshot(browser, address, PICTURES[name])
            path = folder / f"{name}.png"
            path.write_bytes(png)
            print(f"{name}: {len(png) / 1000:.0f} kB")
        browser.close()


@contextmanager
def served() -> Iterator[str]:
    """Serve a newly recorded store; give the address that signs in."""
    folder = Path(tempfile.mkdtemp(prefix="lineage-"))
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LINEAGE")}
    # The page shows who recorded it.
    env = {**clean, "LOGNAME": "mara", "USER": "mara", "PYTHONPATH": str(ROOT)}
    # The page shows the command, too: as somebody would type it.
    shutil.copy(_FILL, folder / "shop.py")
    fill = ["python", "shop.py", "."]
    subprocess.run(
        fill, executable=sys.executable, cwd=folder, env=env, check=True,
        timeout=_WAIT_S,
    )  # fmt: skip
    command = [sys.executable, "-m", "lineage", "ui", "--no-browser"]
    server = subprocess.Popen(
        [*command, "--home", str(folder / "home")],
        cwd=folder, env=env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        line = next((one for one in server.stdout if "http://" in one), None)
        if line is None:
            raise SystemExit("`lineage ui` ended without an address")
        yield line[line.index("http://") :].split()[0]
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _screenshot(browser: Any, address: str, picture: Picture) -> bytes:
    scheme = "dark" if picture.is_dark else "light"
    size = {"width": picture.width, "height": picture.height}
    context = browser.new_context(viewport=size, color_scheme=scheme)
    try:
        page = context.new_page()
        page.goto(address)
        page.goto(address.partition("/?")[0] + picture.path)
        page.wait_for_load_state("networkidle")
        picture.act(page)
        page.wait_for_load_state("networkidle")
        # The pointer lights up what it stands on.
        page.mouse.move(picture.width - 2, picture.height - 2)
        page.wait_for_timeout(_SETTLE_MS)
        return _compact(context, page.screenshot(animations="disabled", caret="hide"))
    finally:
        context.close()


def _compact(context: Any, png: bytes) -> bytes:
    """Return the picture with a palette, if that is smaller."""
    page = context.new_page()
    made = page.evaluate(_COMPACT.read_text("utf-8"), base64.b64encode(png).decode())
    return min(base64.b64decode(made), png, key=len)


def main(names: Sequence[str]) -> None:
    """Take the named pictures, or all.

    Raises:
        SystemExit: There is no picture of a name.
    """
    unknown = sorted(set(names) - PICTURES.keys())
    if unknown:
        known = ", ".join(PICTURES)
        raise SystemExit(f"no picture is named {', '.join(unknown)}; there are {known}")
    take(names or list(PICTURES))


if __name__ == "__main__":
    main(sys.argv[1:])
