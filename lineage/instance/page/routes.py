"""Routes that serve the built page, or explain how to build it."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

#: Where the package's build puts the page.
STATIC = Path(__file__).parent / "static"

#: A new release has new asset names, so only the index has to be requested again.
_INDEX_HEADERS = {"Cache-Control": "no-cache"}
_ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}

_MEDIA_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


def page_routes(static: Path = STATIC) -> list[Route]:
    """Return the routes of the page: `/`, `/assets/*`, the icon and the notice.

    Args:
        static: The folder with the built page; it may appear while serving.
    """

    def index(_request: Request) -> Response:
        path = static / "index.html"
        if path.is_file():
            return FileResponse(path, media_type="text/html", headers=_INDEX_HEADERS)
        return HTMLResponse(
            not_built_page(static), status_code=503, headers=_INDEX_HEADERS
        )

    def asset(request: Request) -> Response:
        return _file(static / "assets", request.path_params["name"], _ASSET_HEADERS)

    def favicon(_request: Request) -> Response:
        return _file(static, "favicon.svg", _INDEX_HEADERS)

    def notice(_request: Request) -> Response:
        return _file(static, "NOTICE.txt", _INDEX_HEADERS)

    return [
        Route("/", index, methods=["GET"], name="page"),
        Route("/assets/{name}", asset, methods=["GET"], name="page-asset"),
        Route("/favicon.svg", favicon, methods=["GET"]),
        Route("/NOTICE.txt", notice, methods=["GET"]),
    ]


def not_built_page(static: Path = STATIC) -> str:
    """Return the page that is shown in place of one that was not built."""
    reason = static / "why-not-built.txt"
    text = reason.read_text("utf-8").strip() if reason.is_file() else ""
    template = Path(__file__).with_name("not-built.html").read_text("utf-8")
    return Template(template).substitute(
        reason=html.escape(text or "The package was installed without building it.")
    )


def _file(folder: Path, name: str, headers: dict[str, str]) -> Response:
    path = folder / name
    # One name below the folder: the router lets no slash through, and a name that
    # leads elsewhere (a link, `..`) is not served.
    if not path.is_file() or path.resolve().parent != folder.resolve():
        return PlainTextResponse("There is no such file.\n", status_code=404)
    media_type = _MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    return FileResponse(path, media_type=media_type, headers=headers)
