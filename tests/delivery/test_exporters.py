"""Exporters: what each answer of an instance means for each fact."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from lineage.api.errors import (
    HttpError,
    IncompatibleInstanceError,
    NotJsonError,
    UnreachableError,
    UnsendableError,
)
from lineage.delivery.exporters import BatchExporter, PlatformExporter
from lineage.errors import DeliveryError, StoreCorruptError
from lineage.exporters import DeliveryResult, MemoryExporter
from lineage.model.ingest import BatchAnswer, RefusedFact


def http(status: int, *, retryable: bool = False, after: float | None = None) -> Any:
    """Make the error of a status."""
    error = HttpError(f"{status}")
    error.status, error.is_retryable, error.retry_after_s = status, retryable, after
    return error


class FakeFacts:
    """Answers batches as it was set up."""

    def __init__(self, judge: Any) -> None:
        self._judge = judge
        self.sizes: list[int] = []

    def add_texts(self, texts: Sequence[bytes]) -> BatchAnswer:
        """Answer."""
        self.sizes.append(len(texts))
        return self._judge([json.loads(text)["id"] for text in texts])


def facts(count: int) -> list[dict[str, Any]]:
    """Make facts."""
    return [{"uid": f"s-{n}", "f": "edge", "id": n} for n in range(count)]


def stored(ids: Sequence[int]) -> BatchAnswer:
    """Answer that all is stored."""
    return BatchAnswer(stored=len(ids), duplicates=0)


def fates(results: Sequence[DeliveryResult]) -> list[str]:
    """Return the fates."""
    return [result.status for result in results]


def test_refused_facts_of_a_batch_are_named() -> None:
    """The good ones are delivered, the bad ones refused with their reason."""
    bad = RefusedFact(uid="s-1", index=1, field="id", message="too small")
    odd = RefusedFact(uid=None, index=99, field=None, message="nowhere")
    answer = BatchAnswer(stored=2, duplicates=0, refused=[bad, odd])
    results = BatchExporter(FakeFacts(lambda _: answer)).send(facts(3))
    assert fates(results) == ["delivered", "rejected", "delivered"]
    assert results[1].reason == "id: too small"


@pytest.mark.parametrize("status", [400, 500])
def test_a_poisonous_fact_is_found_by_halving(status: int) -> None:
    """One fact that breaks the server costs no other fact its delivery."""

    def judge(ids: Sequence[int]) -> BatchAnswer:
        if 700 in ids:
            raise http(status, retryable=status == 500)
        return stored(ids)

    api = FakeFacts(judge)
    results = BatchExporter(api).send(facts(1000))
    left = [n for n, result in enumerate(results) if result.status != "delivered"]
    if status == 400:
        assert left == [700]
        assert results[700].status == "rejected"
    else:
        assert 700 in left
        assert not results[700].is_transport_error
    assert len(api.sizes) < 30


def test_a_server_that_fails_at_everything_is_not_tried_for_each() -> None:
    """Halving stops where nothing gets through."""

    def judge(_ids: Sequence[int]) -> BatchAnswer:
        raise http(500, retryable=True)

    api = FakeFacts(judge)
    results = BatchExporter(api).send(facts(1024))
    assert len(api.sizes) == 11
    assert results[-1].is_transport_error


def test_the_reason_is_in_the_words_of_the_instance() -> None:
    """Its own words and its address; neither its JSON nor the name of a method."""
    error = http(401)
    error.server_message = "a token is needed"
    error.response = SimpleNamespace(url="https://tools.example.org/x/lineage.add?a=1")

    def judge(_ids: Sequence[int]) -> BatchAnswer:
        raise error

    (result,) = BatchExporter(FakeFacts(judge)).send(facts(1))
    words = "https://tools.example.org answers 401: a token is needed"
    assert result.reason == (
        f"{words}; `lineage doctor` shows where the token is taken from"
    )


@pytest.mark.parametrize(
    "error",
    [
        http(503, retryable=True, after=7.0),
        http(401),
        http(404),
        UnreachableError("refused"),
        UnsendableError("a bad address"),
        IncompatibleInstanceError("too old"),
        NotJsonError("a page"),
        StoreCorruptError("damaged"),
    ],
)
def test_trouble_of_the_instance_keeps_all_waiting(error: Exception) -> None:
    """What is not about the facts' content is nobody's fault: everything waits."""

    def judge(_ids: Sequence[int]) -> BatchAnswer:
        raise error

    api = FakeFacts(judge)
    results = BatchExporter(api).send(facts(8))
    assert all(v.status == "waiting" and v.is_transport_error for v in results)
    assert api.sizes == [8]
    assert results[0].retry_after_s == (getattr(error, "retry_after_s", None) or 0)


def test_an_answer_of_another_form_is_waited_out() -> None:
    """An answer that says nothing of the facts is no reason to drop or resend them."""

    def judge(_ids: Sequence[int]) -> BatchAnswer:
        return BatchAnswer.model_validate(["other", "JSON"])

    [result] = BatchExporter(FakeFacts(judge)).send(facts(1))
    assert result.is_transport_error
    assert "another form" in result.reason


class FakeWorkflow:
    """Raises what it was given, or remembers the edge."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[Mapping[str, Any]] = []

    def send_edge(self, fact: Mapping[str, Any]) -> None:
        """Send."""
        if self.error is not None:
            raise self.error
        self.sent.append(fact)


def test_the_platform_gets_only_edges() -> None:
    """What the platform has no place for is done without a request."""
    workflow = FakeWorkflow()
    again = {"f": "edge", "id": 1, "again": True}
    sent = [{"f": "task"}, {"f": "edge", "id": 1}, again, {"f": "step_end"}]
    assert fates(PlatformExporter(workflow).send(sent)) == ["delivered"] * 4
    assert workflow.sent == [{"f": "edge", "id": 1}]


@pytest.mark.parametrize(
    ("error", "status", "is_transport_error"),
    [
        (DeliveryError("no such path"), "rejected", False),
        (http(400), "rejected", False),
        (http(403), "rejected", False),
        (http(500, retryable=True), "waiting", False),
        (http(401), "waiting", True),
        (http(429, retryable=True, after=3.0), "waiting", True),
        (UnreachableError("refused"), "waiting", True),
        (IncompatibleInstanceError("too old for jobs"), "waiting", False),
        (UnsendableError("a bad address"), "waiting", True),
    ],
)
def test_each_failed_edge_is_judged(
    error: Exception, status: str, is_transport_error: bool
) -> None:
    """A refused edge is set aside, a failing one waits, alone where it is alone."""
    [result] = PlatformExporter(FakeWorkflow(error)).send(facts(1))
    assert (result.status, result.is_transport_error) == (status, is_transport_error)
    assert result.reason == str(error)


def test_lanes_keep_the_order_that_the_platform_shows() -> None:
    """Cards of one node go in order; edges of different artifacts go side by side."""
    ordering_key = PlatformExporter(FakeWorkflow()).ordering_key
    one, other = facts(2)
    card = {"customNodeSettings": {"title": "x"}}
    assert ordering_key(one) != ordering_key(other)
    assert ordering_key({**one, "meta": card}) == ordering_key({**other, "meta": card})
    assert ordering_key({"f": "task"}) is None


def test_a_memory_exporter_keeps_facts() -> None:
    """For tests, everything is in a list."""
    exporter = MemoryExporter()
    assert fates(exporter.send(facts(2))) == ["delivered"] * 2
    assert exporter.facts == facts(2)
