"""What a task starts: from a step, a thread, a loop, a worker; and after its end."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from ways_of_running import (
    parent_of,
    query,
    recorded_tasks,
    run_of,
    run_program,
)

_PROGRAM = """
import asyncio, multiprocessing, subprocess, threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
CHILD = "import sys, lineage; lineage.current_task().{word}(sys.argv[1])"
def start(part, word="uses_file", **options):
    command = [sys.executable, "-c", CHILD.format(word=word), part]
    subprocess.run(command, check=True, **options)
def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start(); thread.join()
"""

#: How a program is started that finds the task in its environment.
_PROGRAMS = {
    "thread's own task": """
        def work():
            with lineage.task("T"): start("s3://b/x")
        in_thread(work)
    """,
    "event loop": """
        async def work():
            with lineage.task("T"):
                command = [sys.executable, "-c", CHILD.format(word="uses_file")]
                process = await asyncio.create_subprocess_exec(*command, "s3://b/x")
                await process.wait()
        asyncio.run(work())
    """,
    "worker that served another task": """
        with ProcessPoolExecutor(1) as pool:
            with lineage.task("Before"): pool.submit(plain, "s3://b/y").result()
            with lineage.task("T"): pool.submit(start, "s3://b/x").result()
    """,
    "copied environment": """
        with lineage.task("Around"), lineage.task("T"), lineage.step("s"):
            start("s3://b/x", env={**os.environ, "MORE": "1"})
    """,
    "environment by its place": """
        with lineage.task("T"), lineage.step("s"):
            command = [sys.executable, "-c", CHILD.format(word="uses_file"), "s3://b/x"]
            options = (-1, None, None, None, None, None, True, False, None)
            assert subprocess.Popen(command, *options, dict(os.environ)).wait() == 0
    """,
}


def _main(code: str, functions: str = "") -> str:
    body = textwrap.indent(textwrap.dedent(code), "    ")
    functions = textwrap.dedent(functions)
    return f'{_PROGRAM}{functions}\nif __name__ == "__main__":\n{body}'


@pytest.mark.slow
@pytest.mark.parametrize("way", list(_PROGRAMS))
def test_a_program_is_its_starters(way: str, tmp_path: Path) -> None:
    """A child finds the task of the code that starts it, not of the process."""
    done = run_program(_main(_PROGRAMS[way]), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    tasks = recorded_tasks(tmp_path)
    assert tasks["T"].edges == {"x"}
    assert {task.status for task in tasks.values()} == {"finished"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        "lineage.current_task().produces_file(sys.argv[1])",
        "lineage.produces_file('path')(lambda path: path)(sys.argv[1])",
    ],
    ids=["handle", "decorated"],
)
def test_what_a_program_makes_comes_from_its_step(body: str, tmp_path: Path) -> None:
    """Its outputs derive from the inputs of the step that started it."""
    code = f"""
    CHILD = "import sys, lineage; {body}"
    with lineage.task("T"):
        for name in "ab":
            with uses_file("s3://b/shared"), uses_file("s3://b/in-" + name):
                start("s3://b/out-" + name)
    """
    assert run_program(_main(code), tmp_path).returncode == 0
    assert recorded_tasks(tmp_path)["T"].outputs == {"out-a", "out-b"}
    shown = json.loads(query(tmp_path, "upstream", "s3://b/out-b", "--json"))
    names = {node["name"] for node in shown["nodes"] if node["type"] != "task"}
    assert names == {"out-b", "in-b", "shared"}


def test_an_environment_of_its_own_is_left_alone(tmp_path: Path) -> None:
    """A program that is given other variables gets them, and nothing else."""
    code = """
    with lineage.task("T"), lineage.step("s"):
        given = {k: v for k, v in os.environ.items() if k != "LINEAGE_CONTEXT"}
        start("s3://b/x", env=given)
        start("s3://b/y", env=lineage.environment())
    """
    assert run_program(_main(code), tmp_path).returncode == 0
    assert recorded_tasks(tmp_path)["T"].edges == {"y"}


@pytest.mark.posix
def test_other_ways_to_start(tmp_path: Path) -> None:
    """They take the process's environment, which has the task of the main thread."""
    code = """
    import shlex
    code = CHILD.format(word="uses_file")
    def command(part): return [sys.executable, "-c", code, part]
    with lineage.app(name="T"):
        os.system(shlex.join(command("s3://b/system")))
        spawned = command("s3://b/spawn")
        os.waitpid(os.posix_spawn(sys.executable, spawned, os.environ), 0)
        if not (pid := os.fork()): os.execv(sys.executable, command("s3://b/exec"))
        os.waitpid(pid, 0)
    """
    assert run_program(_main(code), tmp_path).returncode == 0
    assert recorded_tasks(tmp_path)["T"].edges == {"system", "spawn", "exec"}


def test_a_worker_hands_its_task_on(tmp_path: Path) -> None:
    """Threads, pools and processes of a worker that was there before the task."""
    code = """
    with ProcessPoolExecutor(1) as pool:
        pool.submit(plain, "s3://b/before").result()
        with lineage.task("T"):
            pool.submit(spread).result()
    """
    spread = """
def spread():
    in_thread(lambda: plain("s3://b/thread"))
    with ThreadPoolExecutor(1) as pool: pool.submit(plain, "s3://b/pool").result()
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=plain, args=("s3://b/child",))
    child.start(); child.join()
"""
    done = run_program(_main(code, spread), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert recorded_tasks(tmp_path)["T"].edges == {"thread", "pool", "child"}


def test_a_thread_that_outlives_its_task(tmp_path: Path) -> None:
    """What is recorded after the end belongs to the process, whichever way it is."""
    code = """
    go = threading.Event()
    def late():
        go.wait()
        plain("s3://b/plain"); read("s3://b/read"); lineage.params(late=1)
        with lineage.step("late"): plain("s3://b/step")
    with lineage.task("T") as task:
        task.uses_file("s3://b/during")
        thread = threading.Thread(target=late)
        thread.start()
    task.uses_file("s3://b/handle")
    go.set(); thread.join()
    """
    assert run_program(_main(code), tmp_path).returncode == 0
    tasks = recorded_tasks(tmp_path)
    assert tasks["T"].edges == {"during"}
    assert tasks["program.py"].edges == {"plain", "read", "step", "handle"}
    assert "late" not in query(tmp_path, "show", tasks["T"].key)


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", [pytest.param("fork", marks=pytest.mark.posix), "spawn"]
)
@pytest.mark.parametrize("opened", ["task", "app"])
def test_a_child_that_outlives_its_task(
    opened: str, method: str, tmp_path: Path
) -> None:
    """It goes on as a task of its own in the midst of a call, a fork's child too."""
    code = f"""
    context = multiprocessing.get_context({method!r})
    up, go = context.Event(), context.Event()
    def work():
        with lineage.{opened}(name="T"):
            child = context.Process(target=late, args=(up, go))
            child.start(); up.wait()
        go.set(); child.join()
    in_thread(work) if {opened == "task"} else work()
    """
    late = """
def late(up, go):
    plain("s3://b/during"); up.set(); go.wait()
    plain("s3://b/after"); read("s3://b/read")
"""
    done = run_program(_main(code, late), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    tasks = recorded_tasks(tmp_path)
    assert tasks["T"].edges == {"during"}
    assert tasks["program.py"].edges == {"after", "read"}
    assert {task.status for task in tasks.values()} == {"finished"}


@pytest.mark.posix
def test_a_fork_that_outlives_a_script(tmp_path: Path) -> None:
    """The script's own task ends with it; the child goes on as a task inside it."""
    code = """
    plain("s3://b/script")
    read_end, write_end = os.pipe()
    is_recorded, has_recorded = os.pipe()
    if os.fork():
        os.read(is_recorded, 1)
    else:
        os.close(write_end)
        plain("s3://b/both")
        os.write(has_recorded, b"1")
        os.read(read_end, 1)  # until the script is gone
        sys.argv[0] = "child.py"
        plain("s3://b/child")
    """
    assert run_program(_main(code), tmp_path).returncode == 0
    tasks = recorded_tasks(tmp_path)
    assert tasks["program.py"].edges == {"script", "both"}
    assert tasks["child.py"].edges == {"child"}
    assert parent_of(tmp_path, tasks["child.py"]) in {
        tasks["program.py"].key,
        run_of(tmp_path, tasks["program.py"]),
    }
