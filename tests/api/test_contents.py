"""What a version holds, through the client: files of a folder, rows of a table."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from instance_fixture import edge_fact

from lineage.api import Api
from lineage.errors import ApiError
from lineage.instance.embedded import EmbeddedInstance
from lineage.instance.parquet import MAX_CELL, MAX_COLUMNS, MAX_ROWS

#: A file of a folder: name, size, digest, time of change.
Entry = tuple[str, int, str | None, int | None]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """A client of an empty instance."""
    instance = EmbeddedInstance(tmp_path / "instance")
    made = Api(instance.address, "", adapters={instance.address: instance.adapter})
    yield made
    made.close()
    instance.close()


def key_of(api: Api, number: int) -> str:
    """Return the key of what a task used."""
    (node,) = [n for n in api.graph.get(f"task:{number}").nodes if n.type == "data"]
    return node.key


def folder(api: Api, number: int, entries: Sequence[Entry], **more: Any) -> str:
    """Record a folder as the input of a task of its own; return the version's key."""
    mark = hashlib.sha256(repr(entries).encode()).hexdigest()
    manifest = {
        "digest": f"stat:{mark}", "files": len(entries),
        "bytes": sum(size for _, size, *_ in entries), "entries": entries, **more,
    }  # fmt: skip
    evidence = [{"kind": "dir-stat", "value": manifest["digest"]}]
    fact = edge_fact(
        number, task=f"t{number}", task_id=number, kind="folder", id="/data/images",
        manifest=manifest, evidence=evidence, at=float(number),
    )  # fmt: skip
    assert api.facts.add([fact]).refused == []
    return key_of(api, number)


def test_files_of_a_folder_are_listed_page_after_page(api: Api) -> None:
    """Every file is on one page, by name; the detail counts them."""
    entries = [(f"{at:03}.jpg", at, None, 7) for at in range(250)]
    key = folder(api, 1, entries)
    assert api.graph.data(key).file_count == 250
    pages = [api.graph.files(key, first=first).files for first in (0, 100, 200, 300)]
    assert [len(page) for page in pages] == [100, 100, 50, 0]
    assert [file.name for page in pages for file in page] == [e[0] for e in entries]
    answer = api.graph.files(key, most=1)
    assert (answer.total, answer.bytes, answer.before) == (250, sum(range(250)), None)
    assert answer.files[0].change is None


def test_files_differ_from_those_of_the_version_before(api: Api) -> None:
    """Added, changed and removed files are marked, and can be listed alone."""
    digest = ["sha256:" + letter * 64 for letter in "ab"]
    old = folder(api, 1, [("a", 1, digest[0], None), ("b", 1, digest[0], None),
                          ("c", 1, digest[0], None)])  # fmt: skip
    new = folder(api, 2, [("a", 1, digest[0], None), ("b", 1, digest[1], None),
                          ("d", 1, digest[0], None)])  # fmt: skip
    answer = api.graph.files(new)
    assert answer.before == old
    assert [(file.name, file.change) for file in answer.files] == [
        ("a", None), ("b", "changed"), ("c", "removed"), ("d", "added"),
    ]  # fmt: skip
    changed = api.graph.files(new, changed_only=True)
    assert [file.name for file in changed.files] == ["b", "c", "d"]
    assert changed.total == 3


def test_a_cut_manifest_is_marked(api: Api) -> None:
    """A folder of more files than are named is counted whole."""
    key = folder(api, 1, [("a", 1, None, 7)], is_complete=False, files=100_001)
    answer = api.graph.files(key)
    assert (answer.total, answer.file_count) == (1, 100_001)
    assert not answer.is_complete


def test_what_is_no_folder_has_no_files(api: Api) -> None:
    """The error names the version and the possible reasons."""
    api.facts.add([edge_fact(3, task="t3", task_id=3, id=9)])
    key = key_of(api, 3)
    assert api.graph.data(key).file_count is None
    for unknown, words in ((key, "no folder"), ("data:99999", "data:345")):
        with pytest.raises(ApiError, match=words) as refused:
            api.graph.files(unknown)
        assert refused.value.status == 404


def record(api: Api, path: Path) -> str:
    """Record a file with its digest; return the version's key."""
    found = path.stat()
    digest = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    stat = {"size": found.st_size, "mtime_ns": found.st_mtime_ns, "digest": digest}
    # As a recorder sends it: the file of one machine.
    fact = edge_fact(
        7, task="t7", task_id=7, kind="file", id=str(path), stat=stat,
        local_path=str(path), canonical=f"file://host-1a2b3c{path}",
    )  # fmt: skip
    assert api.facts.add([fact]).refused == []
    return key_of(api, 7)


def test_a_text_on_a_machine_is_shown_by_its_content(api: Api, tmp_path: Path) -> None:
    """The name of the machine does not hide a file of this very content."""
    path = tmp_path / "notes.txt"
    path.write_text("hello", "utf-8")
    key = record(api, path)
    assert api.graph.data(key).preview == "text"
    assert api.graph.preview(key) == b"hello"


def test_a_table_without_its_reader_names_what_to_install(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without pyarrow there is one sentence, and no error."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "shop.parquet"
    path.write_bytes(b"PAR1")
    key = record(api, path)
    assert api.graph.data(key).preview == "table"
    answer = api.graph.rows(key)
    assert (answer.columns, answer.rows) == ([], [])
    assert "pip install 'workflow-lineage[parquet]'" in (answer.note or "")


def test_the_first_rows_of_a_table_are_shown_bounded(api: Api, tmp_path: Path) -> None:
    """Schema, row count and the first rows; long cells and many columns are cut."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra")
    from pyarrow import table

    columns = {f"c{at}": list(range(1000)) for at in range(MAX_COLUMNS + 5)}
    columns["c0"] = ["x" * 9999, None, *(str(at) for at in range(998))]
    path = tmp_path / "shop.parquet"
    parquet.write_table(table(columns), path)
    key = record(api, path)
    answer = api.graph.rows(key)
    assert (answer.rows_total, answer.columns_total) == (1000, MAX_COLUMNS + 5)
    assert [column.type for column in answer.columns[:2]] == ["string", "int64"]
    assert len(answer.rows) == MAX_ROWS
    assert {len(row) for row in answer.rows} == {MAX_COLUMNS}
    assert answer.rows[0][0] == "x" * MAX_CELL
    assert answer.rows[1][:2] == ["", "1"]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ApiError, match="nothing to show"):
        api.graph.rows(key)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\xff" * 60 + b"PAR1"])
def test_a_broken_table_is_an_answer(api: Api, tmp_path: Path, content: bytes) -> None:
    """What cannot be read says so in one sentence."""
    pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra")
    path = tmp_path / "shop.parquet"
    path.write_bytes(content)
    answer = api.graph.rows(record(api, path))
    assert answer.rows == []
    assert "could not be read" in (answer.note or "")
