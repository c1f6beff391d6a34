"""The description of our endpoints is true: requests made from it are answered."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from instance_fixture import edge_fact
from instance_server import in_thread, settings_for
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from lineage.instance.openapi import description, text
from lineage.instance.routes import ROUTES


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The description, pointed at a served instance with a few facts."""
    home = tmp_path_factory.mktemp("described")
    with in_thread(settings_for(home)) as served:
        facts = [edge_fact(n, task_id=n % 3 + 1) for n in range(1, 9)]
        served.post("lineage.facts.add", {"facts": facts})
        schema = schemathesis.openapi.from_dict(description())
        schema.config.update(base_url=f"{served.address}/public/api/v3")
        yield schema


@pytest.mark.parametrize("path", sorted(description()["paths"]))
def test_requests_made_from_the_description_are_answered(
    described: Any, path: str
) -> None:
    """Requests that fit the description get no 5xx, and answers that fit it."""

    @given(case=described[path]["POST"].as_strategy())
    @settings(max_examples=8, deadline=None, database=None)
    def run(case: Any) -> None:
        answer = case.call()
        case.validate_response(
            answer, checks=[not_a_server_error, response_schema_conformance]
        )

    run()


def test_the_description_has_every_endpoint_of_ours_and_no_other() -> None:
    """A new `lineage.` route is described without being listed anywhere."""
    ours = {f"/{name}" for name, route in ROUTES.items() if route.is_ours}
    assert set(description()["paths"]) == ours


def test_every_operation_is_described() -> None:
    """Summaries and ids are there, and ids are unique."""
    operations = [path["post"] for path in description()["paths"].values()]
    assert all(operation["summary"].endswith(".") for operation in operations)
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)


def test_the_module_prints_the_description() -> None:
    """`python -m lineage.instance.openapi` prints what is committed for the page."""
    command = [sys.executable, "-m", "lineage.instance.openapi"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert printed.stdout == text()


def test_the_committed_description_is_current() -> None:
    """The page's sources are built against the description as it is now."""
    committed = Path(__file__).parents[3] / "web" / "openapi.json"
    if not committed.is_file():
        pytest.skip("this tree has no page sources")
    assert committed.read_text("utf-8") == text(), (
        "run: python -m lineage.instance.openapi > web/openapi.json"
    )
