"""What an MLflow run says, as facts; the real store is read in `tests/neighbours`."""

from __future__ import annotations

import json
from types import SimpleNamespace as Members
from typing import Any

import pytest

from lineage.delivery.evidence.locations import Locations
from lineage.instance.store.validation import check
from lineage.integrations.mlflow_facts import (
    Folder,
    RunRecord,
    dataset_place,
    facts_of_run,
    value_of,
)
from lineage.integrations.trackers import MLFLOW_TAG


def _run(**data: Any) -> Any:
    info = Members(
        run_id="r1", run_name="bold-cat", user_id="ann", status="FINISHED",
        start_time=1000, end_time=5000,
    )  # fmt: skip
    for name in ("status", "end_time"):
        if name in data:
            setattr(info, name, data.pop(name))
    inputs = Members(dataset_inputs=data.pop("datasets", []))
    return Members(
        info=info, inputs=inputs, data=Members(**{"params": {}, "tags": {}, **data})
    )


def _facts(record: RunRecord) -> dict[str, list[dict[str, Any]]]:
    """Return checked facts by their form."""
    facts = facts_of_run(record, Locations("here"))
    assert check(1, facts, user=None).refused == []
    found: dict[str, list[dict[str, Any]]] = {}
    for fact in facts:
        found.setdefault(fact["f"], []).append(fact)
    return found


def _metric(value: float, step: int = 0) -> Any:
    return Members(value=value, step=step, timestamp=2000 + step)


def _dataset(name: str, type: str, source: object) -> Any:
    tags = [Members(key="mlflow.data.context", value="training")]
    text = source if isinstance(source, str) else json.dumps(source)
    dataset = Members(name=name, source_type=type, source=text, digest="d1g35t")
    return Members(dataset=dataset, tags=tags)


def test_a_run_is_a_task_of_its_experiment() -> None:
    """Name, user, program, commit and parent come from the run's tags."""
    tags = {
        "mlflow.source.name": "train.py",
        "mlflow.source.git.commit": "abc",
        "mlflow.parentRunId": "r0",
        "mlflow.user": "bob",
    }
    task = _facts(RunRecord(_run(tags=tags), "churn"))["task"][0]
    assert (task["name"], task["user"], task["git_commit"]) == ("churn", "bob", "abc")
    assert (task["task"], task["parent"], task["at"]) == ("mlflow:r1", "mlflow:r0", 1.0)
    unnamed = _facts(RunRecord(_run(tags=tags), "Default"))["task"][0]
    assert unnamed["name"] == "train.py"


def test_a_run_that_was_started_in_a_task_is_its_child() -> None:
    """Its tag names the task; a nested run belongs to the run around it."""
    tags = {MLFLOW_TAG: "own-task", "group": "blue"}
    found = _facts(RunRecord(_run(tags=tags), "churn"))
    assert found["task"][0]["parent"] == "own-task"
    values = {
        name: value
        for fact in found["params"]
        for name, value in fact["params"].items()
    }
    assert values == {"tag.group": "blue", "tag.run_name": "bold-cat"}
    nested = _run(tags={**tags, "mlflow.parentRunId": "r0"})
    assert _facts(RunRecord(nested, "churn"))["task"][0]["parent"] == "mlflow:r0"


@pytest.mark.parametrize(
    ("status", "ends"),
    [("FINISHED", ["finished"]), ("FAILED", ["error"]), ("KILLED", ["stopped"]),
     ("RUNNING", [])],
)  # fmt: skip
def test_a_run_ends_as_in_mlflow(status: str, ends: list[str]) -> None:
    """A run that goes on has no end."""
    facts = _facts(RunRecord(_run(status=status), "churn"))
    assert [fact["status"] for fact in facts.get("task_end", [])] == ends


def test_parameters_tags_and_measurements_are_kept() -> None:
    """Numbers become numbers; what is no finite number is left out."""
    run = _run(params={"lr": "0.1", "api_token": "hunter2"}, tags={"team": "blue"})
    metrics = {
        "loss": [_metric(1.0, 0), _metric(float("nan"), 1), _metric(0.5, 2)],
        "auc": [_metric(0.9, 7)],
    }
    facts = _facts(RunRecord(run, "churn", metrics))
    assert facts["params"][0]["params"] == {
        "lr": 0.1, "api_token": "****", "tag.team": "blue", "tag.run_name": "bold-cat",
    }  # fmt: skip
    assert facts["metrics"][0]["metrics"] == [
        ["loss", 1.0, 0], ["loss", 0.5, 2], ["auc", 0.9, None],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("1e-3", 0.001), ("False", False), ("None", None), ("nan", "nan"),
     ("1_000", "1_000"), ("007", "007"), (str(2**70), str(2**70)), ("a", "a")],
)  # fmt: skip
def test_the_value_behind_a_text_is_found(text: str, value: object) -> None:
    """Only what Python would write that way is a number."""
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


@pytest.mark.parametrize(
    ("type", "source", "place"),
    [
        ("local", {"uri": "/d/train.csv"}, ("file", "/d/train.csv")),
        ("s3", {"uri": "s3://b/train/"}, ("folder", "s3://b/train/")),
        ("http", {"url": "https://h/x.csv"}, ("file", "https://h/x.csv")),
        ("hugging_face", {"path": "org/d"}, ("table", "hf://datasets/org/d")),
        ("delta_table", {"delta_table_name": "c.s.t"}, ("table", "c.s.t")),
        ("code", {"tags": {}}, ("table", "mlflow-dataset/train")),
        ("odd", "no json", ("table", "mlflow-dataset/train")),
        ("odd", [3], ("table", "mlflow-dataset/train")),
    ],
)
def test_a_dataset_is_where_its_source_is(
    type: str, source: object, place: tuple[str, str]
) -> None:
    """One without a place goes by its own name."""
    assert dataset_place(_dataset("train", type, source).dataset) == place


def test_data_files_and_models_become_edges() -> None:
    """Inputs carry their digest, registered models the number of their version."""
    used = _dataset("train", "local", {"uri": "/d/train.csv"})
    model = Folder("/m/model", "model", [("MLmodel", 3), ("w.bin", 9)], ("runs:/r1/m",))
    version = Members(name="churn", version=4, creation_timestamp=6000)
    record = RunRecord(
        _run(datasets=[used]), "churn", files=["s3://b/r1/notes.txt"],
        models=[model], used_models=[Folder("/m/base", "base")], versions=[version],
    )  # fmt: skip
    edges = _facts(record)["edge"]
    assert [(e["dir"], e["kind"], e["name"], e.get("version")) for e in edges] == [
        ("input", "file", "train", "d1g35t"),
        ("input", "folder", "base", None),
        ("output", "file", "notes.txt", None),
        ("output", "folder", "model", None),
        ("output", "file", "churn", "4"),
    ]
    assert edges[3]["manifest"]["bytes"] == 12
    assert edges[3]["aliases"][0] == "runs:/r1/m"
    assert edges[4]["is_model"]


def test_what_is_read_again_has_the_same_uids() -> None:
    """A run that went on adds its news, and nothing twice."""
    before = RunRecord(_run(status="RUNNING", params={"lr": "1"}), "churn")
    after = RunRecord(_run(params={"lr": "1"}), "churn", link="http://h/#/runs/r1")
    first = {fact["uid"] for fact in facts_of_run(before, Locations("here"))}
    second = {fact["uid"]: fact for fact in facts_of_run(after, Locations("here"))}
    assert first < set(second)
    news = {fact["f"] for uid, fact in second.items() if uid not in first}
    assert news == {"links", "task_end"}
