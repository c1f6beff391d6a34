"""What may happen around the first delivery of a process."""

from __future__ import annotations

from pathlib import Path

from runtime_tools import run, stored

from lineage.delivery.status import read_status


def test_facts_stay_with_their_home_when_another_is_set_meanwhile(
    tmp_path: Path,
) -> None:
    """A flusher that is still at its first delivery does not meet the next home."""
    body = f"""
from lineage.runtime import runtime
begun, go = threading.Event(), threading.Event()
open_embedded = runtime()._open_embedded
def open_slowly(journal):
    begun.set()
    assert go.wait(20)
    return open_embedded(journal)
runtime()._open_embedded = open_slowly
record(1)
assert begun.wait(20)
lineage.configure(home={str(tmp_path / "other")!r})
record(2)
lineage.configure(home={str(tmp_path)!r})
record(3)
go.set()
assert lineage.flush(50)
"""
    ran = run(body, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert stored(tmp_path) == [1, 3]


def test_a_python_without_sqlite_records(tmp_path: Path) -> None:
    """It has no embedded store: facts wait, one warning says why, the app goes on."""
    body = """
sys.modules['sqlite3'] = None
record(1)
lineage.flush(0.5)
print('done')
"""
    ran = run(body, tmp_path, LINEAGE_FLUSH_TIMEOUT_S="10")
    assert (ran.returncode, ran.stdout) == (0, "done\n")
    assert ran.stderr.count("sqlite3") == 1
    assert "were not delivered" in ran.stderr
    assert read_status(tmp_path).waiting > 0
