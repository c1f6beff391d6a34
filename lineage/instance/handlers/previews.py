"""Shows the content of a version of a file, where it is available and harmless."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from ...model.graph import DataDetail, DataParams
from ..blobs import send_file
from ..content import IMAGES, find_content, preview_kind, suffix_of
from ..errors import RequestError
from ..http import CHUNK, InstanceResponse
from ..route import RequestContext, Route


def preview(call: RequestContext, body: DataParams) -> InstanceResponse:
    """Send the bytes of a text or an image."""
    detail: DataDetail = call.services.graph.ask(call.team_ids, body)
    path = content_of(call, detail)
    is_shown = preview_kind(detail) is not None and path is not None
    # A file that was recorded is shown while it still holds what was recorded.
    if not is_shown or path is None or _digest(path) != detail.node.digest:
        raise RequestError(404, f"there is nothing to show of {body.key}", field="key")
    media = IMAGES.get(suffix_of(detail), "text/plain; charset=utf-8")
    headers = {"content-type": media, "content-security-policy": "sandbox"}
    return send_file(path, headers=headers)


def content_of(call: RequestContext, detail: DataDetail) -> Path | None:
    """Find the bytes of a version that the caller may see."""

    def find_kept(digest: str) -> Path | None:
        return call.services.find_kept(call.team_ids, digest)

    is_local = call.services.is_local and call.principal.is_open
    return find_content(detail, find_kept, is_local=is_local)


def _digest(place: Path) -> str:
    digest = hashlib.sha256()
    with place.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


ROUTES: Final = (Route("lineage.data.preview", preview, DataParams, "reader", bytes),)
