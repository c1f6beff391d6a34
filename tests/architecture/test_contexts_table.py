"""Each row of the table of ways of running is run by a test that is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WAYS = "tracking/test_ways_of_running.py"
STARTED = "tracking/test_start_hooks.py"
NEIGHBOURS = "neighbours/test_neighbours.py"
EACH = "test_all_edges_are_one_tasks"
#: By the beginning of the row: the file, its tests, and the values they run with.
ROWS: dict[str, tuple[str, str, str]] = {
    "`threading.Thread`": (WAYS, EACH, "thread"),
    "`ThreadPoolExecutor`": (
        WAYS,
        EACH,
        "thread pool|run_in_executor|asyncio.to_thread|thread pool of multiprocessing",
    ),
    "`multiprocessing.Process`": (WAYS, EACH, "process, {_method}"),
    "`multiprocessing.Pool`": (
        WAYS,
        EACH,
        "pool, {_method}|process pool executor, {_method}",
    ),
    "`subprocess`": (
        WAYS,
        "test_all_edges_are_one_tasks|test_an_entrypoint_in_a_child_is_a_child_task",
        "subprocess",
    ),
    "`os.system`": (STARTED, "test_other_ways_to_start", "os.system|posix_spawn|execv"),
    "joblib": (
        NEIGHBOURS,
        "test_joblib|test_joblib_keeps_a_pool_of_multiprocessing",
        "loky|threading|multiprocessing",
    ),
    "Dask: threads": (NEIGHBOURS, "test_dask_on_one_machine", "threads|processes|sync"),
    "Dask distributed: `submit`": (NEIGHBOURS, "test_dask_distributed", "submit"),
    "Dask distributed: actors": (
        "neighbours/test_dask_actors.py",
        "test_dask_actors",
        "actor=True|async def",
    ),
    "Dask distributed: `delayed`": (NEIGHBOURS, "test_dask_distributed", "delayed"),
    "Ray: remote": (NEIGHBOURS, "test_ray_functions", "remote"),
    "Ray: actors": (NEIGHBOURS, "test_ray_actors", "actor|async"),
    "Celery": (
        NEIGHBOURS,
        "test_celery_in_one_process|test_celery_in_a_worker_of_its_own",
        "apply_async|delay",
    ),
    "FastAPI": (NEIGHBOURS, "test_fastapi_dependency", "middleware"),
    "Flask": (NEIGHBOURS, "test_flask_handler", "Flask"),
    "HTTP": (NEIGHBOURS, "test_http_headers_carry_the_task", "headers"),
    "ranks": (
        WAYS,
        "test_ranks_are_one_task|test_ranks_without_a_shared_id_warn",
        "torchrun|Slurm|Open MPI",
    ),
    "notebook": (NEIGHBOURS, "test_notebook", "ipynb"),
    "numba": (
        "neighbours/test_compiled.py",
        "test_declarations_above_njit_record|test_declarations_below_njit_are_refused",
        "njit|jit|vectorize|guvectorize",
    ),
    "widgets": (
        "neighbours/test_sdk.py",
        "test_a_click_records_and_a_declaration_above_is_an_error",
        "click|value_changed",
    ),
    "functions of a script": (
        NEIGHBOURS,
        "test_functions_of_a_script_are_shipped",
        "cloudpickle|dill",
    ),
    "a worker that is killed": (WAYS, "test_a_killed_worker_leaves_no_task", "_exit"),
    "threads, pools and programs": (
        STARTED,
        "test_a_worker_hands_its_task_on|test_a_program_is_its_starters",
        "thread|pool|worker that served another task",
    ),
    "a worker that outlives": (
        WAYS,
        "test_a_worker_never_adds_to_a_task_that_ended",
        "after",
    ),
    "no open task": (WAYS, "test_without_an_open_task_a_worker_is_a_task", "spawn"),
}


def table() -> list[str]:
    """Return the first cells of the table's rows."""
    text = (ROOT / "docs/contexts.md").read_text(encoding="utf-8")
    _, _, rest = text.partition("| way of running | what happens | needed |\n")
    rows = rest.split("\n\n")[0].splitlines()[1:]
    return [row.split(" | ")[0].removeprefix("| ") for row in rows]


def test_each_row_is_known_here() -> None:
    """A row that is added later has to name its test, and the other way round."""
    begins = {
        row: [begin for begin in ROWS if row.startswith(begin)] for row in table()
    }
    assert [row for row, found in begins.items() if len(found) != 1] == []
    assert sorted(found[0] for found in begins.values()) == sorted(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_its_tests_are_there(row: str) -> None:
    """The file has the tests, and runs them with what the row speaks of."""
    file, tests, values = ROWS[row]
    source = (ROOT / "tests" / file).read_text(encoding="utf-8")
    functions = {
        n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)
    }
    assert set(tests.split("|")) <= functions
    missing = [
        v for v in values.split("|") if not re.search(re.escape(v), source, re.I)
    ]
    assert missing == []
