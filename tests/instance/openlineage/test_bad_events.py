"""What producers must not send: refused by its name, and nothing stored in part."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from instance_server import Served, in_thread, settings_for

URL = "/api/v1/lineage"
_ODD = [
    None,
    3,
    "x",
    True,
    [],
    {},
    [[]],
    {"a": 1},
    [3],
    [{"name": 3, "namespace": "n"}],
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An open instance on loopback; nothing is ever stored in it."""
    with in_thread(settings_for(tmp_path_factory.mktemp("served"))) as running:
        yield running


def _event(**more: Any) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-01T00:00:00Z",
        "run": {"runId": "a"},
        "job": {"namespace": "n", "name": "job"},
        **more,
    }


def _facet(text: str) -> list[dict[str, Any]]:
    return [{"namespace": "n", "name": "t", "facets": {"large": {"t": text}}}]


def _post(served: Served, body: bytes, path: str = URL, **headers: str) -> Any:
    return requests.post(
        f"{served.address}{path}", data=body, headers=headers, timeout=60
    )


def _stored(served: Served) -> list[Any]:
    tasks: list[Any] = served.post("lineage.tasks.list", {}).json()["tasks"]
    return tasks


def _bodies() -> dict[str, tuple[bytes, dict[str, str], int, str]]:
    packed = {"content-encoding": "gzip"}
    large = json.dumps(_event(inputs=_facet("y" * (50 << 20)))).encode()
    many = [{"namespace": "n", "name": str(i)} for i in range(100_000)]
    deep = json.dumps(_event())[:-1] + ',"x":' + "[" * 5000 + "]" * 5000 + "}"
    plain = json.dumps(_event()).encode()
    return {
        "50 MB": (large, {}, 413, "16777216 bytes"),
        "50 MB, packed": (gzip.compress(large, 1), packed, 413, "16777216 bytes"),
        "100,000 outputs": (
            json.dumps(_event(outputs=many)).encode(), {}, 413, "outputs"
        ),
        "nested": (deep.encode(), {}, 400, "nested too deeply"),
        "unpacks a thousandfold": (
            gzip.compress(b"[" + b" " * (200 << 20) + b"]"), packed, 413, "too large"
        ),
        "no gzip": (b"hello", packed, 400, "not gzip"),
        "half a gzip": (gzip.compress(plain)[:-9], packed, 400, "cut off"),
        "another packing": (plain, {"content-encoding": "br"}, 415, "gzip or identity"),
    }  # fmt: skip


def test_a_body_that_is_too_much_is_refused(served: Served) -> None:
    """The answer says what is allowed."""
    for name, (body, headers, status, words) in _bodies().items():
        answer = _post(served, body, **headers)
        assert answer.status_code == status, (name, answer.text)
        assert words in answer.text, name
    assert _stored(served) == []


def test_a_large_event_does_not_keep_the_others_of_a_batch_out(tmp_path: Path) -> None:
    """Its place and its size are named."""
    with in_thread(settings_for(tmp_path / "own")) as own:
        batch = [_event(inputs=_facet("y" * (17 << 20))), _event(inputs=_facet("y"))]
        answer = _post(own, json.dumps(batch).encode(), f"{URL}/batch").json()
        assert (answer["received"], answer["failed"]) == (1, [0])
        assert "[0] has 178" in answer["ignored"][0]
        assert len(_stored(own)) == 1


def test_a_facet_that_is_not_kept_is_named(tmp_path: Path) -> None:
    """Everything else of the event is taken in."""
    with in_thread(settings_for(tmp_path / "own")) as own:
        event = _event(inputs=_facet("y" * (2 << 20)))
        answer = _post(own, json.dumps(event).encode()).json()
        assert answer["received"] == 1
        assert "facet large has 2097" in answer["ignored"][0]


@pytest.mark.parametrize("value", _ODD, ids=repr)
@pytest.mark.parametrize("level", ["run", "job", "eventTime"])
def test_a_wrong_type_where_it_counts_names_the_field(
    level: str, value: object, served: Served
) -> None:
    """An event without a run, a job or a time is none."""
    answer = _post(served, json.dumps(_event(**{level: value})).encode())
    assert answer.status_code == 400
    assert answer.json()["details"]["field"].startswith(level)
    assert _stored(served) == []


@pytest.mark.parametrize("value", _ODD, ids=repr)
@pytest.mark.parametrize(
    "place", ["eventType", "inputs", "outputs", "run.facets", "job.facets",
              "job.namespace", "parent", "errorMessage", "lineage_task", "version",
              "symlinks", "lineage", "lineage_edge"],
)  # fmt: skip
def test_a_wrong_type_elsewhere_costs_that_member(
    place: str, value: object, tmp_path: Path
) -> None:
    """The rest of the event is taken in."""
    event = _event(outputs=_facet("y"))
    if place in event:
        event[place] = value
    elif "." in place:
        owner, _, name = place.partition(".")
        event[owner][name] = value
    elif place in ("parent", "errorMessage", "lineage_task"):
        event["run"]["facets"] = {place: value}
    else:
        event["outputs"][0]["facets"][place] = value
    with in_thread(settings_for(tmp_path / "own")) as own:
        answer = _post(own, json.dumps(event).encode())
        assert answer.status_code == 200, answer.text
        assert [task["node"]["name"] for task in _stored(own)] == ["job"]


@pytest.mark.parametrize(
    "method", ["lineage.facts.add", "lineage.tasks.list", "tasks.list", "projects.list"]
)
def test_every_endpoint_takes_packed_bodies(method: str, served: Served) -> None:
    """Packed and plain, the answers are the same."""
    sent = {"facts": []} if method == "lineage.facts.add" else {"workspaceId": 1}
    plain = json.dumps(sent).encode()
    path = f"/public/api/v3/{method}"
    packed = _post(served, gzip.compress(plain), path, **{"content-encoding": "gzip"})
    assert packed.status_code == 200, packed.text
    assert packed.json() == _post(served, plain, path).json()


def _output(**facets: Any) -> dict[str, Any]:
    return {"namespace": "db://h", "name": "t", "facets": facets}


_LONG = {"namespace": "db://h", "name": "z" * 6000}
_EMPTY = {"namespace": "", "name": ""}


@pytest.mark.parametrize(
    "output",
    [
        {"namespace": "db://[h", "name": "t"},
        {"namespace": "db://h", "name": "x" * 3990},
        *(_output(symlinks={"identifiers": [one]}) for one in (_LONG, _EMPTY)),
        *(_output(lineage={"inputs": [one]}) for one in (_LONG, _EMPTY)),
        _output(lifecycleStateChange={"lifecycleStateChange": "RENAME",
                                      "previousIdentifier": _LONG}),
    ],
    ids=lambda output: str(output)[:60],
)  # fmt: skip
def test_an_odd_name_costs_no_edge(output: dict[str, Any], tmp_path: Path) -> None:
    """A namespace that is no address, and names that are too long or empty."""
    with in_thread(settings_for(tmp_path / "own")) as own:
        answer = _post(own, json.dumps(_event(outputs=[output])).encode())
        assert (answer.status_code, answer.json()["ignored"]) == (200, [])
        assert [task["output_count"] for task in _stored(own)] == [1]
