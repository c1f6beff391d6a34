"""Other software that has worked before lineage was imported; run for real."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from ways_of_running import clean_environment, query

pytestmark = pytest.mark.neighbours


def test_ray_that_was_used_before_lineage_was_imported(tmp_path: Path) -> None:
    """What has run without us goes on, and takes the task along from then on.

    An actor that is older than the import keeps its class: its worker's own task.
    """
    pytest.importorskip("ray", reason="nox -s neighbours")
    code = """
    import ray
    def use(part):
        import lineage
        lineage.current_task().uses_file(part)
    @ray.remote
    def early(part, **more): return use(part) or more
    @ray.remote
    class Early:
        def look(self, part): use(part)
    if __name__ == "__main__":
        ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
        old = Early.remote()
        ray.get([early.remote("s3://b/before"), old.look.remote("s3://b/before")])
        import lineage
        for name in "AB":
            with lineage.task(name):
                assert ray.get(early.remote("s3://b/early" + name, x=1)) == {"x": 1}
                ray.get(Early.remote().look.remote("s3://b/look" + name))
                ray.get(old.look.remote("s3://b/old" + name))
        ray.shutdown()
    """
    file = tmp_path / "late.py"
    file.write_text(textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, str(file)], env=clean_environment(tmp_path / "home"),
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    query(tmp_path, "flush")
    listed = json.loads(query(tmp_path, "tasks", "--json"))["tasks"]
    edges: dict[str, set[str]] = {}
    for task in listed:
        names = {node["name"] for node in task["inputs"]}
        edges.setdefault(task["node"]["name"], set()).update(names)
    workers = edges.pop("default_worker.py")
    assert edges == {name: {f"early{name}", f"look{name}"} for name in "AB"}
    assert workers == {"before", "oldA", "oldB"}
