"""Events of OpenLineage that several tests send."""

from __future__ import annotations

from typing import Any


def columns_event() -> dict[str, Any]:
    """Return an event of a table whose columns it names, one with its source."""
    made_from = [{"namespace": "pg://db", "name": "raw.orders", "field": "price"}]
    facets = {
        "schema": {"fields": [{"name": "total", "type": "DECIMAL"}, {"name": "id"}]},
        "columnLineage": {"fields": {"total": {"inputFields": made_from}}},
    }
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-05-01T10:00:00Z",
        "producer": "https://example.org/producer",
        "run": {"runId": "0196d8a0-5c4f-7b1e-9c2d-3f4a5b6c7d8e"},
        "job": {"namespace": "shop", "name": "sum orders"},
        "outputs": [{"namespace": "pg://db", "name": "mart.orders", "facets": facets}],
    }
