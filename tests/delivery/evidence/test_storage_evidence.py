"""What storages say of versions: tables, git, DVC, Hugging Face, object stores."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar

import fsspec  # type: ignore[import-untyped]  # ships no types
import pytest

from lineage.delivery.evidence.content import current_state
from lineage.delivery.evidence.dvc import DvcResolver
from lineage.delivery.evidence.git_file import GitResolver
from lineage.delivery.evidence.hugging_face import HuggingFaceResolver
from lineage.delivery.evidence.object_store import ObjectStoreResolver
from lineage.delivery.evidence.protocol import Subject
from lineage.delivery.evidence.resolvers import EvidenceFinder
from lineage.delivery.evidence.tables import DeltaResolver, IcebergResolver

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def subject(path: Path | str, kind: str = "file", **more: Any) -> Subject:
    """Describe a local path as an edge names it."""
    stat = (current_state(str(path)) or {}) if kind == "file" else {}
    return Subject(kind, True, time.time_ns(), path=str(path), stat=stat, **more)


def pairs(found: Any) -> list[tuple[str, str]]:
    """List the kinds and values of evidence."""
    return [(e["kind"], e["value"]) for e in (found or {}).get("evidence", ())]


def write(path: Path, content: str) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_a_path_of_the_hugging_face_cache_holds_its_revision() -> None:
    """The commit in the path pins the file, whatever lies there."""
    base = f"/c/hub/models--org--name/snapshots/{COMMIT}"
    expected = [("hf-revision", f"models/org/name@{COMMIT}")]
    resolve = HuggingFaceResolver().resolve
    assert pairs(resolve(subject(f"{base}/config.json"))) == expected
    assert pairs(resolve(subject(base, "folder"))) == expected
    assert resolve(subject("/c/hub/models--org--name/refs/main")) is None


def test_a_delta_table_has_the_version_of_its_log(tmp_path: Path) -> None:
    """The highest commit counts, together with the table's own id."""
    for number, line in enumerate([{"metaData": {"id": "t-1"}}, {"add": {}}]):
        log = tmp_path / "_delta_log" / f"{number:020d}.json"
        write(log, json.dumps({"commitInfo": {}}) + "\n" + json.dumps(line))
    write(tmp_path / "_delta_log" / "_last_checkpoint", "{}")
    resolve = DeltaResolver().resolve
    assert pairs(resolve(subject(tmp_path, "folder"))) == [("delta", "t-1@1")]
    assert resolve(subject(tmp_path, "folder", is_own=False)) is None
    assert resolve(subject(tmp_path / "_delta_log", "folder")) is None


def test_an_iceberg_table_has_its_current_snapshot(tmp_path: Path) -> None:
    """The newest metadata file counts by its number, not by its name."""
    for name, snapshot in (("v9", 1), ("v10", 2), ("00008-x", 3)):
        metadata = {"table-uuid": "u", "current-snapshot-id": snapshot}
        write(tmp_path / "metadata" / f"{name}.metadata.json", json.dumps(metadata))
    resolve = IcebergResolver().resolve
    assert pairs(resolve(subject(tmp_path, "folder"))) == [("iceberg", "u@2")]
    write(tmp_path / "metadata" / "v11.metadata.json", "no JSON")
    assert resolve(subject(tmp_path, "folder")) is None


@pytest.mark.parametrize("is_delta", [True, False])
def test_a_table_is_in_the_state_in_which_it_was_used(
    tmp_path: Path, is_delta: bool
) -> None:
    """The task adds to it before anybody looks; a version that it names is meant."""
    kind, resolver = ("delta", DeltaResolver()) if is_delta else (
        "iceberg", IcebergResolver()
    )  # fmt: skip

    def commit(number: int) -> None:
        if is_delta:
            name, text = f"_delta_log/{number:020d}.json", {"metaData": {"id": "t"}}
        else:
            name = f"metadata/{number:05}-x.metadata.json"
            text = {
                "table-uuid": "t",
                "current-snapshot-id": number,
                "snapshots": [{"snapshot-id": n} for n in range(number + 1)],
                "refs": {"first": {"snapshot-id": 0}},
            }
        at = time.time_ns() - (10 - number) * 10**9
        os.utime(write(tmp_path / name, json.dumps(text)), ns=(at, at))

    def found(seconds_ago: float, *, is_input: bool = True, **more: Any) -> Any:
        at = time.time_ns() - int(seconds_ago * 1e9)
        looked_at = Subject("folder", is_input, at, path=str(tmp_path), **more)
        return resolver.resolve(looked_at)

    for number in range(3):
        commit(number)
    assert pairs(found(8.5)) == [(kind, "t@1")]
    assert pairs(found(8.5, is_input=False)) == [(kind, "t@2")]
    assert pairs(found(0)) == [(kind, "t@2")]
    assert found(20)["pinned"] is False
    assert pairs(found(0, version="0")) == [(kind, "t@0")]
    assert found(0, version="7") is None
    assert found(0, version="of May") is None
    named = found(0, version="first")
    assert pairs(named) == ([] if is_delta else [(kind, "t@0")])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"00000-a": "u", "00001-b": "u", "00001-c": "u", "00002-d": "u"}, "u@2"),
        ({"00000-a": "u", "00001-b": "u", "00001-c": "u"}, None),
        ({"00000-a": "u", "00001-b": "u", "00002-c": "u", "00000-x": "new"}, None),
        ({"00005-a": "u", "00006-b": "u", "00000-x": "new"}, None),
        ({f"{n // 2:05}-{n}": "u" for n in range(41)}, None),
    ],
)
def test_a_folder_of_several_iceberg_tables_is_not_pinned(
    tmp_path: Path, files: dict[str, str], expected: str | None
) -> None:
    """What was dropped or renamed left its metadata: which one counts is not known."""
    for name, table in files.items():
        metadata = {"table-uuid": table, "current-snapshot-id": int(name[:5])}
        write(tmp_path / "metadata" / f"{name}.metadata.json", json.dumps(metadata))
    found = IcebergResolver().resolve(subject(tmp_path, "folder")) or {}
    assert pairs(found) == ([("iceberg", expected)] if expected else [])
    assert ("several" in found.get("pinned_reason", "")) is (expected is None)


def test_a_file_tracked_by_git_has_its_blob(tmp_path: Path) -> None:
    """A file as it was staged is known by its blob; a changed one by none."""
    run = ["git", "-C", str(tmp_path), "-c", "index.version=2"]
    subprocess.run([*run, "init", "-q"], check=True)
    files = [write(tmp_path / name, name) for name in ("a", "sub/b", "x" * 200)]
    write(tmp_path / "untracked", "u")
    subprocess.run([*run, "add", "--", *map(str, files)], check=True)
    resolver = GitResolver()
    for file in files:
        content = file.read_bytes()
        blob = hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()
        assert pairs(resolver.resolve(subject(file))) == [("git-blob", blob)]
    assert resolver.resolve(subject(tmp_path / "untracked")) is None
    os.utime(files[0], ns=(1, 1))
    assert resolver.resolve(subject(files[0])) is None
    subprocess.run([*run, "update-index", "--index-version", "4"], check=True)
    assert GitResolver().resolve(subject(files[1])) is None


@pytest.mark.parametrize("pointer", ["data.csv.dvc", "dvc.lock", "../dvc.lock"])
def test_a_file_kept_by_dvc_has_its_md5(tmp_path: Path, pointer: str) -> None:
    """The recorded MD5 counts as long as the file has that content."""
    file = write(tmp_path / "p" / "data.csv", "content")
    md5 = hashlib.md5(b"content").hexdigest()
    name = "p/data.csv" if pointer.startswith("..") else "data.csv"
    entry = f"- path: {name}\n  hash: md5\n  md5: {md5}\n  size: 7\n"
    if pointer.endswith(".dvc"):
        entry = f"- md5: {md5}\n  size: 7\n  hash: md5\n  path: {name}\n"
    other = f"- path: other\n  md5: {'0' * 32}\n"
    write(tmp_path / "p" / pointer, f"outs:\n{other}{entry}")
    resolve = DvcResolver().resolve
    assert pairs(resolve(subject(file))) == [("dvc-md5", md5)]
    assert DvcResolver(reads=False).resolve(subject(file)) is None
    file.write_text("changed")
    assert resolve(subject(file)) is None


def test_a_folder_kept_by_dvc_has_its_md5_until_it_changes(tmp_path: Path) -> None:
    """A file newer than what DVC wrote of the folder makes the MD5 void."""
    write(tmp_path / "d" / "a", "1")
    md5 = "0" * 32 + ".dir"
    write(tmp_path / "d.dvc", f"outs:\n- md5: {md5}\n  nfiles: 1\n  path: d\n")
    resolve = DvcResolver().resolve
    assert pairs(resolve(subject(tmp_path / "d", "folder"))) == [("dvc-md5", md5)]
    later = time.time() + 5
    os.utime(tmp_path / "d" / "a", (later, later))
    assert resolve(subject(tmp_path / "d", "folder")) is None


class Store(fsspec.AbstractFileSystem):  # type: ignore[misc]  # ships no types
    """An object store that counts how often it is asked."""

    protocol = "lineage-test"
    entry: ClassVar[dict[str, Any]] = {}
    requests = 0

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return what the test set."""
        type(self).requests += 1
        if not self.entry:
            raise OSError(path)
        return {"name": path, **self.entry}


@pytest.fixture
def store() -> Any:
    """Make the store known as the app would, and forget it."""
    fsspec.register_implementation("lineage-test", Store, clobber=True)
    Store.entry, Store.requests = {}, 0
    yield Store
    Store.clear_instance_cache()


def remote(**more: Any) -> Subject:
    """Describe an object that an edge names."""
    at_ns = more.pop("at_ns", time.time_ns())
    return Subject("file", True, at_ns, address="lineage-test://b/k?x=1", **more)


def test_an_object_has_the_version_of_its_store(store: Any) -> None:
    """A version id comes before an ETag; quotes of the header are no part of it."""
    store()
    store.entry = {"ETag": '"abc-3"', "VersionId": "v1", "size": 3}
    found = ObjectStoreResolver().resolve(remote())
    assert pairs(found) == [("version-id", "v1"), ("etag", "abc-3")]
    store.entry = {"generation": 7, "VersionId": "null"}
    assert pairs(ObjectStoreResolver().resolve(remote())) == [("generation", "7")]


def test_a_store_that_the_app_does_not_use_is_not_queried(store: Any) -> None:
    """No connection is opened that the app has not opened itself."""
    store.entry = {"ETag": "abc"}
    assert ObjectStoreResolver().resolve(remote()) is None
    assert store.requests == 0


def test_an_object_written_since_is_not_taken_for_the_one_used(store: Any) -> None:
    """What the store says of a later state is no evidence of the one used."""
    store()
    store.entry = {"ETag": "abc", "LastModified": datetime.now(timezone.utc)}
    long_ago = time.time_ns() - 60 * 10**9
    assert ObjectStoreResolver().resolve(remote(at_ns=long_ago)) is None
    assert pairs(ObjectStoreResolver().resolve(remote())) == [("etag", "abc")]


def test_an_old_listing_is_no_evidence(store: Any) -> None:
    """What fsspec remembers of a folder may be older than the object that was read."""
    system = store()
    store.entry = {"ETag": "abc"}
    system.dircache["b"] = [{"name": "b/k", "ETag": "older"}]
    assert ObjectStoreResolver().resolve(remote()) is None
    assert store.requests == 0


def test_a_store_that_can_look_again_does_so(store: Any) -> None:
    """Then it does not answer from what it listed before."""

    class Refreshing(Store):
        def info(self, path: str, refresh: bool = False, **_: Any) -> dict[str, Any]:
            return {"name": path, "ETag": "now" if refresh else "older"}

    fsspec.register_implementation("lineage-test", Refreshing, clobber=True)
    Refreshing().dircache["b"] = []
    assert pairs(ObjectStoreResolver().resolve(remote())) == [("etag", "now")]
    Refreshing.clear_instance_cache()


def test_a_store_that_fails_is_left_alone(store: Any) -> None:
    """After three failures in a row it is not asked any more, and nothing is raised."""
    store()
    finder = EvidenceFinder([ObjectStoreResolver()])
    for _ in range(10):
        assert finder.find(remote()) == {}
    assert store.requests == 3
