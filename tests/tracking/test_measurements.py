"""Parameters, metrics and links of a task."""

from __future__ import annotations

import argparse
import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage.integrations import trackers
from lineage.recording.measurements import command_line_params
from lineage.recording.open_tasks import OpenTasks
from lineage.recording.recorder import Recorder
from lineage.testing import Recorded


def _facts(recorded: Recorded, kind: str) -> list[dict]:
    return [fact for fact in recorded.facts if fact["f"] == kind]


def test_params_are_flattened_and_masked(recorded: Recorded) -> None:
    """Nested names are dotted, and the value of a secret is never recorded."""
    args = argparse.Namespace(epochs=3, resume=None)
    with lineage.task("t") as task:
        lineage.params(vars(args), lr=0.1, model={"name": "unet", "api_token": "x"})
    (fact,) = _facts(recorded, "params")
    assert fact["task"] == task.key
    assert fact["params"] == {
        "epochs": 3,
        "resume": None,
        "lr": 0.1,
        "model.name": "unet",
        "model.api_token": "****",
    }


def test_what_is_below_a_secret_name_is_masked(recorded: Recorded) -> None:
    """However deep, and where a row names its own value; small counts stay."""
    values = {
        "db": {"password": {"value": "x", "parts": ["y"], "n": 7}},
        "auth": {"retries": 3, "more": {"kind": "z"}},
        "env": {"name": "API_KEY", "value": "x"},
        "lr": {"name": "rate", "value": 0.1},
    }
    with lineage.task("t"):
        lineage.params(values)
    (fact,) = _facts(recorded, "params")
    assert fact["params"] == {
        "db.password.value": "****",
        "db.password.parts": "****",
        "db.password.n": "****",
        "auth.retries": 3,
        "auth.more.kind": "****",
        "env.name": "API_KEY",
        "env.value": "****",
        "lr.name": "rate",
        "lr.value": 0.1,
    }


def test_metrics_are_numbers(recorded: Recorded) -> None:
    """Scalars of other libraries count; what is no finite number costs itself only."""
    scalar = types.SimpleNamespace(item=lambda: 0.5)
    with lineage.task("t"):
        lineage.metrics(auc=0.93, loss=scalar, bad="x", nan=float("nan"), step=4)
        lineage.metrics({"mAP@50": 1})
    first, second = _facts(recorded, "metrics")
    assert first["metrics"] == [["auc", 0.93, 4], ["loss", 0.5, 4]]
    assert second["metrics"] == [["mAP@50", 1.0, None]]


def test_a_step_keeps_its_params_without_a_fact_of_its_own(recorded: Recorded) -> None:
    """`lineage.step("fit", C=0.1)` inside a decorated function is recorded."""

    @lineage.produces_file("result")
    def train() -> str:
        with lineage.step("fit", C=0.1):
            pass
        return "model.pt"

    train()
    steps = [f["step"] for f in recorded.facts if isinstance(f.get("step"), dict)]
    (fit,) = [step for step in steps if step["name"] == "fit"]
    assert fit["params"] == {"C": 0.1}
    assert fit["parent"]


def test_nothing_is_recorded_where_it_is_off(recorded: Recorded) -> None:
    """Neither while recording is off nor inside `disabled()`."""
    with lineage.disabled():
        lineage.params(lr=1)
        lineage.metrics(auc=1)
    assert recorded.facts == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--lr", "0.1", "--epochs=3"], {"lr": 0.1, "epochs": 3}),
        (["--flag", "--name", "unet"], {"flag": True, "name": "unet"}),
        (["model.lr=1e-3", "+data.path=a/b"], {"model.lr": 1e-3, "data.path": "a/b"}),
        (["input.csv", "-v", "https://x/?a=b"], {}),
        (["--offset", "-3"], {"offset": -3}),
    ],
)
def test_command_line_options(arguments: list[str], expected: dict) -> None:
    """Options with a value, flags, and assignments as Hydra takes them."""
    assert command_line_params(arguments) == expected


def test_a_run_of_another_tracker_is_linked(recorded: Recorded) -> None:
    """What a tracker's own entry point returns is linked on the open task."""
    run = types.SimpleNamespace(url="https://wandb.example/run/1")
    module = types.SimpleNamespace(init=lambda **_: run)
    trackers.install_wandb(module)
    with lineage.task("t") as task:
        assert module.init(project="p") is run
    (fact,) = _facts(recorded, "links")
    assert fact["task"] == task.key
    assert fact["links"] == [
        {"name": "Weights & Biases", "url": "https://wandb.example/run/1"}
    ]


@pytest.mark.parametrize("is_package_first", [True, False])
def test_a_run_of_mlflow_is_linked_whichever_is_imported_first(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, is_package_first: bool
) -> None:
    """The package `mlflow` takes the function from the module that is watched."""
    info = types.SimpleNamespace(experiment_id="3", run_id="9e7a")
    fluent = types.ModuleType("mlflow.tracking.fluent")
    fluent.start_run = lambda: types.SimpleNamespace(info=info)
    package = types.ModuleType("mlflow")
    package.get_tracking_uri = lambda: "http://127.0.0.1:5000/"
    monkeypatch.setitem(sys.modules, "mlflow", package)
    if is_package_first:
        package.start_run = fluent.start_run
    trackers.install_mlflow(fluent)
    if not is_package_first:
        package.start_run = fluent.start_run
    with lineage.task("t"):
        assert package.start_run().info is info
    (fact,) = _facts(recorded, "links")
    url = "http://127.0.0.1:5000/#/experiments/3/runs/9e7a"
    assert fact["links"] == [{"name": "MLflow", "url": url}]


def test_a_run_of_mlflow_is_started_with_the_key_of_its_task(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new run gets the tag beside its own ones; one that goes on gets none."""
    seen: list[Any] = []

    def start_run(run_id: str | None = None, tags: Any = None) -> Any:
        seen.append(tags)
        return types.SimpleNamespace(info=None)

    fluent = types.SimpleNamespace(start_run=start_run)
    trackers.install_mlflow(fluent)
    with lineage.task("t") as task:
        fluent.start_run()
        fluent.start_run(tags={"group": "blue"})
        fluent.start_run("r1")
        fluent.start_run(run_id="r1")
        monkeypatch.setenv("MLFLOW_RUN_ID", "r1")
        fluent.start_run()
    tag = {trackers.MLFLOW_TAG: task.key}
    assert seen == [tag, {**tag, "group": "blue"}, None, None, None]


def test_the_command_line_of_an_app_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The options that an app was started with are its task's, secrets masked."""
    texts: list[str] = []
    recorder = Recorder(
        lambda text: not texts.append(text), open_tasks=OpenTasks(tmp_path)
    )
    monkeypatch.setattr(
        "sys.argv", ["train.py", "--lr", "0.1", "--api-key=secret-value"]
    )
    recorder.record_command_line(recorder.open_task("T"))
    (fact,) = [f for f in map(json.loads, texts) if f["f"] == "params"]
    assert fact["params"] == {"lr": 0.1, "api-key": "****"}
