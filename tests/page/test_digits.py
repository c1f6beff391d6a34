"""The example, run for real and looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from instance_server import in_thread, settings_for
from journey_tools import EXAMPLES, run_python
from playwright.sync_api import expect


@pytest.mark.timeout(300)
def test_the_example_can_be_followed_from_scan_to_reading(
    chromium: Any, folder: Path
) -> None:
    """After running the example one finds its model and walks to both ends."""
    pytest.importorskip("sklearn", reason="pip install -e .[examples]")
    home = folder / "home"
    program = EXAMPLES / "digits" / "run.py"
    done = run_python(program, folder / "out", home=home, cwd=folder)
    assert done.returncode == 0, done.stderr
    with in_thread(settings_for(home)) as served:
        page = chromium.new_page()
        page.goto(served.address)
        expect(page.locator(".task-row")).to_have_count(7)
        page.keyboard.type("model.joblib")
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator(".node.is-focus")).to_contain_text("model.joblib")
        page.get_by_role("button", name="All upstream").click()
        page.get_by_role("button", name="All downstream").click()
        for title in ("Import digits", "Read new digits", "readings.csv"):
            expect(page.locator(".node", has_text=title)).to_be_attached()
        page.close()
