"""One task, wherever its work runs: each row of the table in `docs/contexts.md`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ways_of_running import (
    clean_environment,
    parent_of,
    recorded_tasks,
    run_of,
    run_program,
)

#: What each way does with two parts, inside an open task; `A` and `B` are its names.
WAYS = {
    "thread": """
        def work(name):
            thread = threading.Thread(target=plain, args=("s3://b/plain" + name,))
            thread.start(); thread.join()
            timer = threading.Timer(0, read, ("s3://b/read" + name,))
            timer.start(); timer.join()
    """,
    "thread pool": """
        pool = ThreadPoolExecutor(1)
        def work(name):
            list(pool.map(plain, ["s3://b/plain" + name]))
            pool.submit(read, "s3://b/read" + name).result()
    """,
    "asyncio.to_thread": """
        def work(name):
            async def main():
                await asyncio.to_thread(plain, "s3://b/plain" + name)
                await asyncio.to_thread(read, "s3://b/read" + name)
            asyncio.run(main())
    """,
    "run_in_executor": """
        pool = ThreadPoolExecutor(1)
        def work(name):
            async def main():
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(pool, plain, "s3://b/plain" + name)
                await loop.run_in_executor(None, read, "s3://b/read" + name)
            asyncio.run(main())
    """,
    "thread pool of multiprocessing": """
        pool = multiprocessing.pool.ThreadPool(1)
        def work(name):
            pool.map(plain, ["s3://b/plain" + name])
            pool.apply(read, ("s3://b/read" + name,))
    """,
}

_PROCESS = """
    def work(name):
        context = multiprocessing.get_context({method!r})
        for target in (plain, read):
            part = "s3://b/" + target.__name__ + name
            process = context.Process(target=target, args=(part,))
            process.start(); process.join()
"""
_POOL = """
    def work(name):
        global pool
        if pool is None:
            pool = multiprocessing.get_context({method!r}).Pool(1)
        pool.map(plain, ["s3://b/plain" + name])
        list(pool.imap_unordered(read, ["s3://b/read" + name]))
"""
_EXECUTOR = """
    def work(name):
        global pool
        if pool is None:
            context = multiprocessing.get_context({method!r})
            pool = ProcessPoolExecutor(1, mp_context=context)
        list(pool.map(plain, ["s3://b/plain" + name]))
        pool.submit(read, "s3://b/read" + name).result()
"""
for _method in ("fork", "spawn", "forkserver"):
    WAYS[f"process, {_method}"] = _PROCESS.format(method=_method)
    WAYS[f"pool, {_method}"] = _POOL.format(method=_method)
    WAYS[f"process pool executor, {_method}"] = _EXECUTOR.format(method=_method)
WAYS["subprocess"] = """
    CHILD = (
        "import sys, lineage\\n"
        "lineage.current_task().uses_file(sys.argv[1])\\n"
        "lineage.uses_file('p')(lambda p: p)(sys.argv[2])\\n"
    )
    def work(name):
        parts = ["s3://b/plain" + name, "s3://b/read" + name]
        subprocess.run([sys.executable, "-c", CHILD, *parts], check=True)
"""

_MAIN = """
import asyncio, multiprocessing, multiprocessing.pool, subprocess, threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

pool = None
{work}

def close():
    if isinstance(pool, multiprocessing.pool.Pool):
        pool.close(); pool.join()
    elif pool is not None:
        pool.shutdown()

if __name__ == "__main__":
    for name in "AB":
        with lineage.task(name):
            Model().save("s3://b/out" + name)
            work(name)
    close()
"""


def _program(way: str) -> str:
    import textwrap

    return _MAIN.format(work=textwrap.dedent(WAYS[way]))


def _marked(way: str) -> object:
    """Mark a way: by what it needs, and by whether others are alike on each Python."""
    marks = []
    if way.endswith(("fork", "forkserver")):
        marks.append(pytest.mark.posix)
    if way.startswith(("pool, ", "process, ")) or way in ("thread", "thread pool"):
        marks.append(pytest.mark.slow)
    return pytest.param(way, marks=marks)


@pytest.mark.parametrize("way", [_marked(way) for way in WAYS])
def test_all_edges_are_one_tasks(way: str, tmp_path: Path) -> None:
    """Work records into the task that handed it over, in a reused worker too."""
    done = run_program(_program(way), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    tasks = recorded_tasks(tmp_path)
    assert {name: task.edges for name, task in tasks.items()} == {
        name: {f"plain{name}", f"read{name}", f"out{name}"} for name in "AB"
    }
    assert {task.status for task in tasks.values()} == {"finished"}


def test_without_an_open_task_a_worker_is_a_task(tmp_path: Path) -> None:
    """Nothing is carried where nothing is open."""
    code = """
    import multiprocessing
    if __name__ == "__main__":
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            pool.map(read, ["s3://b/x"])
            pool.close(); pool.join()
    """
    assert run_program(code, tmp_path).returncode == 0
    (task,) = recorded_tasks(tmp_path).values()
    assert (task.edges, task.status) == ({"x"}, "finished")


def test_an_entrypoint_in_a_child_is_a_child_task(tmp_path: Path) -> None:
    """A task of its own that a child process opens names the one around it."""
    code = """
    import subprocess
    if len(sys.argv) > 1:
        with lineage.task("Child"):
            plain("s3://b/child")
    else:
        with lineage.task("Parent"):
            plain("s3://b/parent")
            with lineage.task("Nested"):
                plain("s3://b/nested")
            command = [sys.executable, __file__, "child"]
            subprocess.run(command, check=True, env=lineage.environment())
    """
    assert run_program(code, tmp_path).returncode == 0
    tasks = recorded_tasks(tmp_path)
    assert {n: t.edges for n, t in tasks.items()} == {
        "Parent": {"parent"},
        "Nested": {"nested"},
        "Child": {"child"},
    }
    parents = {parent_of(tmp_path, tasks[name]) for name in ("Child", "Nested")}
    assert parents <= {run_of(tmp_path, tasks["Parent"]), tasks["Parent"].key}


def test_other_tools_get_the_name_that_the_graph_shows(tmp_path: Path) -> None:
    """A task without a name is called after the program that opened it."""
    code = """
    import contextlib, json, subprocess
    from pathlib import Path
    opened = contextlib.ExitStack()
    if len(sys.argv) == 1:
        opened.enter_context(lineage.task())
    plain("s3://b/part")
    variables = lineage.environment()
    context = json.loads(variables["OPENLINEAGE_CONTEXT"])
    Path(f"names-{len(sys.argv)}").write_text(json.dumps(context["parent"]))
    if len(sys.argv) < 3:
        other = Path(f"child_{len(sys.argv)}.py")
        other.write_text(Path(__file__).read_text())
        command = [sys.executable, other, *sys.argv[1:], "child"]
        subprocess.run(command, check=True, env=variables)
    opened.close()
    """
    done = run_program(code, tmp_path)
    assert done.returncode == 0, done.stderr
    (shown,) = recorded_tasks(tmp_path)
    carried = [json.loads((tmp_path / f"names-{n}").read_text()) for n in (1, 2, 3)]
    assert carried[0] == carried[1] == carried[2]
    assert carried[0]["job"]["name"] == shown


@pytest.mark.parametrize(
    "way",
    [
        "subprocess.run([sys.executable, __file__, 'child'], check=True, cwd='other')",
        "os.chdir('other'); os.system(f'{sys.executable} {__file__} child')",
    ],
    ids=["cwd", "chdir"],
)
@pytest.mark.parametrize("home", ["home", ""], ids=["relative", "configured"])
def test_a_child_in_another_folder_records_into_the_same_home(
    way: str, home: str, tmp_path: Path
) -> None:
    """A home that is relative, or that the parent's code names, is the parent's."""
    code = f"""
    import subprocess
    if len(sys.argv) > 1:
        plain("s3://b/child")
    else:
        os.makedirs("other/home")
        if not os.environ.get("LINEAGE_HOME"):
            lineage.configure(home=os.path.abspath("home"))
        with lineage.task("T"):
            plain("s3://b/parent")
            {way}
    """
    ran = run_program(code, tmp_path, LINEAGE_HOME=home)
    assert ran.returncode == 0, ran.stderr
    tasks = recorded_tasks(tmp_path)
    assert {n: t.edges for n, t in tasks.items()} == {"T": {"parent", "child"}}


def test_a_killed_worker_leaves_no_task(tmp_path: Path) -> None:
    """What it had recorded is there, and nothing of it stays started."""
    code = """
    import multiprocessing, signal, time
    def work(how):
        read("s3://b/" + how)
        os._exit(3) if how == "exit" else os.kill(os.getpid(), signal.SIGKILL)

    if __name__ == "__main__":
        with lineage.task("T"):
            for how in ("exit", "kill"):
                context = multiprocessing.get_context("spawn")
                process = context.Process(target=work, args=(how,))
                process.start(); process.join()
            read("s3://b/end")
    """
    done = run_program(code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (task,) = recorded_tasks(tmp_path).values()
    assert (task.name, task.status) == ("T", "finished")
    assert task.edges == {"exit", "kill", "end"}


def test_a_worker_never_adds_to_a_task_that_ended(tmp_path: Path) -> None:
    """A worker that outlives its task goes on as a task of its own."""
    code = """
    import subprocess
    if len(sys.argv) > 1:
        plain("s3://b/during")
        print("ready", flush=True)
        sys.stdin.readline()
        plain("s3://b/after")
    else:
        with lineage.task("T"):
            child = subprocess.Popen(
                [sys.executable, __file__, "child"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            child.stdout.readline()
        child.communicate("go")
    """
    assert run_program(code, tmp_path).returncode == 0
    tasks = recorded_tasks(tmp_path)
    assert tasks["T"].edges == {"during"}
    assert tasks["program.py"].edges == {"after"}


@pytest.mark.parametrize(
    "variables",
    [
        {"TORCHELASTIC_RUN_ID": "run-7", "RANK": "{rank}", "WORLD_SIZE": "4"},
        pytest.param(
            {
                "TORCHELASTIC_RUN_ID": "none",
                "TORCHELASTIC_RESTART_COUNT": "0",
                "RANK": "{rank}",
                "WORLD_SIZE": "4",
                "LOCAL_WORLD_SIZE": "4",
            },
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {
                "SLURM_JOB_ID": "11",
                "SLURM_STEP_ID": "0",
                "SLURM_PROCID": "{rank}",
                "SLURM_NTASKS": "4",
            },
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {
                "PMIX_NAMESPACE": "prterun-1",
                "OMPI_COMM_WORLD_RANK": "{rank}",
                "OMPI_COMM_WORLD_SIZE": "4",
            },
            marks=pytest.mark.slow,
        ),
    ],
    ids=["torchrun", "torchrun without an id", "Slurm", "Open MPI"],
)
def test_ranks_are_one_task(variables: dict[str, str], tmp_path: Path) -> None:
    """Rank 0 opens the task and the others join it; the second one likewise."""
    code = """
    for name in ("Train", "Test"):
        with lineage.app(name=name):
            read(f"s3://b/{name}{sys.argv[1]}")
    """
    assert run_program(code, tmp_path, "9").returncode == 0
    (tmp_path / "home").rename(tmp_path / "unused")
    ranks = [
        subprocess.Popen(
            [sys.executable, "program.py", str(rank)],
            cwd=tmp_path,
            env=clean_environment(
                tmp_path / "home",
                **{k: v.format(rank=rank) for k, v in variables.items()},
            ),
        )
        for rank in range(4)
    ]
    assert [rank.wait(60) for rank in ranks] == [0] * 4
    tasks = recorded_tasks(tmp_path)
    assert {n: (t.edges, t.status) for n, t in tasks.items()} == {
        name: ({f"{name}{rank}" for rank in range(4)}, "finished")
        for name in ("Train", "Test")
    }


def test_ranks_without_a_shared_id_warn(tmp_path: Path) -> None:
    """Each is a task of its own, and one warning names the cure."""
    code = """
    with lineage.app(name="Train"):
        read("s3://b/x")
    with lineage.app(name="Test"):
        read("s3://b/y")
    """
    done = run_program(code, tmp_path, RANK="1", WORLD_SIZE="2")
    assert done.stderr.count("Rank 1 of 2 knows no id") == 1
    assert "lineage.environment()" in done.stderr
    assert recorded_tasks(tmp_path)["Train"].edges == {"x"}


def test_a_worker_finds_the_home_of_its_parent(tmp_path: Path) -> None:
    """A home given to `configure` travels, although no variable names it."""
    code = """
    import multiprocessing
    if __name__ == "__main__":
        lineage.configure(home=os.environ["LINEAGE_HOME"])
        del os.environ["LINEAGE_HOME"]
        with lineage.task("T"), multiprocessing.get_context("spawn").Pool(1) as pool:
            os.chdir("/")
            pool.map(read, ["s3://b/x"])
            pool.close(); pool.join()
    """
    done = run_program(code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert recorded_tasks(tmp_path)["T"].edges == {"x"}
