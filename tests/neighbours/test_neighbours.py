"""One task, wherever other software runs its work; each test runs it for real.

`nox -s neighbours` installs what is needed; what is absent is skipped.
"""

# Longer than 400 lines: one program for each neighbour, beside each other.

from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from ways_of_running import (
    PRELUDE,
    clean_environment,
    recorded_tasks,
    run_program,
)

pytestmark = pytest.mark.neighbours


def _need(*modules: str) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: nox -s neighbours")


_TWICE = """
if __name__ == "__main__":
    with setup():
        for name in "AB":
            with lineage.task(name):
                work(name)
"""


def _run_twice(code: str, folder: Path) -> dict[str, set[str]]:
    """Run `work` in two tasks, one after the other; return the edges of each."""
    done = run_program(textwrap.dedent(code) + _TWICE, folder, timeout=110)
    assert done.returncode == 0, done.stderr
    return _recorded(folder)


def _recorded(folder: Path) -> dict[str, set[str]]:
    """Return the edges of each task, all of which have finished."""
    tasks = recorded_tasks(folder)
    assert {task.status for task in tasks.values()} == {"finished"}
    return {name: task.edges for name, task in tasks.items()}


def _expected(*parts: str) -> dict[str, set[str]]:
    return {name: {part + name for part in parts} for name in "AB"}


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib(backend: str, tmp_path: Path) -> None:
    """Functions of the script, decorated or not, in a pool that served another task."""
    _need("joblib", "cloudpickle")
    code = f"""
    from contextlib import nullcontext as setup
    from joblib import Parallel, delayed
    def work(name):
        for function in (read, plain, Model.load):
            part = "s3://b/" + function.__name__ + name
            Parallel(n_jobs=2, backend={backend!r})([delayed(function)(part)] * 2)
    """
    assert _run_twice(code, tmp_path) == _expected("read", "plain", "load")


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_joblib_keeps_a_pool_of_multiprocessing(method: str, tmp_path: Path) -> None:
    """The pool is one of the standard library: work carries who submits it."""
    _need("joblib", "cloudpickle")
    code = """
    from joblib import Parallel, delayed
    pool = Parallel(n_jobs=2, backend="multiprocessing")
    def setup(): return pool
    def work(name):
        for function in (read, plain, Model.load):
            part = "s3://b/" + function.__name__ + name
            pool([delayed(function)(part)] * 2)
    """
    code = textwrap.dedent(code) + textwrap.dedent(_TWICE)
    done = run_program(code, tmp_path, timeout=110, JOBLIB_START_METHOD=method)
    assert done.returncode == 0, done.stderr
    tasks = {name: task.edges for name, task in recorded_tasks(tmp_path).items()}
    assert tasks == _expected("read", "plain", "load")


def test_joblib_returns_no_stripped_class(tmp_path: Path) -> None:
    """An instance that comes back leaves the class of the script as it is."""
    _need("joblib", "cloudpickle")
    code = """
    from joblib import Parallel, delayed
    def train(part):
        model = Model()
        model.save(part)
        return model
    if __name__ == "__main__":
        with lineage.task("A"):
            models = Parallel(n_jobs=2)(delayed(train)(f"s3://b/{i}") for i in "12")
            models[0].save("s3://b/3")
        with lineage.task("B"):
            models[1].save("s3://b/4")
            Model().save("s3://b/5")
    """
    done = run_program(code, tmp_path)
    assert done.returncode == 0, done.stderr
    tasks = recorded_tasks(tmp_path)
    assert tasks["A"].outputs == {"1", "2", "3"}
    assert tasks["B"].outputs == {"4", "5"}


@pytest.mark.parametrize("pickler", ["cloudpickle", "dill"])
def test_functions_of_a_script_are_shipped(pickler: str, tmp_path: Path) -> None:
    """By value they keep their declarations and their task, closures too."""
    _need(pickler)
    code = f"""
    import subprocess, {pickler} as pickler
    def make():
        factor = "s3://b/"
        @uses_file(lambda part: factor + part)
        def closure(part):
            return part
        return closure
    @uses_file("part")
    def recursive(part, depth=2):
        # dill leaves the globals of a script behind, with or without us.
        if depth and pickler.__name__ == "cloudpickle":
            return recursive(part, depth - 1)
        return part
    def own(part):
        import lineage
        lineage.current_task().uses_file(part)
    CHILD = (
        "import sys, {pickler} as pickler\\n"
        "for function, part in pickler.load(sys.stdin.buffer): function(part)\\n"
    )
    if __name__ == "__main__":
        with lineage.task("A"):
            calls = [
                (make(), "closure"), (recursive, "s3://b/recursive"),
                (Model().save, "s3://b/saved"), (Model.load, "s3://b/loaded"),
                (lineage.bind(own), "s3://b/bound"),
            ]
            data = pickler.dumps(calls)
            del os.environ["LINEAGE_CONTEXT"]
            command = [sys.executable, "-c", CHILD]
            subprocess.run(command, input=data, check=True)
    """
    done = run_program(code, tmp_path)
    assert done.returncode == 0, done.stderr
    (task,) = recorded_tasks(tmp_path).values()
    assert task.edges == {"closure", "recursive", "saved", "loaded", "bound"}


@pytest.mark.parametrize("processes", [True, False])
def test_dask_distributed(processes: bool, tmp_path: Path) -> None:
    """Submitted, delayed and bound functions, in a cluster that outlives both tasks."""
    _need("distributed")
    code = f"""
    import dask
    from contextlib import contextmanager
    from dask.distributed import Client, LocalCluster
    @contextmanager
    def setup():
        with LocalCluster(
            n_workers=1, threads_per_worker=1, processes={processes},
            dashboard_address=None,
        ) as cluster, Client(cluster) as client:
            globals()["client"] = client
            yield
    def work(name):
        client.submit(read, "s3://b/submitted" + name).result()
        client.submit(plain, "s3://b/plain" + name).result()
        dask.compute(dask.delayed(read)("s3://b/delayed" + name))
        client.submit(Model().save, "s3://b/saved" + name).result()
    """
    expected = _expected("submitted", "plain", "delayed", "saved")
    assert _run_twice(code, tmp_path) == expected


def test_dask_calls_what_is_carried_as_it_is(tmp_path: Path) -> None:
    """Coroutine functions are awaited, parameters of Dask's own are given."""
    _need("distributed")
    code = """
    from contextlib import contextmanager
    from dask.distributed import Client, LocalCluster
    @contextmanager
    def setup():
        with LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=None
        ) as cluster, Client(cluster) as client:
            globals()["client"] = client
            yield
    async def wait(part): return plain(part)
    def look(part, dask_worker=None): return plain(part), dask_worker is not None
    def work(name):
        assert client.submit(wait, "s3://b/wait" + name).result()[-1] == name
        assert client.gather(client.map(wait, ["s3://b/map" + name]))
        ((part, has_worker),) = client.run(look, "s3://b/run" + name).values()
        assert has_worker
    """
    assert _run_twice(code, tmp_path) == _expected("wait", "map", "run")


@pytest.mark.parametrize("scheduler", ["threads", "processes", "sync"])
def test_dask_on_one_machine(scheduler: str, tmp_path: Path) -> None:
    """Dask's own schedulers keep the task of the call to `compute`."""
    _need("dask", "cloudpickle")
    code = f"""
    import dask
    from contextlib import nullcontext as setup
    def work(name):
        for function in (read, plain):
            part = "s3://b/" + function.__name__ + name
            dask.compute(dask.delayed(function)(part), scheduler={scheduler!r})
    """
    assert _run_twice(code, tmp_path) == _expected("read", "plain")


_RAY = """
import ray
from contextlib import contextmanager
kept = {}
@contextmanager
def setup():
    ray.init(num_cpus=4, include_dashboard=False, logging_level="ERROR")
    yield
    ray.shutdown()
"""


def test_ray_functions(tmp_path: Path) -> None:
    """Remote functions of the script, whose pickled form Ray keeps."""
    _need("ray")
    code = """
    remote_read, remote_plain = ray.remote(read), ray.remote(plain)
    def work(name):
        ray.get(remote_read.remote("s3://b/read" + name))
        ray.get(remote_plain.remote("s3://b/plain" + name))
    """
    code = _RAY + textwrap.dedent(code)
    assert _run_twice(code, tmp_path) == _expected("read", "plain")


def test_ray_actors(tmp_path: Path) -> None:
    """An actor that outlives the task in which it was created serves the next one."""
    _need("ray")
    code = """
    @ray.remote
    class Actor:
        def __init__(self, part): plain(part)
        @uses_file("part")
        def read(self, part): return part
        @ray.method(num_returns=2)
        def plain(self, part, **more): return plain(part), more
    @ray.remote
    class AsyncActor:
        @uses_file("part")
        async def read(self, part): return part
    @ray.remote
    def through(actor, part): return ray.get(actor.read.remote(part))
    def work(name):
        if not kept:
            kept.update(actor=Actor.remote("s3://b/created" + name))
            kept.update(waiting=AsyncActor.remote())
        actor, waiting = kept["actor"], kept["waiting"]
        ray.get(actor.read.remote("s3://b/actor" + name))
        first, second = actor.plain.remote(part="s3://b/inside" + name, other=1)
        assert ray.get(second) == {"other": 1}
        ray.get(waiting.read.options(name="x").remote("s3://b/awaited" + name))
        ray.get(through.remote(actor, "s3://b/through" + name))
    """
    code = _RAY + textwrap.dedent(code)
    expected = _expected("actor", "inside", "awaited", "through")
    expected["A"].add("createdA")
    assert _run_twice(code, tmp_path) == expected


_STREAMS = {
    "functions": (
        ["stream.remote(p + '-')", "stream.options(num_returns=2).remote(p + 'two-')"],
        ["-1", "-2", "two-1", "two-2"],
    ),
    "actors": (
        ["actor.stream.remote(p + '-')", "waiting.stream.remote(p + 'async-')",
         "actor.read.remote(p + 'read')"],
        ["-1", "-2", "async-1", "async-2", "read"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("of", _STREAMS)
def test_ray_generators(of: str, tmp_path: Path) -> None:
    """Each call of a generator records into its caller's task, while it runs."""
    _need("ray")
    calls, expected = _STREAMS[of]
    code = f"""
    @ray.remote
    def stream(part): plain(part + "1"); yield 1; plain(part + "2"); yield 2
    @ray.remote
    class Actor:
        def stream(self, part): plain(part + "1"); yield 1; plain(part + "2"); yield 2
        @uses_file("part")
        def read(self, part): yield part
    @ray.remote
    class AsyncActor:
        async def stream(self, part): plain(part + "1"); yield 1; plain(part + "2")
    def work(name):
        if not kept:
            kept.update(actor=Actor.remote(), waiting=AsyncActor.remote())
        actor, waiting = kept["actor"], kept["waiting"]
        p = "s3://b/" + name
        for items in [{", ".join(calls)}]:
            assert [ray.get(item) for item in items]
    """
    code = _RAY + textwrap.dedent(code)
    assert _run_twice(code, tmp_path) == {
        name: {name + part for part in expected} for name in "AB"
    }


_CELERY = """
from celery import Celery
app = Celery("jobs", broker=os.environ["BROKER"], backend="cache+memory://")
app.conf.broker_transport_options = {
    "data_folder_in": "queue", "data_folder_out": "queue",
    "control_folder": "control",
}
@app.task
@uses_file("part")
def decorated(part): return part
@app.task
def undecorated(part): return plain(part)
"""


def test_celery_in_one_process(tmp_path: Path) -> None:
    """With the broker in memory, by the signals that every app has."""
    _need("celery")
    code = """
    from celery.contrib.testing.worker import start_worker
    def setup(): return start_worker(app, perform_ping_check=False, pool="solo")
    def work(name):
        decorated.delay("s3://b/read" + name).get(timeout=20)
        undecorated.apply_async(["s3://b/plain" + name]).get(timeout=20)
    """
    code = _CELERY.replace('os.environ["BROKER"]', '"memory://"') + textwrap.dedent(
        code
    )
    assert _run_twice(code, tmp_path) == _expected("read", "plain")


def test_celery_in_a_worker_of_its_own(tmp_path: Path) -> None:
    """A prefork worker that started before, and that serves one task after another."""
    _need("celery")
    for folder in ("queue", "control"):
        (tmp_path / folder).mkdir()
    (tmp_path / "jobs.py").write_text(PRELUDE + _CELERY)
    variables = {"BROKER": "filesystem://", "PYTHONSAFEPATH": ""}
    command = "worker --pool prefork --concurrency 1 --loglevel error"
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "jobs", *command.split()],
        cwd=tmp_path,
        env=clean_environment(tmp_path / "home", **variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    code = """
    import time
    from contextlib import nullcontext as setup
    from pathlib import Path
    os.environ["BROKER"] = "filesystem://"
    import jobs
    def work(name):
        jobs.decorated.delay("s3://b/read" + name)
        jobs.undecorated.delay("s3://b/plain" + name)
        while any(Path("queue").iterdir()): time.sleep(0.1)
        time.sleep(1)
    """
    try:
        assert worker.poll() is None
        done = run_program(textwrap.dedent(code) + _TWICE, tmp_path, timeout=110)
        assert done.returncode == 0, done.stderr
    finally:
        worker.terminate()
        worker.wait(60)
    # The worker has ended its tasks and delivered when it is gone.
    assert _recorded(tmp_path) == _expected("read", "plain")


@pytest.mark.parametrize("style", ["def", "async def"])
def test_fastapi_dependency(style: str, tmp_path: Path) -> None:
    """A task opened in a generator dependency is the task of that request's facts."""
    _need("fastapi", "httpx")
    code = f"""
    from fastapi import Depends, FastAPI
    from fastapi.testclient import TestClient
    api = FastAPI()
    {style} opened(name: str):
        with lineage.task(name):
            yield name
    @api.get("/sync")
    def sync(part: str, name: str = Depends(opened)): return read(part)
    @api.get("/async")
    async def asynchronous(part: str, name: str = Depends(opened)): return plain(part)
    @api.get("/none")
    def none(part: str): return read(part)
    client = TestClient(api)
    for name in "AB":
        for path in ("sync", "async"):
            client.get(f"/{{path}}?name={{name}}-{{path}}&part=s3://b/{{path}}{{name}}")
    client.get("/none?part=s3://b/none")
    """
    done = run_program(code, tmp_path)
    assert done.returncode == 0, done.stderr
    tasks = {name: task.edges for name, task in recorded_tasks(tmp_path).items()}
    assert tasks.pop("program.py") == {"none"}
    assert tasks == {
        f"{name}-{path}": {f"{path}{name}"}
        for name in "AB"
        for path in ("sync", "async")
    }


def test_http_headers_carry_the_task(tmp_path: Path) -> None:
    """The middleware joins the caller's task, in ASGI and in WSGI."""
    _need("fastapi", "flask", "httpx")
    code = """
    from fastapi import FastAPI
    from fastapi.testclient import TestClient
    from flask import Flask
    from lineage.integrations.web import LineageMiddleware, LineageWsgiMiddleware
    api, flask = FastAPI(), Flask("app")
    @api.get("/")
    def over_asgi(part: str): return read(part)
    @flask.get("/<name>")
    def over_wsgi(name): return read("s3://b/" + name)
    api.add_middleware(LineageMiddleware)
    flask.wsgi_app = LineageWsgiMiddleware(flask.wsgi_app)
    with lineage.task("A"):
        headers = lineage.headers()
    assert set(headers) == {"lineage-context", "traceparent", "baggage"}
    with lineage.task("B"):
        headers = lineage.headers()
        import threading
        def serve():
            TestClient(api).get("/?part=s3://b/asgi", headers=headers)
            flask.test_client().get("/wsgi", headers=headers)
            flask.test_client().get("/other")
        import contextvars
        thread = threading.Thread(target=contextvars.Context().run, args=(serve,))
        thread.start(); thread.join()
    """
    done = run_program(code, tmp_path)
    assert done.returncode == 0, done.stderr
    tasks = recorded_tasks(tmp_path)
    assert {"asgi", "wsgi"} <= tasks["B"].edges


def test_flask_handler(tmp_path: Path) -> None:
    """A task opened in a handler, or above it, is the task of its facts."""
    _need("flask")
    code = """
    from flask import Flask
    app = Flask("app")
    @app.get("/inside/<name>")
    def inside(name):
        with lineage.task(name): return plain("s3://b/inside")
    @app.get("/above")
    @lineage.task("above")
    def above(): return read("s3://b/above")
    client = app.test_client()
    client.get("/inside/inside"); client.get("/above")
    """
    done = run_program(code, tmp_path)
    assert done.returncode == 0, done.stderr
    tasks = {name: task.edges for name, task in recorded_tasks(tmp_path).items()}
    assert tasks == {"inside": {"inside"}, "above": {"above"}}


def test_notebook(tmp_path: Path) -> None:
    """It is a task named after it, and cells around an app are not the app's."""
    _need("nbclient", "ipykernel")
    code = """
    import nbformat
    from nbclient import NotebookClient
    cells = [
        "import lineage; from lineage import uses_file\\n"
        "@uses_file('part')\\ndef read(part): return part",
        "read('s3://b/before')",
        "with lineage.app(name='App'): read('s3://b/inside')",
        "read('s3://b/after')",
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    client = NotebookClient(notebook, kernel_name="python3")
    with client.setup_kernel():
        for number in (0, 1, 2, 3, 3):
            client.execute_cell(notebook.cells[number], number)
    """
    variables = {"JPY_SESSION_NAME": "/somewhere/study.ipynb"}
    done = run_program(code, tmp_path, **variables)
    assert done.returncode == 0, done.stderr
    tasks = recorded_tasks(tmp_path)
    assert {name: task.edges for name, task in tasks.items()} == {
        "study.ipynb": {"before", "after"},
        "App": {"inside"},
    }


def test_above_a_route_or_command_is_an_error(tmp_path: Path) -> None:
    """FastAPI and Typer call the function that they were given; below them it works."""
    _need("fastapi", "typer", "click", "httpx")
    code = """
    import click, typer
    from fastapi import FastAPI
    from fastapi.testclient import TestClient
    api, commands = FastAPI(), typer.Typer()
    def wrong(register):
        def function(part: str): return part
        try: uses_file("part")(register(function))
        except lineage.DeclarationError as error: assert "write it below" in str(error)
        else: raise AssertionError(register)
    for register in (api.get("/a"), commands.command(), click.command()):
        wrong(register)
    @api.get("/right")
    @uses_file("part")
    def right(part: str): return part
    @commands.command("right")
    @uses_file("part")
    def command(part: str): pass
    @commands.command("other")
    def other(): pass
    assert TestClient(api).get("/right?part=s3://b/route").status_code == 200
    commands(["right", "s3://b/command"], standalone_mode=False)
    """
    done = run_program(code, tmp_path)
    assert done.returncode == 0, done.stderr
    (task,) = recorded_tasks(tmp_path).values()
    assert task.edges == {"route", "command"}


def test_scikit_learn_clones(tmp_path: Path) -> None:
    """A transformer of a decorated function is cloned like one of a plain one."""
    _need("sklearn")
    code = """
    from sklearn.base import clone
    from sklearn.preprocessing import FunctionTransformer
    transformer = FunctionTransformer(read)
    assert clone(transformer).func("s3://b/cloned") == "s3://b/cloned"
    """
    done = run_program(code, tmp_path)
    assert done.returncode == 0, done.stderr
    (task,) = recorded_tasks(tmp_path).values()
    assert task.edges == {"cloned"}
