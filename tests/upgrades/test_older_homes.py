"""Stores and journals of older versions are read by this one.

`home-0.1.0.zip` was made by 0.1.0, `home-before-0.1.0.zip` by the oldest version that
had users: four runs in the store, and a fifth in the journal of a process that was
killed before it could deliver. They are never made again: a version that cannot read
them needs a migration.
"""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path

import pytest

import lineage
from lineage.cli.main import main
from lineage.delivery.status import read_status

HOMES = sorted(path.name for path in Path(__file__).parent.glob("home-*.zip"))


@pytest.fixture(params=HOMES)
def older(request: pytest.FixtureRequest, clean_environment: Path) -> Path:
    """The home of an older version, in place of this process's own."""
    with zipfile.ZipFile(Path(__file__).with_name(request.param)) as archive:
        archive.extractall(clean_environment)
    return clean_environment


def test_there_is_a_home_of_each_version_that_was_released() -> None:
    """What lies here is all that there is to read."""
    assert HOMES == ["home-0.1.0.zip", "home-before-0.1.0.zip"]


def test_an_older_store_is_read(older: Path) -> None:
    """Runs, versions and what failed are as they were recorded."""
    graph = lineage.graph()
    runs = [run.node for run in graph.tasks("app:Train").tasks]
    assert sorted(run.status or "" for run in runs) == ["error", "finished", "finished"]
    made = graph.upstream("model.bin", depth=6)
    assert {"Import", "data.csv"} <= {node.name for node in made.nodes}
    assert "7" in {str(node.id) for node in made.nodes if node.kind == "project"}


def test_an_older_journal_is_delivered(older: Path) -> None:
    """The facts of a process that was killed before the upgrade come to the graph.

    Its file is gone, and of its content the oldest version had kept size and time
    alone: whether it was what Train made cannot be known there.
    """
    assert read_status(older).waiting >= 3
    assert main(["flush"]) == 0
    assert read_status(older).waiting == 0
    made = lineage.graph().upstream("out.csv", depth=8)
    assert {"Predict", "model.bin"} <= {node.name for node in made.nodes}


def test_an_older_store_goes_on_being_written(older: Path) -> None:
    """And keeps every invariant of a store that began today."""
    with lineage.task(name="Predict again") as task:
        task.uses_file("/srv/app/model.bin", model_weight=True)
        task.produces_file("/srv/app/again.csv")
    assert lineage.flush()
    made = lineage.graph().upstream("again.csv")
    assert "model.bin" in {node.name for node in made.nodes}
    assert main(["doctor", "--store"]) == 0


def test_a_newer_store_is_refused_with_what_to_do(
    older: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Going back needs the backup of before: the message says so, and loses nothing."""
    assert main(["tasks"]) == 0
    with sqlite3.connect(older / "instance.db") as db:
        db.execute("INSERT INTO lineage_migrations VALUES (9999, 'of_tomorrow', 0)")
    db.close()
    capsys.readouterr()
    assert main(["tasks"]) != 0
    logged = " ".join(capsys.readouterr().err.split())
    assert "9999_of_tomorrow" in logged
    assert "this is lineage 0." in logged
    assert "pip install -U workflow-lineage" in logged
    assert "backup" in logged


def test_a_newer_journal_waits_and_logs_for_what(
    older: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its facts are kept for the version that wrote them."""
    (segment,) = (older / "journal").glob("*.seg")
    data = segment.read_bytes()
    segment.write_bytes(data[:16] + b"9" + data[17:])
    main(["flush"])
    assert segment.exists()
    assert "newer lineage" in caplog.text
    assert "pip install -U workflow-lineage" in caplog.text
