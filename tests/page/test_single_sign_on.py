"""A person signs in at an identity provider, and out again, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from identity_provider import identity_provider, settings_of
from instance_server import Served, in_thread, settings_for

#: Where it is missing once: `make .venv/.dev`. On CI that is a failure.
pytest.importorskip("joserfc", reason="the extra `sso` is not installed")


@pytest.fixture
def closed(folder: Path) -> Iterator[Served]:
    """An instance below a path, for those whom the provider knows."""
    with identity_provider() as issuer:
        sso = settings_of(issuer, folder)
        settings = settings_for(folder / "home", sso=sso, prefix="/lineage")
        with in_thread(settings) as served:
            yield served


def test_a_person_signs_in_at_the_provider_and_out_again(
    chromium: Any, closed: Served
) -> None:
    """The page leads there, and shows the team's runs when the browser is back."""
    context = chromium.new_context()
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text)
            if "Content Security Policy" in line.text else None)  # fmt: skip
    home = f"{closed.address}/lineage/"
    page.goto(closed.address + "/lineage")
    page.get_by_role("link", name="Sign in at work").click()
    page.locator("input[name=sub]").fill("m1")
    page.locator("button:visible, input[type=submit]:visible").first.click()
    page.wait_for_url(home)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in at work").wait_for()
    assert refused == []
    (cookie,) = [c for c in context.cookies() if c["name"] == "lineage_sso"] or [None]
    assert cookie is None or cookie["httpOnly"]
    context.close()
