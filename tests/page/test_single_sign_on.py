"""A person signs in at an identity provider, and out again, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from identity_provider import identity_provider, settings_of
from instance_server import Served, in_thread, settings_for
from playwright.sync_api import expect

from lineage.instance.sso.settings import SsoSettings

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


def test_a_person_in_no_group_reads_what_happened_and_what_to_do(
    chromium: Any, closed: Served
) -> None:
    """Not JSON: a page with the reason, advice, and the ways that are left."""
    context = chromium.new_context()
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda line: troubles.append(line.text)
            if "Content Security Policy" in line.text else None)  # fmt: skip
    page.goto(closed.address + "/lineage")
    page.get_by_role("link", name="Sign in at work").click()
    page.locator("input[name=sub]").fill("g1")
    page.locator("button:visible, input[type=submit]:visible").first.click()
    page.get_by_role("heading", name="You may not use this instance yet").wait_for()
    expect(page.locator("main")).to_contain_text("guest@example.org is in no group")
    expect(page.locator("main")).to_contain_text("Ask whoever runs it")
    assert page.locator("body").evaluate("e => getComputedStyle(e).display") == "grid"
    page.get_by_role("link", name="Use a token instead").click()
    expect(page.get_by_label("Token")).to_be_visible()
    assert troubles == []
    context.close()


def test_an_error_of_the_provider_is_a_page(chromium: Any, closed: Served) -> None:
    """What the provider said is shown, as text, with the way to begin again."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(closed.address + "/lineage/")
    with page.expect_request("**/sso/login") as begun:
        page.get_by_role("link", name="Sign in at work").click()
    wanted = parse_qs(urlsplit(page.url).query)
    assert begun.value.url.endswith("/sso/login")
    reason = quote("your account is <b>disabled</b>")
    answer = (
        f"error=access_denied&error_description={reason}&state={wanted['state'][0]}"
    )
    response = page.goto(f"{closed.address}/lineage/sso/callback?{answer}")
    assert response.status == 401
    heading = page.get_by_role("heading", name="The sign-in did not work")
    expect(heading).to_be_visible()
    expect(page.locator("main")).to_contain_text("account is <b>disabled</b>")
    assert page.get_by_role("link", name="Sign in again").get_attribute("href") == (
        "/lineage/sso/login"
    )
    context.close()


def test_a_person_whom_a_proxy_names_and_no_group_admits_reads_why(
    chromium: Any, folder: Path
) -> None:
    """The page says so itself, and not that the server does not answer."""
    secret = folder / "secret"
    secret.write_text("open sesame\n")
    grants = [{"group": "science", "team": "research", "role": "writer"}]
    header = {"secret_file": str(secret)}
    sso = SsoSettings.model_validate({"grants": grants, "header": header})
    person = {
        "x-forwarded-user": "maria", "x-forwarded-groups": "staff",
        "x-lineage-proxy-secret": "open sesame",
    }  # fmt: skip
    with in_thread(settings_for(folder / "home", sso=sso)) as served:
        context = chromium.new_context(extra_http_headers=person)
        page = context.new_page()
        page.goto(served.address)
        page.get_by_role("heading", name="You may not use this instance yet").wait_for()
        expect(page.locator("main")).to_contain_text("maria is in no group")
        context.close()
