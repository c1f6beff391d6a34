"""Shows the content of a version, and what events said of it.

Of files that are available and harmless: texts and images are sent as they are, of
tables the schema and the first rows.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from ...model.contents import RowsParams, TableRows
from ...model.details import DataDetail, DataParams
from ...model.limits import MAX_PATH
from ..blobs import send_file
from ..content import IMAGES, Preview, find_content, preview_kind, suffix_of
from ..errors import RequestError
from ..graph.known_by_events import facets_of_version
from ..http import CHUNK, InstanceResponse
from ..parquet import read_table
from ..route import RequestContext, Route


class FacetsParams(BaseModel):
    """Which version of an artifact: by its key or another selector of it."""

    model_config = ConfigDict(defer_build=True)

    key: str = Field(min_length=1, max_length=MAX_PATH)


def preview(call: RequestContext, body: DataParams) -> InstanceResponse:
    """Send the bytes of a text or an image."""
    detail, path = _shown(call, body.key, ("text", "image"))
    media = IMAGES.get(suffix_of(detail), "text/plain; charset=utf-8")
    headers = {"content-type": media, "content-security-policy": "sandbox"}
    return send_file(path, headers=headers)


def first_rows(call: RequestContext, body: RowsParams) -> TableRows:
    """Return the schema and the first rows of a table."""
    _, path = _shown(call, body.key, ("table",))
    return read_table(path)


def _shown(
    call: RequestContext, key: str, kinds: tuple[Preview, ...]
) -> tuple[DataDetail, Path]:
    """Find a version of which something can be shown, and its bytes."""
    params = DataParams(key=key, most_versions=1)
    detail: DataDetail = call.services.graph.answer(call.team_ids, params)
    path = content_of(call, detail) if preview_kind(detail) in kinds else None
    # A file that was recorded is shown while it still holds what was recorded.
    if path is None or _digest(path) != detail.node.digest:
        raise RequestError(404, f"there is nothing to show of {key}", field="key")
    return detail, path


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


def facets(call: RequestContext, body: FacetsParams) -> dict[str, Any]:
    """Return what the events of runs said of a version, facets whole."""
    named = facets_of_version(call.services.store.db, call.team_ids, body.key)
    return {"key": body.key, "named": named}


ROUTES: Final = (
    Route("lineage.data.preview", preview, DataParams, "reader", bytes),
    Route("lineage.data.rows", first_rows, RowsParams, "reader", TableRows),
    Route("lineage.openlineage.dataset", facets, FacetsParams, "reader"),
)
