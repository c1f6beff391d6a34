"""Formats: content in several files, and bytes that change by nothing."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage.delivery.evidence.companions import companion_names
from lineage.delivery.evidence.content import current_state
from lineage.delivery.evidence.digest_memory import DigestMemory
from lineage.delivery.evidence.local_file import LocalFileResolver
from lineage.delivery.evidence.normalised import normalised_digest
from lineage.delivery.evidence.protocol import Subject
from lineage.model.limits import MAX_COMPANIONS


def resolve(path: Path) -> dict[str, Any]:
    """Look at a file as it is now."""
    stat = current_state(str(path)) or {}
    files = LocalFileResolver(DigestMemory(None), None, time.sleep)
    one = Subject("file", True, time.time_ns(), path=str(path), stat=stat)
    found = files.resolve(one)
    assert found is not None
    return found


def normalised(path: Path) -> str | None:
    """Return the normalised digest of a file."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return normalised_digest(fd, path.stat().st_size)
    finally:
        os.close(fd)


# -- companions ---------------------------------------------------------------


def test_a_database_is_known_with_its_log(tmp_path: Path) -> None:
    """In WAL mode rows lie beside the file, whose own bytes stay the same."""
    path = tmp_path / "data.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("CREATE TABLE t (x)")
    db.commit()
    found = []
    for value in (1, 2):
        db.execute("INSERT INTO t VALUES (?)", (value,))
        db.commit()
        found.append(resolve(path))
    db.close()
    one, two = found
    assert one["evidence"] != two["evidence"]
    assert one["companions"][0] == two["companions"][0]
    assert [c["name"] for c in one["companions"]] == ["data.db", "data.db-wal"]
    assert "stat" not in one
    closed = resolve(path)
    assert "companions" not in closed
    assert "digest" in closed["stat"]


def test_weights_in_shards_are_known_with_their_index(tmp_path: Path) -> None:
    """A shard that is missing makes the whole not pinned."""
    index = tmp_path / "model.safetensors.index.json"
    names = ["m-1.safetensors", "m-2.safetensors"]
    index.write_text(json.dumps({"weight_map": {"a": names[0], "b": names[1]}}))
    (tmp_path / names[0]).write_bytes(b"1")
    found = resolve(index)
    assert found["pinned"] is False
    assert names[1] in found["pinned_reason"]
    (tmp_path / names[1]).write_bytes(b"2")
    before = resolve(index)["evidence"]
    (tmp_path / names[1]).write_bytes(b"3")
    assert resolve(index)["evidence"] != before


def test_a_gguf_model_is_known_with_all_of_its_shards(tmp_path: Path) -> None:
    """The shard by which it is loaded may have no weights, and equal bytes."""
    shards = [tmp_path / f"m-{n:05}-of-00003.gguf" for n in (1, 2, 3)]
    for shard in shards:
        shard.write_bytes(b"1")
    before = resolve(shards[0])
    assert [c["name"] for c in before["companions"]] == [s.name for s in shards]
    shards[2].write_bytes(b"2")
    assert resolve(shards[0])["evidence"] != before["evidence"]
    shards[1].unlink()
    assert resolve(shards[0])["pinned"] is False
    for alone in ("m.gguf", "m-00002-of-00003.gguf", "m-00001-of-00001.gguf"):
        assert companion_names(str(tmp_path / alone)) == []
    many = companion_names(str(tmp_path / "m-00001-of-99999.gguf"))
    assert len(many) == MAX_COMPANIONS + 1


def onnx_entry(key: bytes, value: bytes) -> bytes:
    """Write an entry of external data as protobuf does."""
    entry = b"\x0a%c%b\x12%c%b" % (len(key), key, len(value), value)
    return b"\x6a%c%b" % (len(entry), entry)


def test_an_onnx_model_is_known_with_its_weights(tmp_path: Path) -> None:
    """Two models with other weights in a second file have equal bytes themselves."""
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x07" + onnx_entry(b"location", b"w.bin"))
    assert companion_names(str(path)) == ["w.bin"]
    versions = []
    for weights in (b"one", b"two"):
        (tmp_path / "w.bin").write_bytes(weights)
        versions.append(resolve(path)["evidence"])
    assert versions[0] != versions[1]
    path.write_bytes(b"\x08\x07no external data")
    assert companion_names(str(path)) == []


def test_fellows_of_a_file_are_found_by_their_names(tmp_path: Path) -> None:
    """A shapefile and a TensorFlow checkpoint consist of several files."""
    for name in ("a.shp", "a.dbf", "a.shx", "b.dbf", "m.index", "m.data-0-of-1", "x"):
        (tmp_path / name).write_bytes(b"1")
    assert companion_names(str(tmp_path / "a.shp")) == ["a.shx", "a.dbf"]
    assert companion_names(str(tmp_path / "m.index")) == ["m.data-0-of-1"]
    assert companion_names(str(tmp_path / "x")) == []
    (tmp_path / "odd.index.json").write_text("[]")
    assert companion_names(str(tmp_path / "odd.index.json")) == []


def ome_tiff(names: list[str], *, order: str = "<", is_big: bool = False) -> bytes:
    """Write a TIFF's head and a directory with a description that names files."""
    planes = "".join(f"<UUID FileName='{name}'>urn:uuid:1</UUID>" for name in names)
    text = f"<OME xmlns='x'><TiffData>{planes}</TiffData></OME>".encode()
    mark = b"II" if order == "<" else b"MM"
    if is_big:
        head = mark + struct.pack(f"{order}HHHQ", 43, 8, 0, 16)
        entries = [(256, 4, 1, 8), (270, 2, len(text), 16 + 8 + 2 * 20 + 8)]
        tags = [struct.pack(f"{order}HHQQ", *entry) for entry in entries]
        return head + struct.pack(f"{order}Q", 2) + b"".join(tags) + b"\0" * 8 + text
    head = mark + struct.pack(f"{order}HI", 42, 8)
    entries = [(256, 4, 1, 8), (270, 2, len(text), 8 + 2 + 2 * 12 + 4)]
    tags = [struct.pack(f"{order}HHII", *entry) for entry in entries]
    return head + struct.pack(f"{order}H", 2) + b"".join(tags) + b"\0" * 4 + text


@pytest.mark.parametrize("is_big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_an_ome_tiff_is_known_with_the_files_that_it_names(
    tmp_path: Path, order: str, is_big: bool
) -> None:
    """An image in several files: each names all of them."""
    names = ["c0.ome.tif", "a&amp;b.ome.tif"]
    path, other = tmp_path / "c0.ome.tif", tmp_path / "a&b.ome.tif"
    path.write_bytes(ome_tiff(names, order=order, is_big=is_big))
    assert companion_names(str(path)) == ["a&b.ome.tif"]
    assert resolve(path)["pinned"] is False
    versions = []
    for content in (b"one", b"two"):
        other.write_bytes(content)
        versions.append(resolve(path)["evidence"])
    assert versions[0] != versions[1]


@pytest.mark.parametrize(
    "content",
    [b"", b"II*\0", b"II*\0\x08\0\0\0", b"II+\0\x08\0\0\0\xff",
     b"MM\0*\xff\xff\xff\xff", b"II+\0\x08\0\0\0" + b"\xff" * 8,
     b"II+\0\x08\0\0\0" + b"\xff" * 7 + b"\x7f",
     b"no TIFF at all", ome_tiff([]), ome_tiff(["x.ome.tif"])[:60]],
)  # fmt: skip
def test_a_tiff_that_names_nothing_or_is_torn_stands_alone(
    tmp_path: Path, content: bytes
) -> None:
    """Its own bytes are read, and no more."""
    path = tmp_path / "x.ome.tif"
    path.write_bytes(content)
    assert companion_names(str(path)) == []


def test_a_geotiff_is_known_with_what_is_read_beside_it(tmp_path: Path) -> None:
    """Overviews and masks; statistics are written by those who only read."""
    path = tmp_path / "g.tif"
    for name in ("g.tif", "g.tif.ovr", "g.tif.msk", "g.tfw", "g.tif.aux.xml"):
        (tmp_path / name).write_bytes(b"1")
    assert companion_names(str(path)) == ["g.tif.ovr", "g.tif.msk", "g.tfw"]
    before = resolve(path)["evidence"]
    (tmp_path / "g.tif.aux.xml").write_bytes(b"2")
    assert resolve(path)["evidence"] == before
    (tmp_path / "g.tif.ovr").write_bytes(b"2")
    assert resolve(path)["evidence"] != before


# -- bytes that change by nothing -----------------------------------------------


def write_gzip(path: Path, content: bytes, round: int) -> None:
    """Pack content with another time stamp and name."""
    with path.open("wb") as file:
        name = f"name{round}"
        with gzip.GzipFile(name, "wb", fileobj=file, mtime=round) as packed:
            packed.write(content)


def write_zip(path: Path, content: bytes, round: int) -> None:
    """Pack content with other times and another order."""
    with zipfile.ZipFile(path, "w") as archive:
        names = ["a", "b"][:: 1 if round else -1]
        for name in names:
            about = zipfile.ZipInfo(name, (2000 + round, 1, 1, 0, 0, 0))
            archive.writestr(about, name.encode() + content)
        saved = zipfile.ZipInfo("docProps/core.xml")
        archive.writestr(saved, f"saved {round}")


def write_safetensors(path: Path, content: bytes, round: int) -> None:
    """Write tensors with the metadata's keys in another order."""
    metadata = [("x", "1"), ("y", "2")][:: 1 if round else -1]
    header = {
        "__metadata__": dict(metadata),
        "t": {
            "dtype": "U8",
            "shape": [len(content)],
            "data_offsets": [0, len(content)],
        },
    }
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)


Writer = Callable[[Path, bytes, int], None]
WRITERS: dict[str, Writer] = {
    "x.csv.gz": write_gzip,
    "x.xlsx": write_zip,
    "x.safetensors": write_safetensors,
}


@pytest.mark.parametrize("name", WRITERS)
def test_content_that_was_written_again_has_one_normalised_digest(
    tmp_path: Path, name: str
) -> None:
    """Times, names and orders inside differ; other content differs in any case."""
    found = []
    for round, content in ((0, b"content"), (1, b"content"), (1, b"CONTENT")):
        path = tmp_path / f"{round}{content.decode()}" / name
        path.parent.mkdir()
        WRITERS[name](path, content, round)
        found.append(resolve(path))
    assert found[0]["stat"]["digest"] != found[1]["stat"]["digest"]
    assert found[0]["normalised"] == found[1]["normalised"]
    assert found[1]["normalised"] != found[2]["normalised"]


def test_parts_of_a_gzip_are_one_content(tmp_path: Path) -> None:
    """A file of several members holds what they hold together."""
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"one") + gzip.compress(b"two" * 900_000))
    whole = tmp_path / "b.gz"
    whole.write_bytes(gzip.compress(b"one" + b"two" * 900_000, 1))
    assert normalised(path) == normalised(whole) is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"plain",
        b"\x1f\x8b\x08damaged",
        b"PK\x03\x04damaged",
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", 4) + b"{no}",
        struct.pack("<Q", 9) + b'{"t":{}} ',
        struct.pack("<Q", 2) + b"[]",
    ],
)
def test_what_is_no_such_format_has_no_normalised_digest(
    tmp_path: Path, content: bytes
) -> None:
    """A damaged or foreign file is no trouble."""
    path = tmp_path / "a"
    path.write_bytes(content)
    assert normalised(path) is None
