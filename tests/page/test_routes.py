"""Routes: the index is asked for again, assets are kept for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from page_serving import serving
from starlette.applications import Starlette

from lineage.instance.page import page_routes


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A folder as the build leaves it."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>page</title>", "utf-8")
    (folder / "assets" / "index-1a2b.js").write_text("1", "utf-8")
    (folder / "favicon.svg").write_text("<svg/>", "utf-8")
    (folder / "NOTICE.txt").write_text("licences", "utf-8")
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    return folder


Get = Callable[[str], requests.Response]


@pytest.fixture
def served() -> Iterator[Callable[[Path], Get]]:
    """Serves a folder as the page and gives what asks it."""
    with ExitStack() as stack:

        def serve(folder: Path) -> Get:
            app = Starlette(routes=page_routes(folder))
            address = stack.enter_context(serving(app))
            return lambda path: requests.get(address + path, timeout=10)

        yield serve


@pytest.fixture
def get(served: Callable[[Path], Get], static: Path) -> Get:
    """Asks the served folder."""
    return served(static)


def test_the_index_is_never_kept(get: Get) -> None:
    """A new release shows at once."""
    answer = get("/")
    assert answer.text == "<title>page</title>"
    assert answer.headers["cache-control"] == "no-cache"


def test_assets_are_kept_for_ever(get: Get) -> None:
    """Their names change with their content."""
    answer = get("/assets/index-1a2b.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_icon_and_notice_are_served(get: Get) -> None:
    """The icon is a picture, the notice a text."""
    assert get("/favicon.svg").headers["content-type"] == "image/svg+xml"
    assert get("/NOTICE.txt").text == "licences"


@pytest.mark.parametrize(
    "path",
    ["/assets/no.js", "/assets/..%2Findex.html", "/assets/%2e%2e", "/assets/..%5Cx"],
)
def test_nothing_else_is_served(get: Get, path: str) -> None:
    """A name leads to a file of the folder or to nothing."""
    assert get(path).status_code == 404


def test_a_link_out_of_the_folder_is_not_followed(get: Get, static: Path) -> None:
    """What a link points at elsewhere stays unseen."""
    (static / "assets" / "x.js").symlink_to(static.parent / "secret.txt")
    assert get("/assets/x.js").status_code == 404


def test_without_a_build_the_page_shows_how_to_get_it(
    served: Callable[[Path], Get], tmp_path: Path
) -> None:
    """A server without the page answers why and what to do, safely."""
    folder = tmp_path / "static"
    get = served(folder)
    answer = get("/")
    assert answer.status_code == 503
    assert "python hatch_build.py" in answer.text
    folder.mkdir()
    (folder / "why-not-built.txt").write_text("no <b>node</b>", "utf-8")
    assert "no &lt;b&gt;node&lt;/b&gt;" in get("/").text
    (folder / "index.html").write_text("there now", "utf-8")
    assert get("/").text == "there now"
