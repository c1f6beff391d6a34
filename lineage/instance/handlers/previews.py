"""Shows the content of a version of a file, where it is available and harmless."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, Literal

from ...model.graph import DataDetail, DataParams
from ..blobs import send_file
from ..errors import RequestError
from ..http import CHUNK, InstanceResponse
from ..route import RequestContext, Route

#: Bytes shown, at most.
MAX_BYTES: Final = 8 << 20

_IMAGES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_TEXTS: Final = frozenset(
    {".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".log",
     ".py", ".ini", ".cfg", ".xml"}
)  # fmt: skip


def get_data(call: RequestContext, body: DataParams) -> DataDetail:
    """Return everything known about one version of an artifact."""
    detail: DataDetail = call.services.graph.ask(call.team_ids, body)
    kind = _kind(detail)
    is_shown = kind is not None and _place(call, detail) is not None
    return detail.model_copy(update={"preview": kind if is_shown else None})


def preview(call: RequestContext, body: DataParams) -> InstanceResponse:
    """Send the bytes of a text or an image."""
    detail: DataDetail = call.services.graph.ask(call.team_ids, body)
    place = _place(call, detail)
    if _kind(detail) is None or place is None or _digest(place) != detail.node.digest:
        raise RequestError(404, f"there is nothing to show of {body.key}", field="key")
    media = _IMAGES.get(_suffix(detail), "text/plain; charset=utf-8")
    headers = {"content-type": media, "content-security-policy": "sandbox"}
    return send_file(place, headers=headers)


def _kind(detail: DataDetail) -> Literal["text", "image"] | None:
    if detail.node.kind not in ("file", "model_weight"):
        return None
    suffix = _suffix(detail)
    if suffix in _IMAGES:
        return "image"
    return "text" if suffix in _TEXTS else None


def _suffix(detail: DataDetail) -> str:
    return Path(detail.path or str(detail.node.id)).suffix.lower()


def _place(call: RequestContext, detail: DataDetail) -> Path | None:
    """Find the version's bytes: kept here, or in the file that was recorded.

    Files of this machine are read only for its own user, never for the callers of
    a served instance, and only while they still hold what was recorded.
    """
    digest = detail.node.digest
    if digest is None or (detail.node.size or 0) > MAX_BYTES:
        return None
    bare = digest.removeprefix("sha256:")
    services = call.services
    if services.blobs.has(bare) and services.objects.known_digests(
        call.team_ids, [bare]
    ):
        return services.blobs.path(bare)
    if not (services.is_local and call.principal.is_open and detail.path):
        return None
    path = Path(detail.path)
    is_there = path.is_file() and path.stat().st_size == detail.node.size
    return path if is_there else None


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


ROUTES: Final = (
    Route("lineage.data.get", get_data, DataParams, "reader", DataDetail),
    Route("lineage.data.preview", preview, DataParams, "reader", bytes),
)
