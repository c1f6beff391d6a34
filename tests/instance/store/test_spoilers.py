"""A store that was spoilt from outside is named, never made worse, and ends nothing."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from instance_fixture import edge_fact
from instance_server import in_thread, settings_for

from lineage.errors import LineageError, StoreCorruptError
from lineage.instance.graph import GraphQueries
from lineage.instance.store import open_store

Spoiler = Callable[[Path], Any]
_NOISE = random.Random(7).randbytes(3 * 4096)


def _write(share: float, data: bytes) -> Spoiler:
    def spoil(path: Path) -> None:
        with path.open("r+b") as opened:
            opened.seek(int(path.stat().st_size * share))
            opened.write(data)

    return spoil


def _run(*statements: str) -> Spoiler:
    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path)) as store:
            for statement in statements:
                store.execute(statement)
            store.commit()

    return spoil


def _beside(suffix: str) -> Spoiler:
    return lambda path: path.with_name(path.name + suffix).write_bytes(_NOISE)


def _of_another_program(path: Path) -> None:
    path.unlink()
    _run("CREATE TABLE tasks (a)", "INSERT INTO tasks VALUES ('theirs')")(path)


OF_OTHERS = "a store of another program"

#: What can happen to the file, and whether it is noticed when it is opened.
SPOILERS: dict[str, tuple[Spoiler, bool]] = {
    "another kind of file": (lambda path: path.write_text("no store " * 999), True),
    "a head of zeros": (_write(0, bytes(100)), True),
    "half of it": (lambda path: os.truncate(path, path.stat().st_size // 2), True),
    "a folder in its place": (lambda path: (path.unlink(), path.mkdir()), True),
    "a link to nowhere": (
        lambda path: (path.unlink(), path.symlink_to("/nowhere/x.db")), True,
    ),
    OF_OTHERS: (_of_another_program, True),
    "its history is gone": (_run("DELETE FROM lineage_migrations"), True),
    "a table is gone": (_run("DROP TABLE edges"), False),
    "a column has another name": (
        _run("ALTER TABLE tasks RENAME COLUMN name TO title"), False,
    ),
    "noise in the middle": (_write(0.4, _NOISE), False),
    "noise at the end": (_write(0.95, _NOISE), False),
    "noise as its log": (_beside("-wal"), False),
    "noise as its index of the log": (_beside("-shm"), False),
    "noise as its journal": (_beside("-journal"), False),
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with some hundred edges, closed."""
    path = tmp_path_factory.mktemp("whole") / "instance.db"
    store = open_store(f"sqlite:///{path}")
    store.ingest(1, [edge_fact(number) for number in range(600)])
    store.close()
    return path


def _use(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    try:
        store.ingest(1, [edge_fact(number) for number in (5, 9001)])
        GraphQueries(store).search([1], text="project")
        GraphQueries(store).get_task([1], id=1)
    finally:
        store.close()


@contextmanager
def suppress_error_about(path: Path) -> Iterator[None]:
    """Accept an error of ours that names a file, and no other."""
    try:
        yield
    except LineageError as error:
        if str(path) not in str(error):
            raise


@pytest.mark.parametrize("name", SPOILERS)
def test_a_spoilt_store_works_or_names_its_file(
    whole: Path, tmp_path: Path, name: str
) -> None:
    """No error but ours, and always with the file that it is about."""
    spoil, is_noticed = SPOILERS[name]
    path = tmp_path / "instance.db"
    shutil.copy(whole, path)
    spoil(path)
    if is_noticed:
        with pytest.raises(LineageError, match=re.escape(str(path))):
            _use(path)
        return
    with suppress_error_about(path):
        _use(path)


@pytest.mark.parametrize(
    "name", [n for n, (_, noticed) in SPOILERS.items() if noticed and n != OF_OTHERS]
)
def test_what_cannot_be_opened_is_left_as_it_is(
    whole: Path, tmp_path: Path, name: str
) -> None:
    """A file that somebody may still save is not written to."""
    path = tmp_path / "instance.db"
    shutil.copy(whole, path)
    SPOILERS[name][0](path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(LineageError):
        open_store(f"sqlite:///{path}")
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_store_of_another_program_keeps_its_rows(tmp_path: Path) -> None:
    """A database with tables of the same names is refused, and stays theirs."""
    path = tmp_path / "instance.db"
    path.touch()
    _of_another_program(path)
    with pytest.raises(LineageError, match="tasks"):
        open_store(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as store:
        assert store.execute("SELECT * FROM tasks").fetchall() == [("theirs",)]
        names = store.execute("SELECT name FROM sqlite_master").fetchall()
    assert names == [("tasks",)]


def test_a_store_that_is_spoilt_under_a_server_ends_no_server(tmp_path: Path) -> None:
    """Requests are answered with an error, and the server still says that it lives."""
    with in_thread(settings_for(tmp_path / "served")) as served:
        facts = {"facts": [edge_fact(number) for number in range(600)]}
        assert served.post("lineage.facts.add", facts).status_code == 200
        path = tmp_path / "served" / "instance.db"
        with closing(sqlite3.connect(path)) as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        _write(0.1, _NOISE * (path.stat().st_size // len(_NOISE)))(path)
        answers = [
            served.post("lineage.facts.add", {"facts": [edge_fact(700)]}),
            served.post("lineage.tasks.list", {}),
            served.post("lineage.search", {"text": "project"}),
        ]
        assert {answer.status_code for answer in answers} <= {200, 500, 503}
        assert 200 not in {answer.status_code for answer in answers[:1]}
        assert all("error" in a.json() for a in answers if a.status_code != 200)
        assert requests.get(served.address + "/healthz", timeout=20).status_code == 200


def test_a_spoilt_store_shows_what_to_do(whole: Path, tmp_path: Path) -> None:
    """The error says that a new store is made once the file is moved away."""
    path = tmp_path / "instance.db"
    shutil.copy(whole, path)
    _write(0, bytes(100))(path)
    with pytest.raises(StoreCorruptError, match="move the file away"):
        open_store(f"sqlite:///{path}")
