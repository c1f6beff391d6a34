"""The example notebook, run in a kernel as a person runs it, and what it shows."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from source_tree import ROOT
from ways_of_running import recorded_tasks, run_program

pytestmark = pytest.mark.neighbours

NOTEBOOK = ROOT / "examples" / "notebook" / "ask.ipynb"
RUN = """
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read("ask.ipynb", as_version=4)
NotebookClient(notebook, kernel_name="python3", timeout=100).execute()
nbformat.write(notebook, "done.ipynb")
"""


def _need(*modules: str) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: nox -s neighbours")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Run the notebook; return what each code cell showed last, by its type."""
    _need("nbclient", "ipykernel")
    folder = tmp_path_factory.mktemp("notebook")
    shutil.copy(NOTEBOOK, folder)
    done = run_program(RUN, folder, timeout=110)
    assert done.returncode == 0, done.stderr
    cells = json.loads((folder / "done.ipynb").read_text("utf-8"))["cells"]
    shown = [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]
    assert not any(part["output_type"] == "error" for cell in shown for part in cell)
    return [
        {kind: "".join(text) for kind, text in cell[-1]["data"].items()} if cell else {}
        for cell in shown
    ]


def test_a_walk_is_drawn_in_the_notebook(outputs: list[dict[str, Any]]) -> None:
    """The drawing is part of the output and loads nothing from anywhere."""
    html = outputs[1]["text/html"]
    assert "<svg" in html
    assert all(name in html for name in ("model.pt", "Train", "table.csv"))
    assert "<script" not in html
    assert "<link" not in html
    assert outputs[1]["text/plain"].startswith("<GraphAnswer: 3 nodes")


def test_the_reason_is_a_sentence(outputs: list[dict[str, Any]]) -> None:
    """The parameter and the table both changed."""
    html = outputs[2]["text/html"]
    assert "model.pt changed because" in html
    assert "lr 0.1 → 0.01" in html


def test_runs_are_a_table(outputs: list[dict[str, Any]]) -> None:
    """Only the second run has the small rate."""
    assert "<table" in outputs[3]["text/html"]
    assert outputs[3]["text/plain"].startswith("<TasksPage: 1 task,")


def test_the_extension_reads_questions(outputs: list[dict[str, Any]]) -> None:
    """`%lineage` answers as the methods do."""
    assert outputs[4]["text/plain"].startswith("<DiffAnswer")
    assert "lr" in outputs[4]["text/html"]
    assert "<svg" in outputs[5]["text/html"]


def test_what_cells_start_is_the_notebooks(tmp_path: Path) -> None:
    """Shell commands, programs and workers record into it; before it is one, apart."""
    _need("nbclient", "ipykernel", "joblib")
    code = """
    import nbformat
    from nbclient import NotebookClient
    shell = "python child.py s3://b/{}"
    cells = [
        "!" + shell.format("before"),
        "import lineage, multiprocessing as mp\\n"
        "from joblib import Parallel, delayed\\n"
        "from lineage import uses_file\\n"
        "@uses_file('part')\\ndef read(part): return part\\n"
        "def plain(part): lineage.current_task().uses_file(part)",
        "lineage.current_task().produces_file('s3://b/cell')",
        "!" + shell.format("bang"),
        "%%bash\\n" + shell.format("bash"),
        "Parallel(n_jobs=2)([delayed(read)('s3://b/loky')] * 2)\\n"
        "child = mp.get_context('fork').Process(target=plain, args=('s3://b/fork',))\\n"
        "child.start(); child.join()",
        "with lineage.app(name='App'):\\n"
        "    get_ipython().system('''" + shell.format("inside") + "''')",
        "!" + shell.format("after"),
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    client = NotebookClient(notebook, kernel_name="python3")
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
    """
    child = "import lineage, sys; lineage.current_task().uses_file(sys.argv[1])"
    (tmp_path / "child.py").write_text(child)
    bin_folder = str(Path(sys.executable).parent)
    path = os.pathsep.join((bin_folder, os.environ["PATH"]))
    done = run_program(code, tmp_path, JPY_SESSION_NAME="/x/study.ipynb", PATH=path)
    assert done.returncode == 0, done.stderr
    tasks = recorded_tasks(tmp_path)
    assert {name: task.edges for name, task in tasks.items()} == {
        "child.py": {"before"},
        "study.ipynb": {"cell", "bang", "bash", "loky", "fork", "after"},
        "App": {"inside"},
    }
