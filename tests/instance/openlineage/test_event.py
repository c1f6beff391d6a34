"""Events are read leniently: what can be understood is taken, the rest is named."""

from __future__ import annotations

from typing import Any

import pytest

from lineage.instance.errors import RequestError
from lineage.instance.openlineage.event import key_of, read_event
from lineage.model.run_ids import run_uuid

EVENT = {
    "eventType": "COMPLETE",
    "eventTime": "2026-01-31T12:00:00.5Z",
    "run": {"runId": "0198aaaa-0000-7000-8000-000000000001"},
    "job": {"namespace": "dbt", "name": "model.shop"},
    "inputs": [{"namespace": "s3://b", "name": "a.csv"}],
}


def test_a_run_event_is_read() -> None:
    """Type, time, run, job and datasets are taken from their places."""
    event = read_event(EVENT)
    assert event is not None
    assert (event.type, event.job, event.at) == ("COMPLETE", "model.shop", 1769860800.5)
    assert [dataset.key for dataset in event.inputs] == ["s3://b a.csv"]


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-31T12:00:00.500Z", "2026-01-31t12:00:00.5z", "20260131T120000.5Z",
        "2026-01-31 12:00:00,5 Z", "2026-01-31T13:00:00.500000000+0100",
        "2026-01-31T13:00:00.5+01", "2026-01-31T13:00:00.5+01:00[Europe/Berlin]",
        "2026-01-31T12:00:00.5",
    ],
)  # fmt: skip
def test_one_time_in_all_the_spellings_of_producers(time: str) -> None:
    """The same on every Python, whose own parsers differ."""
    event = read_event({**EVENT, "eventTime": time})
    assert event is not None
    assert event.at == 1769860800.5


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"eventType": "ODD"}, "eventType"),
        ({"eventTime": "2026-01-31T12:00:00"}, "no time zone"),
        ({"inputs": "a"}, "inputs: not an array"),
        ({"inputs": [1]}, "inputs[0]: not an object"),
        ({"inputs": [{"name": 3}]}, "inputs[0]: name and namespace"),
        ({"run": {"runId": "run_id", "facets": 3}}, "run.facets: not an object"),
    ],
)
def test_what_is_not_understood_is_left_out_and_named(
    changes: dict[str, Any], named: str
) -> None:
    """A member of a wrong type costs itself, and the answer says so."""
    event = read_event({**EVENT, **changes})
    assert event is not None
    assert any(named in reason for reason in event.ignored), event.ignored


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"run": None}, "run"),
        ({"run": {}}, "run.runId"),
        ({"run": {"runId": 5}}, "run.runId"),
        ({"run": {"runId": "a\x00"}}, "run.runId"),
        ({"job": []}, "job"),
        ({"job": {"name": ""}}, "job.name"),
        ({"eventTime": None}, "eventTime"),
        ({"eventTime": "yesterday"}, "eventTime"),
        ({"eventTime": "2026-13-31T12:00:00Z"}, "eventTime"),
        ({"eventTime": "2026-W05-1"}, "eventTime"),
        ({"eventTime": "1960-01-01T00:00:00Z"}, "eventTime"),
        ({"outputs": [{}] * 10_001}, "outputs"),
    ],
)
def test_what_makes_an_event_useless_is_refused(
    changes: dict[str, Any], field: str
) -> None:
    """The refusal is a client error and names the field."""
    with pytest.raises(RequestError) as caught:
        read_event({**EVENT, **changes})
    assert caught.value.status in (400, 413)
    assert caught.value.field == field


@pytest.mark.parametrize("value", [None, 3, "x", [], True])
def test_what_is_no_object_is_refused(value: object) -> None:
    """An event is an object."""
    with pytest.raises(RequestError):
        read_event(value)


def test_an_event_without_a_run_is_none_of_ours() -> None:
    """Events about datasets and jobs are accepted and not stored."""
    assert read_event({"eventTime": EVENT["eventTime"], "dataset": {}}) is None


def test_a_run_of_ours_keeps_its_own_key() -> None:
    """A run id that was made of a task's key leads back to the task."""
    assert key_of(run_uuid("0123456789abcdef")) == "0123456789abcdef"
    assert key_of(run_uuid("something else")).startswith("ol:")


def test_secrets_of_producers_are_masked() -> None:
    """Names, errors and facets are masked before anything of them is kept."""
    event = read_event(
        {
            "eventType": "FAIL",
            "eventTime": "2025-06-28T12:00:00Z",
            "run": {
                "runId": "r",
                "facets": {"errorMessage": {"message": "no postgres://u:hunter22@db/x"}},
            },
            "job": {
                "namespace": "n",
                "name": "load",
                "facets": {"sql": {"query": "CREATE USER a PASSWORD = 'hunter22'"},
                           "conn": {"password": "hunter22"}},
            },
            "inputs": [{"namespace": "postgres://u:hunter22@db", "name": "t"}],
        }
    )  # fmt: skip
    assert event is not None
    assert "hunter22" not in repr(event)
