"""An instance in this process answers reads as it answers requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from instance_fixture import edge_fact
from requests.adapters import BaseAdapter

from lineage import Api
from lineage.errors import ApiError, StoreError
from lineage.instance.embedded import EmbeddedInstance
from lineage.instance.platform.task_records import TaskRecords
from lineage.instance.routes import ROUTES

#: Fields of reads: of what is there, of what is not, and in wrong forms.
FIELDS: list[dict[str, Any]] = [
    {}, {"id": 1}, {"id": 99}, {"id": "1"}, {"id": "one"}, {"id": 1 << 70},
    {"id": -1}, {"id": None}, {"id": 1.5}, {"id": True}, {"id": [1]},
    {"teamId": 1}, {"teamId": 7}, {"groupId": 1, "id": 1}, {"of": "/a.csv"},
    {"of": "no such"}, {"of": "a\x00"}, {"of": "\ud800"}, {"select": "/a.csv"},
    {"select": "((("}, {"key": "task:1"}, {"key": "data:1", "more": "x"},
    {"filter": [{"field": "name", "operator": "=", "value": "x"}]},
]  # fmt: skip


class _OnlyRequests(BaseAdapter):
    """Sends requests to an instance, and answers no read without one."""

    def __init__(self, instance: EmbeddedInstance) -> None:
        super().__init__()
        self.send = instance.adapter.send  # type: ignore[method-assign]  # the very same
        self.shown_name = instance.adapter.shown_name

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[EmbeddedInstance]:
    """An embedded instance in which one task used and made a file."""
    made = EmbeddedInstance(tmp_path)
    api = Api(made.address, "", adapters={made.address: made.adapter})
    facts = [
        {"f": "task", "uid": "t-1", "task": "one", "task_id": 1, "at": 1.0,
         "name": "Import"},
        edge_fact(1, task="one", task_id=1, kind="file", id="/a.csv"),
        edge_fact(2, task="one", task_id=1, kind="file", id="/b.csv", dir="output"),
    ]  # fmt: skip
    assert api.facts.add(facts).refused == []
    yield made
    made.close()


def _answer(api: Api, method: str, fields: dict[str, Any]) -> Any:
    try:
        answer = api.task._call(method, fields)
    except ApiError as error:
        return type(error), error.status, str(error), error.server_message
    if isinstance(answer, dict):
        # Of an export, when it was made.
        answer.pop("exported_at", None)
    return answer


@pytest.mark.parametrize(
    "method", [name for name, route in ROUTES.items() if route.role == "reader"]
)
def test_reads_are_answered_as_requests_are(
    instance: EmbeddedInstance, method: str
) -> None:
    """Answers and errors are the same with and without a request."""
    where = instance.address
    near = Api(where, "", retry_count=1, adapters={where: instance.adapter})
    far = Api(where, "", retry_count=1, adapters={where: _OnlyRequests(instance)})
    assert near.read_here is not None
    assert far.read_here is None
    for fields in FIELDS:
        assert _answer(near, method, fields) == _answer(far, method, fields)


def test_what_writes_goes_as_a_request(instance: EmbeddedInstance) -> None:
    """Only methods that read are answered without one."""
    assert instance.read("tasks.info", {"id": 1}, {})
    assert instance.read("lineage.facts.add", {"facts": []}, {}) is None
    assert instance.read("no.such.method", {}, {}) is None


def test_fields_of_every_call_are_sent(instance: EmbeddedInstance) -> None:
    """A field that goes with every request wins over the call's own."""
    where = instance.address
    api = Api(where, "", retry_count=1, adapters={where: instance.adapter})
    api.add_additional_field("id", 99)
    assert api.task._info_by_id("tasks.info", 1) is None


@pytest.mark.parametrize(
    ("error", "status", "times"),
    [(None, 404, 1), (RuntimeError("a defect"), 500, 2), (StoreError("away"), 503, 2)],
)
def test_a_refused_read_is_worked_out_once_for_each_attempt(
    instance: EmbeddedInstance,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | None,
    status: int,
    times: int,
) -> None:
    """A refusal is the answer of the first attempt; only a further one is a request."""
    calls = []
    find = TaskRecords.get

    def get(self: TaskRecords, *args: Any) -> Any:
        calls.append(args)
        if error is not None:
            raise error
        return find(self, *args)

    monkeypatch.setattr(TaskRecords, "get", get)
    where = instance.address
    for attempts in (1, 2):
        calls.clear()
        api = Api(
            where,
            "",
            retry_count=attempts,
            retry_sleep_sec=0,
            adapters={where: instance.adapter},
        )
        with pytest.raises(ApiError) as raised:
            api.task._call("tasks.info", {"id": 99})
        assert raised.value.status == status
        assert len(calls) == min(attempts, times)
