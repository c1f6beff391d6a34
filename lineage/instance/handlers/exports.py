"""Sends a part of the graph as a document, with what the caller may see of it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...model.details import TaskDetail, TaskDetails, TaskDetailsParams
from ...model.exports import ExportParams
from ...model.graph import GraphAnswer, GraphParams
from ..http import InstanceResponse
from ..route import RequestContext, Route

if TYPE_CHECKING:
    from ...export import GraphRecord

#: Nodes of one document; the command line takes more.
MAX_NODES: Final = 20_000

_MEDIA: Final = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/jsonl; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".graphml": "application/graphml+xml; charset=utf-8",
    ".zip": "application/zip",
}


@dataclass(frozen=True, slots=True)
class _Source:
    """The questions to this instance, for the teams of one caller."""

    call: RequestContext

    def get(
        self,
        select: str,
        *,
        up: int | None,
        down: int | None,
        limit: int,
        after: str | None,
    ) -> GraphAnswer:
        """Return a page of the graph."""
        params = GraphParams(select=select, up=up, down=down, limit=limit, after=after)
        answer: GraphAnswer = self._answer(params)
        return answer

    def tasks_by_key(self, keys: Sequence[str]) -> list[TaskDetail]:
        """Return everything known about several tasks, those that are there."""
        if not keys:
            return []
        answer: TaskDetails = self._answer(TaskDetailsParams(keys=list(keys)))
        return answer.tasks

    def _answer(self, params: GraphParams | TaskDetailsParams) -> Any:
        return self.call.services.graph.answer(self.call.team_ids, params)


def export(call: RequestContext, body: ExportParams) -> InstanceResponse:
    """Send a part of the graph in one format, or in all as a passport."""
    # The embedded instance, which loads this module too, writes no documents.
    from ...export import FORMATS, read

    record = read(
        _Source(call), body.select, up=body.up, down=body.down, most=MAX_NODES
    )
    if body.format == "passport":
        return _file("passport.zip", _passport(record))
    row = FORMATS[body.format]
    return _file(row.file, row.write(record).encode("utf-8", "replace"))


def _passport(record: GraphRecord) -> bytes:
    from ...export import write_passport

    with tempfile.TemporaryDirectory(prefix="lineage-passport-") as folder:
        path = Path(folder) / "passport.zip"
        write_passport(record, path)
        return path.read_bytes()


def _file(name: str, content: bytes) -> InstanceResponse:
    media = _MEDIA.get(Path(name).suffix, "text/plain; charset=utf-8")
    headers = {
        "content-type": media,
        "content-disposition": f'attachment; filename="{name}"',
        "content-security-policy": "sandbox",
    }
    return InstanceResponse(200, content, headers)


ROUTES: Final = (Route("lineage.graph.export", export, ExportParams, "reader", bytes),)
