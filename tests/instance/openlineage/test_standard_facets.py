"""Standard facets, written by OpenLineage's own classes, and what they come to."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from instance_server import Served, in_thread, settings_for
from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
)
from openlineage.client.generated import (
    documentation_dataset,
    documentation_job,
    input_statistics_input_dataset,
    lifecycle_state_change_dataset,
    nominal_time_run,
    output_statistics_output_dataset,
    ownership_dataset,
    ownership_job,
    tags_dataset,
    tags_job,
    tags_run,
)
from openlineage.client.serde import Serde

from lineage.instance.errors import RequestError
from lineage.instance.openlineage.event import read_event
from lineage.instance.openlineage.run_state import RunState as RunFacts
from lineage.instance.openlineage.standard_facets import (
    change_of,
    counts_of,
    owners_of,
    tags_of,
    task_params,
)
from lineage.instance.openlineage.to_facts import facts_of

DAY = "2026-01-01T00:00:00+00:00"
NEXT = "2026-01-02T00:00:00+00:00"
RUN = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An open instance on loopback, served for real."""
    with in_thread(settings_for(tmp_path / "served")) as running:
        yield running


def _send(served: Served, *events: RunEvent) -> None:
    for event in events:
        answer = requests.post(
            f"{served.address}/api/v1/lineage",
            data=Serde.to_json(event),
            headers={"content-type": "application/json"},
            timeout=20,
        )
        assert answer.status_code == 200, answer.text
        assert not answer.json().get("ignored")


def _event(
    state: RunState = RunState.COMPLETE, *, at: str = DAY, run: str = RUN, **more: Any
) -> RunEvent:
    run_facets, job_facets = more.pop("run_facets", {}), more.pop("job_facets", {})
    return RunEvent(
        eventType=state,
        eventTime=at,
        run=Run(run, run_facets),
        job=Job("n", more.pop("job", "nightly"), job_facets),
        producer="urn:t",
        **more,
    )


def _task(served: Served, name: str = "nightly") -> dict[str, Any]:
    page = served.post("lineage.tasks.list", {}).json()
    (key,) = {t["node"]["key"] for t in page["tasks"] if t["node"]["name"] == name}
    answer: dict[str, Any] = served.post("lineage.tasks.get", {"key": key}).json()
    return answer


def _newest(served: Served, name: str) -> str:
    """Return the key of an artifact's newest version."""
    found = served.post("lineage.graph.upstream", {"of": name}).json()["nodes"]
    named = (node for node in found if node["name"] == name)
    return str(next(node["key"] for node in named if node["is_current"]))


def _data(served: Served, name: str) -> dict[str, Any]:
    key = _newest(served, name)
    answer: dict[str, Any] = served.post("lineage.data.get", {"key": key}).json()
    return answer


def _upstream(served: Served, name: str) -> set[str]:
    """Return the names above the newest version."""
    of = {"of": _newest(served, name)}
    answer = served.post("lineage.graph.upstream", of).json()
    return {node["name"] for node in answer["nodes"]}


def test_facets_of_a_run_and_its_job_are_the_values_of_its_task(served: Served) -> None:
    """When it was due, who answers for it, its tags, and what it is for."""
    run = {
        "nominalTime": nominal_time_run.NominalTimeRunFacet(DAY, NEXT),
        "tags": tags_run.TagsRunFacet([tags_run.TagsRunFacetFields("team", "blue")]),
    }
    job = {
        "tags": tags_job.TagsJobFacet([tags_job.TagsJobFacetFields("tier", "1")]),
        "ownership": ownership_job.OwnershipJobFacet(
            [ownership_job.Owner("team:data", "MAINTAINER"), ownership_job.Owner("ann")]
        ),
        "documentation": documentation_job.DocumentationJobFacet("Cleans <all> orders"),
    }
    _send(served, _event(inputs=[InputDataset("db://h", "raw")], run_facets=run,
                         job_facets=job))  # fmt: skip
    task = _task(served)
    assert task["params"] == {
        "nominal_start": DAY,
        "nominal_end": NEXT,
        "owner": "team:data, ann",
        "tag.tier": "1",
        "tag.team": "blue",
    }
    assert task["node"]["description"] == "Cleans &lt;all&gt; orders"
    found = served.post("lineage.tasks.list", {"selector": "tag.team:blue"}).json()
    assert [one["node"]["name"] for one in found["tasks"]] == ["nightly"]


def test_facets_of_a_dataset_are_answered_with_it(served: Served) -> None:
    """Who owns it, its tags without those of its columns, and what it holds."""
    fields = tags_dataset.TagsDatasetFacetFields
    facets = {
        "ownership": ownership_dataset.OwnershipDatasetFacet(
            [ownership_dataset.Owner("team:sales")]
        ),
        "tags": tags_dataset.TagsDatasetFacet(
            [fields("pii", "true"), fields("pii", "false", field="email")]
        ),
        "documentation": documentation_dataset.DocumentationDatasetFacet("All orders"),
    }
    _send(served, _event(outputs=[OutputDataset("db://h", "orders", facets=facets)]))
    detail = _data(served, "orders")
    assert (detail["owners"], detail["tags"]) == (["team:sales"], {"pii": "true"})
    assert detail["node"]["description"] == "All orders"


def test_what_was_read_and_written_is_measured_whatever_the_order(
    tmp_path: Path,
) -> None:
    """Counts grow from event to event; the last ones are shown, 10 after 9."""

    def events() -> Iterator[RunEvent]:
        states = (RunState.START, RunState.RUNNING, RunState.COMPLETE)
        for minute, (state, rows) in enumerate(zip(states, (None, 9, 10), strict=True)):
            count = output_statistics_output_dataset
            facet = count.OutputStatisticsOutputDatasetFacet(rows, 80, 2)
            read = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(7)
            orders = OutputDataset(
                "db://h", "orders", outputFacets={"outputStatistics": facet}
            )
            raw = InputDataset("db://h", "raw", inputFacets={"inputStatistics": read})
            yield _event(
                state, at=f"2026-01-01T00:0{minute}:00+00:00",
                inputs=[raw], outputs=[orders] if rows else [],
            )  # fmt: skip

    for number, order in enumerate(itertools.permutations(events())):
        with in_thread(settings_for(tmp_path / str(number))) as served:
            _send(served, *order)
            task = _task(served)
        assert task["metrics"] == {
            "raw.rows_read": 7,
            "orders.rows_written": 10,
            "orders.bytes_written": 80,
            "orders.files_written": 2,
        }


def test_one_written_file_has_the_size_that_was_written(served: Served) -> None:
    """Of a table, or of a folder of files, that is not its size."""

    def output(name: str, namespace: str, files: int | None) -> OutputDataset:
        count = output_statistics_output_dataset
        facet = count.OutputStatisticsOutputDatasetFacet(3, 120, files)
        return OutputDataset(namespace, name, outputFacets={"outputStatistics": facet})

    outputs = [
        output("one.csv", "s3://b", None),
        output("many", "s3://b", 4),
        output("orders", "db://h", None),
    ]
    _send(served, _event(outputs=outputs))
    sizes = [
        _data(served, name)["node"]["size"] for name in ("one.csv", "many", "orders")
    ]
    assert sizes == [120, None, None]


def _changed(word: str, name: str, before: str | None = None) -> OutputDataset:
    module = lifecycle_state_change_dataset
    facet = module.LifecycleStateChangeDatasetFacet(
        module.LifecycleStateChange[word],
        None if before is None else module.PreviousIdentifier(before, "db://h"),
    )
    return OutputDataset("db://h", name, facets={"lifecycleStateChange": facet})


def _two_runs(
    served: Served, second: OutputDataset, *, inputs: tuple[str, ...] = ()
) -> None:
    """One run makes `orders`; a later one changes something as a whole."""
    made = [OutputDataset("db://h", "orders")]
    _send(
        served,
        _event(job="load", outputs=made, inputs=[InputDataset("db://h", "raw")]),
        _event(
            job="change", run=RUN[:-1] + "8", at=NEXT, outputs=[second],
            inputs=[InputDataset("db://h", name) for name in inputs],
        ),
    )  # fmt: skip


def test_a_renamed_dataset_keeps_its_history(served: Served) -> None:
    """Its new name leads to what its old one was made from."""
    _two_runs(served, _changed("RENAME", "orders_2026", "orders"))
    assert {"change", "orders", "load", "raw"} <= _upstream(served, "orders_2026")


def test_an_altered_dataset_comes_from_what_it_was(served: Served) -> None:
    """A change of the form is a version that is made of the one before."""
    _two_runs(served, _changed("ALTER", "orders"), inputs=("names",))
    assert {"change", "load", "raw", "names"} <= _upstream(served, "orders")


def test_an_emptied_dataset_comes_from_nothing(served: Served) -> None:
    """What was in it has no part in what it is now."""
    _two_runs(served, _changed("TRUNCATE", "orders"))
    assert _upstream(served, "orders") == {"orders", "change"}


def test_a_dataset_that_is_renamed_where_it_is_made_comes_from_the_inputs(
    served: Served,
) -> None:
    """The name that it had on the way was no dataset of another run."""
    made = OutputDataset("db://h", "orders_tmp")
    _send(
        served,
        _event(
            outputs=[made, _changed("RENAME", "orders", "orders_tmp")],
            inputs=[InputDataset("db://h", "raw")],
        ),
    )
    assert _upstream(served, "orders") == {"orders", "nightly", "raw"}


@pytest.mark.parametrize("is_removed_first", [True, False])
def test_a_dataset_that_is_removed_and_made_again_is_an_output(
    served: Served, is_removed_first: bool
) -> None:
    """As `DROP` before `CREATE TABLE`, in whatever order the events come."""
    words = ["DROP", "CREATE"] if is_removed_first else ["CREATE", "DROP"]
    for word in words:
        _send(
            served,
            _event(
                outputs=[_changed(word, "orders")],
                inputs=[InputDataset("db://h", "raw")],
            ),
        )
    assert _upstream(served, "orders") == {"orders", "nightly", "raw"}


def test_a_removed_dataset_is_no_output(served: Served) -> None:
    """Who used it later used what another run had made."""
    _two_runs(served, _changed("DROP", "orders"), inputs=("names",))
    assert _task(served, "change")["node"]["status"] == "finished"
    assert _upstream(served, "orders") == {"orders", "load", "raw"}


@pytest.mark.parametrize("word", ["CREATE", "OVERWRITE", "TRUNCATE"])
def test_a_written_dataset_comes_from_the_inputs(served: Served, word: str) -> None:
    """As any output does."""
    _two_runs(served, _changed(word, "orders"), inputs=("names",))
    assert _upstream(served, "orders") == {"orders", "change", "names"}


@pytest.mark.parametrize(
    "wrong", [None, 7, "text", [], [7], {}, {"tags": 7}, {"tags": [7, {"key": 7}]},
              {"owners": [None, {"name": 7}]}, {"rowCount": "7", "size": -1},
              {"rowCount": True, "size": 2**70}, {"lifecycleStateChange": "ODD"},
              {"lifecycleStateChange": ["DROP"]}, {"lifecycleStateChange": {"a": 1}},
              {"nominalStartTime": 7, "description": 7}],
)  # fmt: skip
def test_what_has_another_form_is_left_out(wrong: Any) -> None:
    """A facet is kept as it came, and costs nothing but what it would say."""
    names = ("tags", "ownership", "documentation", "nominalTime", "outputStatistics",
             "lifecycleStateChange", "job")  # fmt: skip
    facets = dict.fromkeys(names, wrong)
    assert (task_params(facets), owners_of(facets), tags_of(facets)) == ({}, [], {})
    assert (counts_of("output", facets), change_of(facets)) == ({}, None)
    assert json.dumps(facets)


_WHOLE = _event(
    RunState.COMPLETE,
    inputs=[InputDataset("db://h", "raw", facets={})],
    outputs=[_changed("RENAME", "orders_2026", "orders")],
    run_facets={
        "nominalTime": nominal_time_run.NominalTimeRunFacet(DAY, NEXT),
        "tags": tags_run.TagsRunFacet([tags_run.TagsRunFacetFields("team", "blue")]),
    },
    job_facets={
        "ownership": ownership_job.OwnershipJobFacet([ownership_job.Owner("ann", "x")]),
        "documentation": documentation_job.DocumentationJobFacet("Cleans orders"),
    },
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container with each key or index in it."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def test_a_wrong_type_at_any_place_is_refused_by_name_or_left_out() -> None:
    """No member of an event can make the server fail."""
    event = json.loads(Serde.to_json(_WHOLE))
    symlinks = {"identifiers": [{"namespace": "file", "name": "/a", "type": "T"}]}
    event["inputs"][0]["facets"]["symlinks"] = symlinks
    event["run"]["facets"]["parent"] = {
        "run": {"runId": "p"}, "job": {"namespace": "n", "name": "p"},
        "root": {"run": {"runId": "q"}, "job": {"namespace": "n", "name": "q"}},
    }  # fmt: skip
    tried, refused = 0, set[str | None]()
    for owner, key in list(_places(event)):
        kept = owner[key]
        for wrong in (None, 7, True, "odd", [], {}, [["x"]], {"x": ["x"]}):
            owner[key] = wrong
            try:
                found = read_event(event)
            except RequestError as error:
                refused.add(error.field)
                continue
            if found is not None:
                state = RunFacts()
                state.add(found)
                assert facts_of("ol:r", state, {})
                tried += 1
        owner[key] = kept
    assert tried > 300
    assert None not in refused
