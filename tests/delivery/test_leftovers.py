"""What is left at an exit: by workers that were killed, and by exit handlers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from journal_tools import run_script
from runtime_tools import run, stored

from lineage.delivery.status import read_status

#: The main process records nothing, and no other worker is there to adopt.
_WORKER = """
def record_and_die(number):
    record(number)
    if sys.platform == "win32":
        os._exit(1)
    os.kill(os.getpid(), 9)
"""
_WAYS = {
    "process": """
    import multiprocessing
    for number in (1, 2):
        worker = multiprocessing.get_context(METHOD).Process(
            target=record_and_die, args=(number,)
        )
        worker.start()
        worker.join()
""",
    "executor": """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    for number in (1, 2):
        context = multiprocessing.get_context(METHOD)
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            assert pool.submit(record_and_die, number).exception()
""",
    "subprocess": """
    import subprocess
    for number in (1, 2):
        subprocess.run([sys.executable, __file__, str(number)])
""",
}
_METHODS = (
    pytest.param("fork", marks=pytest.mark.posix),
    "spawn",
    pytest.param("forkserver", marks=[pytest.mark.posix, pytest.mark.slow]),
)


def _program(folder: Path, way: str, method: str = "spawn") -> Path:
    # `import lineage` alone: no declaration that would load more.
    path = folder / "main.py"
    path.write_text(
        "import os, sys\nimport lineage\n"
        "def record(number):\n    lineage.current_task().uses_project(number)\n"
        f"{_WORKER}\nMETHOD = {method!r}\n"
        "if len(sys.argv) > 1:\n    record_and_die(int(sys.argv[1]))\n"
        f"elif __name__ == '__main__':\n{_WAYS[way]}"
    )
    return path


@pytest.mark.parametrize("method", _METHODS)
@pytest.mark.parametrize("way", ["process", "executor"])
def test_what_the_last_workers_left_is_sent_by_their_main_process(
    way: str, method: str, tmp_path: Path
) -> None:
    """It recorded nothing itself, and ends without a word."""
    ran = run_script(_program(tmp_path, way, method), home=tmp_path / "home")
    assert ran.returncode == 0, ran.stderr
    assert stored(tmp_path / "home") == [1, 2]
    assert read_status(tmp_path / "home").waiting == 0


def test_what_a_started_program_left_is_sent_by_who_started_it(tmp_path: Path) -> None:
    """A program that was killed is a worker as well."""
    ran = run_script(_program(tmp_path, "subprocess"), home=tmp_path / "home")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert stored(tmp_path / "home") == [1, 2]


def test_a_main_process_warns_of_what_its_workers_left(tmp_path: Path) -> None:
    """What cannot be sent is said once: the container may be gone afterwards."""
    ran = run_script(
        _program(tmp_path, "subprocess"),
        home=tmp_path / "home",
        LINEAGE_TARGET="http://127.0.0.1:9",
        LINEAGE_FLUSH_TIMEOUT_S="0.5",
    )
    assert ran.returncode == 0
    assert ran.stderr.count("facts were not delivered") == 1
    assert read_status(tmp_path / "home").waiting >= 2


@pytest.mark.parametrize(
    "end",
    [
        pytest.param("", id="no-workers"),
        pytest.param(
            "import subprocess; subprocess.run([sys.executable, '-c', ''])",
            id="workers-that-record-nothing",
        ),
    ],
)
def test_older_leftovers_are_for_who_records(end: str, tmp_path: Path) -> None:
    """A program that records nothing does not wait for what others left before."""
    assert run("record(1); os._exit(0)", tmp_path).returncode == 0
    waiting = read_status(tmp_path).waiting
    assert waiting
    assert run(end, tmp_path).returncode == 0
    assert read_status(tmp_path).waiting == waiting


def test_a_first_fact_in_an_exit_handler_is_delivered(tmp_path: Path) -> None:
    """No thread can be started any more on Python 3.12 and newer: none is needed."""
    ran = run("import atexit; atexit.register(record, 1)", tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert stored(tmp_path) == [1]


def test_the_last_warning_counts_what_exit_handlers_recorded(tmp_path: Path) -> None:
    """The last warning counts what was recorded after the first one."""
    body = "import atexit; atexit.register(record, 1); record(2)"
    away = {"LINEAGE_TARGET": "http://127.0.0.1:9", "LINEAGE_FLUSH_TIMEOUT_S": "0.5"}
    ran = run(body, tmp_path, **away)
    counts = [
        int(line.split()[0])
        for line in ran.stderr.splitlines()
        if "not delivered" in line
    ]
    assert counts[-1] == read_status(tmp_path).waiting
    assert counts == sorted(set(counts))


@pytest.mark.posix
@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("", None),
        ("lineage.current_task().uses_project(1)", "LINEAGE_HOME"),
        ("lineage.current_task().produces_file('x')", "LINEAGE_HOME"),
    ],
)
def test_a_program_whose_folder_was_deleted_is_warned_once(
    tmp_path: Path, lines: str, named: str | None
) -> None:
    """And not at all where it records nothing; its own work goes on."""
    program = tmp_path / "main.py"
    program.write_text(
        "import os, tempfile\n"
        "folder = tempfile.mkdtemp()\nos.chdir(folder)\nos.rmdir(folder)\n"
        f"import lineage\n{lines}\nprint('done')\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "LINEAGE_HOME"}
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, env=env, check=True
    )
    assert done.stdout == "done\n"
    lines_logged = done.stderr.splitlines()
    assert len(lines_logged) == (named is not None)
    assert all(str(named) in line for line in lines_logged)


@pytest.mark.posix
def test_a_home_that_cannot_be_written_is_named_without_tracebacks(
    tmp_path: Path,
) -> None:
    """Also where a child process is to see that the task is open."""
    home = tmp_path / "home"
    home.write_text("no folder")
    program = tmp_path / "main.py"
    program.write_text(
        "import lineage, subprocess, sys\n"
        "with lineage.task('t') as task:\n    task.uses_project(1)\n"
        "    subprocess.run([sys.executable, '-c', ''])\n"
    )
    env = {**os.environ, "LINEAGE_HOME": str(home), "LINEAGE_FLUSH_TIMEOUT_S": "0.1"}
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, env=env, check=True
    )
    assert f"{home}/journal cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
