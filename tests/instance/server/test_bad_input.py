"""Nothing that a client can send is answered with 5xx, or stored in part."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instance_fixture import InstanceFixture, form

from lineage.instance.routes import ROUTES

NAMES = sorted({name for route in ROUTES.values() for name in route.model.model_fields})

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(0, 5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(
        [
            *("1", "-1", "0", "²", "", "+", "\x00", "\ud800"),
            "'; DROP TABLE tasks; --",
            *("../..", "/a", "a" * 5000, "task:1", "data:1", "kind:project", "& |"),
            *("project", "input"),
        ]
    ),
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner),
    ),
    max_leaves=8,
)  # fmt: skip


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstanceFixture]:
    """An instance with a few objects in it."""
    instance = InstanceFixture(tmp_path_factory.mktemp("fuzzed"))
    project = instance.call("lineage.register.project", {"name": "p"})["id"]
    instance.call("lineage.register.project-version", {"project_id": project})
    instance.call("lineage.register.dataset", {"project_id": project, "name": "d"})
    instance.call("lineage.register.file", {"path": "/a", "text": "x"})
    instance.call("lineage.register.module", {"name": "m"})
    instance.call("lineage.register.task", {"name": "t", "id": 1})
    instance.call("lineage.register.job", {"name": "j"})
    yield instance
    instance.close()


def check(answer: Any) -> None:
    """Check that an answer is no server error, and an error body is complete."""
    assert answer.status < 500, answer.content()
    if answer.status >= 400:
        body = json.loads(answer.content())
        assert body["error"]
        assert body["details"]["message"]


@pytest.mark.parametrize("name", sorted(ROUTES))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_json_is_answered(
    fuzzed: InstanceFixture, name: str, data: st.DataObject
) -> None:
    """Bodies near to and far from what a method takes are answered below 500."""
    fields = sorted(ROUTES[name].model.model_fields)
    near = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, _VALUES))
    body = data.draw(st.one_of(near, near, _VALUES))
    headers = {"x-task-id": data.draw(st.sampled_from(["1", "x", "", "99"]))}
    if ROUTES[name].form == "json":
        check(fuzzed.send(name, raw=json.dumps(body).encode(), headers=headers))
        return
    fields = body if isinstance(body, dict) else {}
    query = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
    raw = data.draw(st.binary(max_size=200) | st.just(form([("file", "a", b"x")])[0]))
    kind = data.draw(
        st.sampled_from(["multipart/form-data; boundary=mark-of-tests", ""])
    )
    headers["content-type"] = kind
    check(fuzzed.send(name, raw=raw, query=query, headers=headers))


@settings(max_examples=80, deadline=None)
@given(raw=st.binary(max_size=300))
def test_any_bytes_are_answered(fuzzed: InstanceFixture, raw: bytes) -> None:
    """A body that is no JSON at all is refused."""
    check(fuzzed.send("tasks.info", raw=raw))


@pytest.mark.parametrize(
    "raw",
    [b"[" * 100_000, b'{"id":' * 5000, b"nul", b'{"id": NaN}', b'{"id": 1e999}',
     b'"\\ud800"', b"\xff\xfe", b'{"id": 1}x', b'{"id": ' + b"9" * 5000 + b"}",
     b'{"logs": [{"message": "\\u0000"}]}'],
)  # fmt: skip
def test_unreadable_bodies_are_400(fuzzed: InstanceFixture, raw: bytes) -> None:
    """Nesting, numbers, text and encodings that JSON or a store cannot hold."""
    for name in ("tasks.info", "tasks.logs.add", "lineage.facts.add"):
        assert fuzzed.send(name, raw=raw).status == 400


def test_deep_meta_is_refused_by_name(fuzzed: InstanceFixture) -> None:
    """A card that is nested beyond measure is 400, never a failure."""
    meta: dict[str, Any] = {}
    for _ in range(150):
        meta = {"a": meta}
    body = {"teamId": 1, "node": {"type": "task", "id": 1}, "type": "job", "id": 1}
    check(fuzzed.send("workflow.node.add-input", {**body, "meta": meta}))


def test_batches_are_bounded(fuzzed: InstanceFixture) -> None:
    """A batch of more facts than allowed is 413 and names the limit."""
    status, details = fuzzed.refusal("lineage.facts.add", {"facts": [0] * 10_001})
    assert status == 413
    assert "10000" in details["allowed"]


def test_a_bad_fact_spoils_no_good_one(fuzzed: InstanceFixture) -> None:
    """Good facts of a batch are stored, bad ones are named by index and field."""
    good = {"f": "task", "uid": "b-1", "task": "batch-run", "at": 1.0}
    facts = [good, {**good, "uid": "b-2", "at": "x"}, 5, {**good, "f": "?"}]
    answer = fuzzed.call("lineage.facts.add", {"facts": facts})
    assert (answer["stored"], [r["index"] for r in answer["refused"]]) == (1, [1, 2, 3])
    assert answer["refused"][0]["field"] == "at"


def test_refusals_show_field_type_and_what_is_allowed(fuzzed: InstanceFixture) -> None:
    """The platform's error body names field, the value's type, and the right one."""
    status, details = fuzzed.refusal("tasks.info", {"id": [1]})
    assert status == 400
    assert (details["field"], details["type"]) == ("id", "array")
    assert "whole number" in details["allowed"]
    assert "[1]" not in json.dumps(details)
