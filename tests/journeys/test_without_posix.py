"""The whole way of a fact where nothing is there that only POSIX has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lineage

_SUPPORT = Path(__file__).parents[1] / "support" / "without_posix"
_ROOT = Path(lineage.__file__).parents[1]

_PRELUDE = """
import os, sys
from pathlib import Path
import lineage
from lineage import produces_file, uses_file

for missing in ("fork", "register_at_fork", "posix_fallocate", "geteuid", "pread"):
    assert not hasattr(os, missing), missing
assert sys.modules["fcntl"] is None

@uses_file("source")
@produces_file()
def double(source):
    target = source.with_suffix(".out")
    target.write_text(source.read_text() * 2)
    return target

Path("a.csv").write_text("1,2")
"""

#: What is taken away has to be there.
pytestmark = pytest.mark.posix


def _run(
    script: str, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(_SUPPORT), str(_ROOT)])
    wanted = {"LINEAGE_HOME": ".lineage", **environment, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", _PRELUDE + script],
        cwd=folder, env={**os.environ, **wanted}, capture_output=True, text=True,
        timeout=100,
    )  # fmt: skip


def _output(ran: subprocess.CompletedProcess[str]) -> str:
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.strip()


def _segments(folder: Path) -> list[Path]:
    return list((folder / ".lineage" / "journal").glob("*.seg"))


def test_a_fact_comes_to_the_graph(tmp_path: Path) -> None:
    """Tracking, recording, journal, delivery, and questions to the embedded store."""
    query = """
double(Path("a.csv"))
assert lineage.flush()
print(sorted(node.name for node in lineage.graph().upstream("a.out").nodes))
"""
    assert _output(_run(query, tmp_path)) == "['a.csv', 'a.out', 'python']"
    assert _segments(tmp_path) == []


@pytest.mark.parametrize("sync", ["process", "power"])
def test_a_killed_process_leaves_its_facts_to_the_next(
    tmp_path: Path, sync: str
) -> None:
    """A segment is on the disk when the call returns, and the next process sends it."""
    nowhere = "http://127.0.0.1:9"
    killed = _run(
        "double(Path('a.csv'))\nos._exit(9)",
        tmp_path,
        LINEAGE_JOURNAL_SYNC=sync,
        LINEAGE_TARGET=nowhere,
    )
    assert killed.returncode == 9
    assert len(_segments(tmp_path)) == 1
    sent = """
from lineage.exporters import MemoryExporter
from lineage.journal.directory import JournalDirectory
adopted = JournalDirectory(Path(".lineage")).adopt("http://127.0.0.1:9")
print(sum(segment.unread() for segment in adopted))
for segment in adopted:
    segment.discard()
"""
    assert int(_output(_run(sent, tmp_path))) > 2
    assert _segments(tmp_path) == []


def test_a_segment_has_one_owner(tmp_path: Path) -> None:
    """While its maker lives nobody else takes it, in the same process or in another."""
    script = """
import subprocess
double(Path("a.csv"))
look = '''
from pathlib import Path
from lineage.journal.directory import JournalDirectory
folder = JournalDirectory(Path(".lineage"))
print(len(folder.adopt("http://127.0.0.1:9")), folder.held)
'''
print(subprocess.check_output([sys.executable, "-c", look], text=True))
"""
    waits = {"LINEAGE_TARGET": "http://127.0.0.1:9", "LINEAGE_FLUSH_TIMEOUT_S": "0"}
    ran = _run(script, tmp_path, **waits)
    assert ran.stdout.strip() == "0 []", ran.stderr


def test_refused_facts_are_kept_and_tried_again(tmp_path: Path) -> None:
    """Files that are open keep their names: they are closed before they are renamed."""
    script = """
from lineage.journal import dead_letters
from lineage.journal.directory import JournalDirectory
folder = JournalDirectory(Path(".lineage"))
folder.make()
for number in (1, 2):
    dead_letters.keep(folder, "local", "a", {"uid": f"a-{number}"}, "because")
assert [r.uid for r in dead_letters.read(folder)] == ["a-1", "a-2"]
(folder.path / "foreign.seg").write_bytes(b"holiday")
print(dead_letters.release(folder), len(folder.adopt("local")))
"""
    ran = _run(script, tmp_path)
    assert ran.stdout.strip() == "2 1", ran.stderr
    assert "foreign.seg is no segment" in ran.stderr
    assert (tmp_path / ".lineage" / "journal" / "aside" / "foreign.seg").exists()


def test_workers_that_are_started_again_belong_to_the_task(tmp_path: Path) -> None:
    """Without forks a pool starts interpreters, and each records for itself."""
    app = """
import lineage
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from lineage import produces_file, uses_file

@uses_file("source")
@produces_file()
def double(source):
    target = source.with_suffix(".out")
    target.write_text(source.read_text() * 2)
    return target

@lineage.app(name="Pool")
def main():
    sources = [Path(f"{n}.csv") for n in range(3)]
    for source in sources:
        source.write_text(source.name)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        list(pool.map(double, sources))

if __name__ == "__main__":
    main()
"""
    (tmp_path / "app.py").write_text(app)
    start = "import subprocess; subprocess.check_call([sys.executable, 'app.py'])"
    assert _output(_run(start, tmp_path)) == ""
    query = "print(sorted(n.name for n in lineage.graph().upstream('2.out').nodes))"
    assert _output(_run(query, tmp_path)) == "['2.csv', '2.out', 'Pool']"
