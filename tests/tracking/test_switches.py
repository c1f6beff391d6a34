"""Controls: the process's switch, configuration and delivery."""

from __future__ import annotations

from pathlib import Path

import lineage
from lineage.runtime import runtime


def test_on_and_off() -> None:
    """`disable` and `enable` hold for the whole process."""
    assert lineage.is_enabled()
    lineage.disable()
    assert not lineage.is_enabled()
    lineage.enable()
    assert lineage.is_enabled()


def test_configure_sets_where_facts_go(tmp_path: Path) -> None:
    """A home of one's own takes the journal; flush delivers and reports."""
    home = tmp_path / "elsewhere"
    lineage.configure(home=home)
    assert runtime().settings.home == home
    lineage.current_task().uses_project(1)
    report = lineage.flush(20)
    assert report, str(report)
    assert report.delivered >= 2
    assert (home / "instance.db").exists()
