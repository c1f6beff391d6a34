"""Asks axe what people with a screen reader or weak eyes could not use."""

from __future__ import annotations

from playwright.sync_api import Page


def faults(page: Page, *rules: str) -> list[str]:
    """What axe finds serious or critical; injected past the page's own policy.

    Args:
        page: Where to look.
        rules: The names of the rules to look by; by all of them if there are none.
    """
    from axe_playwright_python.base import AXE_FILE_PATH

    page.evaluate(AXE_FILE_PATH.read_text("utf-8"))
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
