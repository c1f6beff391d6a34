"""The format of facts: old ones stay valid, new members have bounds."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from lineage.instance.store.validation import check
from lineage.model.facts import EdgeFact, EvidenceFact, Fact

FACT: TypeAdapter[Any] = TypeAdapter(Fact)
HEAD = {"uid": "s-1", "task": "t", "at": 1.0}
EDGE = {**HEAD, "f": "edge", "dir": "output", "kind": "file", "id": "a.csv"}
STATE = {
    "stat": {"size": 1, "mtime_ns": 2, "ctime_ns": 3, "inode": 4, "dev": 2**64 - 1},
    "version": "2024-01-01",
    "evidence": [{"kind": "version-id", "value": "x"}],
    "normalised": "gzip:sha256:" + "0" * 64,
    "unwritten": True,
    "pinned": False,
    "pinned_reason": "more than 100000 files",
    "companions": [{"name": "m.bin", "size": 3}],
    "manifest": {
        "digest": "h1:" + "A" * 43 + "=",
        "files": 1,
        "bytes": 2,
        "entries": [["a.txt", 2, None, 5]],
    },
}
OTHERS: list[dict[str, Any]] = [
    {"f": "evidence", "edge": "s-0", **STATE},
    {"f": "params", "params": {"lr": 0.1, "net.depth": 5, "name": None}},
    {"f": "metrics", "step": "k", "metrics": [["auc", 0.9, None], ["loss", 1, 7]]},
    {"f": "links", "links": [{"name": "MLflow", "url": "http://x/1"}]},
    {"f": "task", "parent_step": "a-1", "environment": {"package:numpy": "2.0"}},
]


def test_an_edge_of_an_older_release_is_valid() -> None:
    """A fact without the newer members stays what it was."""
    fact = FACT.validate_python({**EDGE, "stat": {"size": 1, "mtime_ns": 2}})
    assert fact.canonical is None
    assert fact.stat.ctime_ns is None


def test_an_edge_and_its_late_evidence_hold_the_same_members() -> None:
    """Whatever an edge can say of its version can also be said later."""
    edge = FACT.validate_python(
        {**EDGE, **STATE, "canonical": "file://m/a.csv", "aliases": ["a.csv"]}
    )
    late = FACT.validate_python({**HEAD, "f": "evidence", "edge": "s-0", **STATE})
    assert isinstance(edge, EdgeFact)
    assert isinstance(late, EvidenceFact)
    assert {name: getattr(late, name) for name in STATE} == {
        name: getattr(edge, name) for name in STATE
    }


@pytest.mark.parametrize("more", OTHERS, ids=lambda more: str(more["f"]))
def test_an_instance_accepts_each_type_of_fact(more: dict[str, Any]) -> None:
    """The store checks facts by these models, each type among others."""
    job = check(1, [EDGE, {**HEAD, **more}], user=None)
    assert job.refused == []
    assert len(job.facts) == 2


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("canonical", ""),
        ("canonical", "x" * 4097),
        ("aliases", ["a\0b"]),
        ("aliases", ["a"] * 9),
        ("evidence", [{"kind": "ETag", "value": "x"}]),
        ("evidence", [{"kind": "etag", "value": "x\0"}]),
        ("evidence", [{"kind": "etag", "value": "x"}] * 9),
        ("normalised", "sha256:0"),
        ("pinned_reason", "x" * 201),
        ("companions", [{"name": "a", "size": -1}]),
        ("manifest", {"digest": "h1:x", "files": 0, "bytes": 0, "entries": []}),
        ("manifest", {"files": 1, "bytes": 1, "entries": [["a", 1]]}),
        ("stat", {"size": 1, "mtime_ns": 1, "inode": -1}),
    ],
)
def test_a_member_beyond_its_bounds_is_refused(member: str, value: object) -> None:
    """Bounds hold on the edge and on late evidence, and the answer names the field."""
    for fact in (EDGE, {**HEAD, "f": "evidence", "edge": "s-0"}):
        if fact["f"] == "evidence" and member in ("canonical", "aliases"):
            continue
        with pytest.raises(ValidationError):
            FACT.validate_python({**fact, member: value})
        job = check(1, [{**fact, member: value}], user=None)
        assert job.refused[0].field is not None
        assert job.refused[0].field.startswith(member)
