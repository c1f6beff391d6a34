"""Asks axe what people with a screen reader or weak eyes could not use."""

from __future__ import annotations

from playwright.sync_api import Page


def faults(page: Page) -> list[str]:
    """What axe finds serious or critical; injected past the page's own policy."""
    from axe_playwright_python.base import AXE_FILE_PATH

    page.evaluate(AXE_FILE_PATH.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
