"""The digits example leaves the graph that its source text promises, edge by edge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from journey_tools import EXAMPLES, all_tasks, edges_of, environment, opened, run_python

from lineage.api.client import Api
from lineage.model.details import TaskDetail

pytestmark = pytest.mark.skipif(
    find_spec("sklearn") is None, reason="pip install 'workflow-lineage[examples]'"
)

EDGES = {
    "Import digits": {
        ("input", "file", "digits.csv.gz"),
        ("output", "file", "digits.npz"),
        ("output", "file", "new_scans.npz"),
    },
    "Split digits": {
        ("input", "file", "digits.npz"),
        ("output", "file", "train.npz"),
        ("output", "file", "test.npz"),
    },
    "Train classifier": {
        ("input", "file", "train.npz"),
        ("output", "model_weight", "model.joblib"),
    },
    "Evaluate model": {
        ("input", "model_weight", "model.joblib"),
        ("input", "file", "test.npz"),
        ("output", "file", "report.json"),
    },
    "Export model": {
        ("input", "model_weight", "model.joblib"),
        ("input", "file", "report.json"),
        ("output", "file", "weights.csv"),
        ("output", "file", "model_notes.md"),
    },
    "Read new digits": {
        ("input", "model_weight", "model.joblib"),
        ("input", "file", "new_scans.npz"),
        ("output", "file", "readings.csv"),
    },
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the example has run once."""
    folder = tmp_path_factory.mktemp("digits")
    done = run_python(
        EXAMPLES / "digits" / "run.py", folder / "out", home=folder / "home", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder / "home"


@pytest.fixture
def api(home: Path) -> Iterator[Api]:
    """The instance that the example filled."""
    with opened(home) as api:
        yield api


def _by_name(api: Api, name: str) -> list[TaskDetail]:
    return [task for task in all_tasks(api) if task.node.name == name]


def test_every_run_is_a_task_in_the_order_of_the_program(api: Api) -> None:
    """Seven runs: six that finished, and one that failed on purpose."""
    runs = [(task.node.name, task.node.status) for task in all_tasks(api)]
    assert runs == [
        ("Import digits", "finished"),
        ("Split digits", "finished"),
        ("Train classifier", "error"),
        ("Train classifier", "finished"),
        ("Evaluate model", "finished"),
        ("Export model", "finished"),
        ("Read new digits", "finished"),
    ]


@pytest.mark.parametrize("name", EDGES)
def test_each_finished_run_has_exactly_its_edges(api: Api, name: str) -> None:
    """No edge is missing, and none is invented."""
    task = _by_name(api, name)[-1]
    assert edges_of(task) == EDGES[name]


def test_the_failed_run_shows_what_it_used_and_why_it_failed(api: Api) -> None:
    """Inputs are recorded before the body; a failed body has no outputs."""
    failed = _by_name(api, "Train classifier")[0]
    assert edges_of(failed) == {("input", "file", "train.npz")}
    assert "strength" in (failed.error or "") or "'C'" in (failed.error or "")
    assert "LogisticRegression" in (failed.traceback or "")


def test_both_apps_name_the_same_model(api: Api) -> None:
    """The model that one process made is the card that another process used."""
    made = [e for e in _by_name(api, "Train classifier")[-1].edges
            if e.direction == "output"]  # fmt: skip
    used = [e for e in _by_name(api, "Read new digits")[0].edges
            if e.data.kind == "model_weight"]  # fmt: skip
    assert [edge.data.key for edge in made] == [edge.data.key for edge in used]


def test_provenance_of_the_readings_reaches_the_scans(api: Api, home: Path) -> None:
    """Everything behind the last output, down to the file inside scikit-learn."""
    readings = api.graph.search("readings.csv").hits[0].node
    behind = api.graph.provenance(readings.key)
    assert {Path(str(node.id)).name for node in behind.inputs} == {"digits.csv.gz"}
    names = {task.node.name for task in behind.tasks}
    assert names == {
        "Read new digits", "Train classifier", "Split digits", "Import digits"
    }  # fmt: skip


def test_an_output_that_names_its_inputs_has_no_false_arrow(api: Api) -> None:
    """The bare weights come from the model alone, not from the report."""
    weights = api.graph.search("weights.csv").hits[0].node
    above = api.graph.upstream(weights.key)
    names = {Path(str(n.id)).name for n in above.nodes if n.type == "data"}
    assert "model.joblib" in names
    assert "report.json" not in names


def test_an_output_of_a_line_of_blocks_comes_from_all_of_them(api: Api) -> None:
    """The report comes from the model and from the test's data."""
    report = api.graph.search("report.json").hits[0].node
    above = api.graph.upstream(report.key, depth=2)
    names = {Path(str(n.id)).name for n in above.nodes if n.type == "data"}
    assert names == {"report.json", "model.joblib", "test.npz"}


def test_local_files_have_digests(api: Api) -> None:
    """A version of a local file is known by its bytes."""
    for name in ("train.npz", "model.joblib", "readings.csv"):
        node = api.graph.search(name).hits[0].node
        assert (node.digest or "").startswith("sha256:"), name


def test_switched_off_the_example_runs_and_leaves_nothing(tmp_path: Path) -> None:
    """`LINEAGE_ENABLED=false`: the same program, and no home."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; "
        "import apps; print(apps.import_digits(Path('.')).digits)"
    )
    done = run_python(
        "-c", program, EXAMPLES / "digits",
        home=tmp_path / "off", cwd=tmp_path, LINEAGE_ENABLED="false",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "digits.npz").exists()
    assert not (tmp_path / "off").exists()


def test_the_demo_shows_the_graph_and_what_to_type_next(tmp_path: Path) -> None:
    """`lineage demo` ends with the graph, the next commands and the page's address."""
    done = run_python("-m", "lineage", "demo", home=tmp_path / "home", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for text in ("model.joblib", "✘ Train classifier", "readings.csv",
                 "lineage show model.joblib", "lineage ui"):  # fmt: skip
        assert text in done.stdout
    assert "\x1b" not in done.stdout


def test_what_the_demo_shows_to_type_works(home: Path, tmp_path: Path) -> None:
    """Each command of the demo's last lines gives an answer, also as JSON."""
    for words in (["tasks"], ["show", "model.joblib"], ["provenance", "readings.csv"],
                  ["impact", "train.npz"], ["search", "digits"], ["health"],
                  ["path", "digits.csv.gz", "readings.csv"], ["stale"]):  # fmt: skip
        done = run_python("-m", "lineage", *words, "--json", home=home, cwd=tmp_path)
        assert done.returncode == 0, (words, done.stderr)
        assert json.loads(done.stdout) is not None
        assert environment(home)["LINEAGE_HOME"] == str(home)
