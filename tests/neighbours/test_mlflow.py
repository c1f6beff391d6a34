"""`lineage import mlflow` of stores that MLflow itself wrote: `nox -s neighbours`."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import lineage
from lineage.runtime import runtime

pytestmark = pytest.mark.neighbours

_TRAINING = """
import os, sys
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("churn")
frame = pd.read_csv("train.csv")
source = os.path.abspath("train.csv")
class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[str]) -> list[str]:
        return model_input
with mlflow.start_run() as run:
    data = mlflow.data.from_pandas(frame, source=source, name="train")
    mlflow.log_input(data, context="training")
    mlflow.log_params({"lr": 0.01, "depth": 3})
    mlflow.set_tag("group", "blue")
    for step in range(3):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_text("a note", "notes/notes.txt")
    mlflow.pyfunc.log_model("model", python_model=Echo(),
                            registered_model_name="churn-model")
    with mlflow.start_run(nested=True):
        mlflow.log_metric("auc", 0.9)
try:
    with mlflow.start_run():
        raise ValueError("no luck")
except ValueError:
    pass
"""

_RUN_IN_A_TASK = """
import sys
import lineage, mlflow
mlflow.set_tracking_uri(sys.argv[1])
with lineage.task(name="Train") as task, mlflow.start_run() as run:
    mlflow.log_metric("auc", 0.9)
assert lineage.flush(20)
print(task.key, run.info.run_id)
"""


def _run(program: str, uri: str, folder: Path) -> str:
    # What MLflow and the packages that it uses warn of is not looked at.
    command = [sys.executable, "-W", "ignore", "-c", program, uri]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _train(uri: str, folder: Path) -> None:
    _run(_TRAINING, uri, folder)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with data to train on."""
    if importlib.util.find_spec("mlflow") is None:
        pytest.skip("mlflow is not installed: nox -s neighbours")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    (tmp_path / "train.csv").write_text("a,b\n1.0,2.0\n")
    return tmp_path


@pytest.fixture(params=["sqlite", "folder", "server"])
def uri(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """A tracking store of each kind, with three runs in it."""
    if request.param == "server":
        yield from _served(folder)
    else:
        uri = "sqlite:///mlflow.db" if request.param == "sqlite" else "./mlruns"
        _train(uri, folder)
        yield uri


def _served(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    options = ["--workers", "1", "--backend-store-uri", "sqlite:///served.db"]
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), *options]
    with open("server.log", "wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_for(address, server)
        _train(address, folder)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, Path("server.log").read_text()
        try:
            requests.get(f"{address}/health", timeout=2).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.2)
    raise AssertionError("the server of MLflow does not start")


def _import(*command: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, where MLflow may warn."""
    whole = [sys.executable, "-m", "lineage", "import", "mlflow", *command, "--json"]
    return subprocess.run(whole, capture_output=True, text=True, check=False)


def _answer(*command: str) -> Any:
    done = _import(*command)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_past_is_taken_in_and_joins(uri: str) -> None:
    """Runs, data, models, values; once more adds nothing; an app's file is theirs."""
    first = _answer(uri)
    assert (first["runs"], first["known"], first["ignored"]) == (3, 0, [])
    again = _answer(uri)
    assert (again["stored"], again["known"]) == (0, first["stored"])

    with lineage.task(name="Report") as task:
        task.uses_file("train.csv")
        task.produces_file("train.csv.summary")
    assert lineage.flush(20)
    graph = runtime()._make_api().graph
    names = {node.name for node in graph.upstream("model:churn-model").nodes}
    assert {"churn-model", "churn", "train"} <= names
    tasks = graph.tasks("app:churn").tasks
    assert sorted(t.node.status or "" for t in tasks) == [
        "error",
        "finished",
        "finished",
    ]
    whole = next(t.node for t in tasks if t.input_count)
    detail = graph.task(whole.key)
    assert detail.params["lr"] == 0.01
    assert (detail.params["depth"], detail.params["tag.group"]) == (3, "blue")
    made = {n.name for n in graph.downstream(whole.key).nodes}
    assert {"notes.txt", "model", "churn-model"} <= made
    users = {n.name for n in graph.downstream("train.csv").nodes if n.type == "task"}
    assert users == {"churn", "Report"}


def test_a_run_inside_a_task_is_its_child(folder: Path) -> None:
    """The app's own task and the imported run are joined, and the link leads there."""
    uri = "sqlite:///mlflow.db"
    key, run_id = _run(_RUN_IN_A_TASK, uri, folder).split()
    assert _answer(uri)["runs"] == 1
    graph = runtime()._make_api().graph
    (imported,) = graph.tasks("metric.auc=0.9").tasks
    own = graph.task(key)
    assert graph.task(imported.node.key).parent == own.node.key
    assert own.links["MLflow"].endswith(run_id)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("sqlite:///absent.db", "there is no file absent.db"),
        ("./absent", "there is no such folder"),
        ("http://127.0.0.1:9", "cannot be read"),
        ("odd://x", "is no tracking store"),
        ("sqlite:///broken.db", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(uri: str, words: str, folder: Path) -> None:
    """Nothing is made in its place, and nothing is stored."""
    (folder / "broken.db").write_text("no database\n" * 99)
    done = _import(uri)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (folder / "absent.db").exists()
    assert not (folder / "absent").exists()


def test_an_experiment_that_is_none_is_named(folder: Path) -> None:
    """The error lists those that there are."""
    _train("sqlite:///mlflow.db", folder)
    done = _import("sqlite:///mlflow.db", "--experiment", "chrun")
    assert done.returncode == 2
    assert "it has Default, churn" in done.stderr
    assert _answer("sqlite:///mlflow.db", "--experiment", "Default")["runs"] == 0
