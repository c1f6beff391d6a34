"""Actors of Dask distributed, on a worker of their own."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from ways_of_running import recorded_tasks, run_program

pytestmark = pytest.mark.neighbours


def test_dask_actors(tmp_path: Path) -> None:
    """Each call of a method records into the task that made it, plain ones as well."""
    pytest.importorskip("distributed", reason="nox -s neighbours")
    code = """
    from dask.distributed import Client, LocalCluster
    class Counter:
        kind = "counter"
        @uses_file("part")
        def count(self, part): return 1
        async def wait(self, part): return plain(part)
        def look(self, part): return plain(part), type(self).__name__
        def join(self, headers, part):
            with lineage.join(headers): plain(part)
        @staticmethod
        def add(one, two): return one + two
    if __name__ == "__main__":
        with LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=None
        ) as cluster, Client(cluster) as client:
            early = client.submit(Counter, actor=True).result()
            with lineage.task("A"):
                actor = client.submit(Counter, actor=True).result()
                actor.count("s3://b/countA").result()
                early.look("s3://b/lookA").result()
            assert actor.kind == "counter" and actor.add(1, 2).result() == 3
            with lineage.task("B"):
                actor.count("s3://b/countB").result()
                _, name = actor.look(part="s3://b/lookB").result()
                assert name == "Counter"
                assert actor.wait("s3://b/waitB").result() == "s3://b/waitB"
                actor.join(lineage.headers(), "s3://b/joinB").result()
            actor.look("s3://b/afterwards").result()
    """
    done = run_program(textwrap.dedent(code), tmp_path, timeout=110)
    assert done.returncode == 0, done.stderr
    tasks = recorded_tasks(tmp_path)
    assert {name: task.edges for name, task in tasks.items()} == {
        "A": {"countA", "lookA"},
        "B": {"countB", "lookB", "waitB", "joinB"},
        "program.py": {"afterwards"},
    }
