"""Run the rows of `docs/versions.md`: which bytes change although the content does not.

Each row writes or reads a format with the library that apps use, and compares what
the evidence of this package says with what the table says. Run by `nox -s formats`,
with pinned releases; a row that comes out otherwise is an error.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import gguf
import h5py
import joblib
import numpy as np
import onnx
import pandas as pd
import pyarrow
import pyarrow.dataset
import safetensors.numpy
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from lineage.delivery.evidence.content import current_state
from lineage.delivery.evidence.digest_memory import DigestMemory
from lineage.delivery.evidence.local_file import LocalFileResolver
from lineage.delivery.evidence.protocol import Subject

FRAME = pd.DataFrame({"a": range(50), "b": ["x", "y"] * 25})
ARRAY = np.arange(12.0).reshape(3, 4)
ROWS: list[tuple[str, Callable[[Path], str], str]] = []
Row = Callable[[Path], str]


def row(name: str, expected: str) -> Callable[[Row], Row]:
    """Add a row: its name as in the table, and the answer that stands there."""

    def add(check: Row) -> Row:
        ROWS.append((name, check, expected))
        return check

    return add


def found(path: Path) -> dict[str, Any]:
    """Return the evidence of a file as it is now."""
    stat = current_state(str(path)) or {}
    files = LocalFileResolver(DigestMemory(None), None, time.sleep)
    one = Subject("file", True, time.time_ns(), path=str(path), stat=stat)
    return files.resolve(one) or {}


def written_twice(write: Callable[[Path], object], folder: Path, name: str) -> str:
    """Write the same content twice, and compare: same, equal (normalised), differs."""
    evidence = []
    for _ in range(2):
        path = folder / name
        write(path)
        evidence.append(found(path))
        path.unlink()
        time.sleep(2.1)  # time stamps inside files have seconds, those of a zip two
    one, two = evidence
    if one["stat"]["digest"] == two["stat"]["digest"]:
        return "same"
    if one.get("normalised") and one["normalised"] == two.get("normalised"):
        return "equal"
    return "differs"


@row("pandas to_csv(….csv.gz)", "equal")
def csv_gz(folder: Path) -> str:
    """The header of a gzip holds the time."""
    return written_twice(FRAME.to_csv, folder, "a.csv.gz")


@row("pandas to_csv(….csv.zip)", "equal")
def csv_zip(folder: Path) -> str:
    """Each member of a zip has a time."""
    return written_twice(FRAME.to_csv, folder, "a.csv.zip")


@row("pandas to_excel", "equal")
def excel(folder: Path) -> str:
    """A workbook is a zip, and says inside when it was saved."""
    return written_twice(FRAME.to_excel, folder, "a.xlsx")


@row("pandas to_parquet", "same")
def parquet(folder: Path) -> str:
    """One table written by one writer is the same."""
    return written_twice(FRAME.to_parquet, folder, "a.parquet")


def _dataset_digests(folder: Path, *, use_threads: bool) -> set[frozenset[str]]:
    """Write a table of several fragments eight times; return the files' digests."""
    size, times = 100_000, 8
    table = pyarrow.table({"x": np.arange(size * times)})
    parts = pyarrow.dataset.dataset(
        [table.slice(at * size, size) for at in range(times)]
    )
    seen = set()
    for _ in range(times):
        shutil.rmtree(folder / "set", ignore_errors=True)
        pyarrow.dataset.write_dataset(
            parts, folder / "set", format="parquet", use_threads=use_threads
        )
        files = (folder / "set").iterdir()
        seen.add(frozenset(found(path)["stat"]["digest"] for path in files))
    return seen


@row("Parquet data sets written by several threads", "differs; stable without threads")
def parquet_threads(folder: Path) -> str:
    """The fragments come to the file in the order in which threads read them."""
    shown = "differs" if len(_dataset_digests(folder, use_threads=True)) > 1 else "same"
    plain = len(_dataset_digests(folder, use_threads=False))
    return f"{shown}; {'stable' if plain == 1 else 'differs'} without threads"


def _copied(folder: Path, setting: str, query: str) -> str:
    """Make duckdb write the answer of a query as Parquet several times."""
    with duckdb.connect() as db:
        db.execute(f"SET preserve_insertion_order = {setting}; SET threads = 4")
        db.execute("CREATE TABLE t AS SELECT range AS x FROM range(2000000)")
        digests = set()
        for _ in range(6):
            db.execute(f"COPY ({query}) TO '{folder / 'a.parquet'}' (FORMAT parquet)")
            digests.add(found(folder / "a.parquet")["stat"]["digest"])
    return "same" if len(digests) == 1 else "differs"


@row("duckdb COPY, in the order of insertion", "same")
def duckdb_ordered(folder: Path) -> str:
    """The order is kept, which is its default."""
    return _copied(folder, "true", "SELECT * FROM t")


@row("duckdb COPY of a GROUP BY, or without insertion order", "differs")
def duckdb_unordered(folder: Path) -> str:
    """Rows come in the order in which threads are done."""
    grouped = "SELECT x % 100000 AS k, count(*) AS n FROM t GROUP BY k"
    answers = {
        _copied(folder, "true", grouped),
        _copied(folder, "false", "SELECT * FROM t"),
    }
    return answers.pop() if len(answers) == 1 else " and ".join(sorted(answers))


@row("duckdb COPY replaces its file", "new inode")
def duckdb_replaced(folder: Path) -> str:
    """Links to the file lead to the old content from then on."""
    inodes = []
    with duckdb.connect() as db:
        for _ in range(2):
            db.execute(f"COPY (SELECT 1) TO '{folder / 'a.parquet'}' (FORMAT parquet)")
            inodes.append(os.stat(folder / "a.parquet").st_ino)
    return "new inode" if inodes[0] != inodes[1] else "same inode"


@row("duckdb's own file, opened to read", "same bytes")
def duckdb_read(folder: Path) -> str:
    """A database that was closed in order is not changed by a query."""
    path = folder / "a.duckdb"
    with duckdb.connect(str(path)) as db:
        db.execute("CREATE TABLE t AS SELECT 1 AS x")
    before = found(path)["stat"]["digest"]
    with duckdb.connect(str(path)) as db:
        db.execute("SELECT * FROM t").fetchall()
    return "same bytes" if found(path)["stat"]["digest"] == before else "other bytes"


@row("numpy savez", "same")
def savez(folder: Path) -> str:
    """An `.npz` is a zip without times."""
    return written_twice(lambda p: np.savez(p, a=ARRAY), folder, "a.npz")


@row("safetensors with metadata", "equal")
def tensors(folder: Path) -> str:
    """The metadata's keys come in a random order: written until it shows."""
    metadata = {str(number): "x" for number in range(8)}
    return written_twice(
        lambda p: safetensors.numpy.save_file({"t": ARRAY}, p, metadata),
        folder,
        "a.safetensors",
    )


def _reloaded(model: Any, folder: Path) -> str:
    joblib.dump(model.fit(ARRAY, [0, 1, 0]), folder / "m")
    before = found(folder / "m")["stat"]["digest"]
    joblib.dump(joblib.load(folder / "m"), folder / "m")
    return "same" if found(folder / "m")["stat"]["digest"] == before else "differs"


@row("scikit-learn forest, loaded and dumped", "differs")
def forest(folder: Path) -> str:
    """A forest has new bytes each time it is loaded and dumped."""
    return _reloaded(RandomForestClassifier(3, random_state=0), folder)


@row("scikit-learn linear model, loaded and dumped", "same")
def linear(folder: Path) -> str:
    """A linear model has not."""
    return _reloaded(LogisticRegression(), folder)


@row("h5py.File(p, 'a') only to read", "touched, same version")
def hdf5(folder: Path) -> str:
    """The same bytes are written back: only the times change."""
    path = folder / "a.h5"
    with h5py.File(path, "w") as file:
        file["x"] = ARRAY
    time.sleep(0.1)
    before, state = found(path)["stat"]["digest"], current_state(str(path))
    with h5py.File(path, "a") as file:
        file["x"][:]
    touched = "touched" if current_state(str(path)) != state else "untouched"
    same = "same" if found(path)["stat"]["digest"] == before else "another"
    return f"{touched}, {same} version"


@row("SQLite in WAL mode", "known with its companions")
def wal(folder: Path) -> str:
    """Rows lie in the log beside the file."""
    db = sqlite3.connect(folder / "a.db")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (x)")
    db.commit()
    names = [c["name"] for c in found(folder / "a.db").get("companions", ())]
    db.close()
    return "known with its companions" if names == ["a.db", "a.db-wal"] else str(names)


@row("ONNX with external data", "known with its companions")
def external(folder: Path) -> str:
    """Two models with other weights have equal bytes themselves."""
    versions, own = [], []
    for weights in (ARRAY, ARRAY + 1):
        tensor = numpy_helper.from_array(weights.astype(np.float32), "w")
        value = helper.make_tensor_value_info("w", TensorProto.FLOAT, weights.shape)
        graph = helper.make_graph([], "g", [], [value], [tensor])
        path = folder / "m.onnx"
        (folder / "w.bin").unlink(missing_ok=True)
        onnx.save_model(
            helper.make_model(graph),
            path,
            save_as_external_data=True,
            location="w.bin",
            size_threshold=0,
        )
        evidence = found(path)
        own.append(evidence["companions"][0]["digest"])
        versions.append(evidence["evidence"])
    if own[0] == own[1] and versions[0] != versions[1]:
        return "known with its companions"
    return f"own bytes {own}, versions {versions}"


@row("GGUF in shards", "known with its companions")
def shards(folder: Path) -> str:
    """The first shard of two models with other weights has equal bytes."""
    versions, own = [], []
    for weights in (ARRAY, ARRAY + 1):
        writer = gguf.GGUFWriter(
            folder / "m.gguf", "llama", split_max_tensors=1, small_first_shard=True
        )
        for name in ("a", "b"):
            writer.add_tensor(name, weights.astype(np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        evidence = found(folder / "m-00001-of-00003.gguf")
        own.append(evidence["companions"][0]["digest"])
        versions.append(evidence["evidence"])
    if own[0] == own[1] and versions[0] != versions[1]:
        return "known with its companions"
    return f"own bytes {own}, versions {versions}"


@row("safetensors replaces its file", "new inode")
def replaced(folder: Path) -> str:
    """Links to the file lead to the old content from then on."""
    path = folder / "a.safetensors"
    inodes = []
    for _ in range(2):
        safetensors.numpy.save_file({"t": ARRAY}, path)
        inodes.append(os.stat(path).st_ino)
    return "new inode" if inodes[0] != inodes[1] else "same inode"


@row("numpy, pandas, HDF5 rewrite their file", "same inode")
def rewritten(folder: Path) -> str:
    """The file stays; its content is another."""
    kept = set()
    for name, write in (
        ("a.npy", lambda p: np.save(p, ARRAY)),
        ("a.csv", FRAME.to_csv),
        ("a.parquet", FRAME.to_parquet),
        ("a.h5", lambda p: h5py.File(p, "w").close()),
    ):
        write(folder / name)
        inode = os.stat(folder / name).st_ino
        write(folder / name)
        kept.add(os.stat(folder / name).st_ino == inode)
    return "same inode" if kept == {True} else "new inode"


def main() -> int:
    """Run all rows; return how many came out otherwise."""
    wrong = 0
    for name, check, expected in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            answer = check(Path(folder))
        wrong += answer != expected
        flag = "ok   " if answer == expected else "WRONG"
        sys.stdout.write(f"{flag} {name}: {answer} (table: {expected})\n")
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
