"""Path objects: an address or a name, found without opening or downloading."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tarfile
import tempfile
import urllib.parse
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec  # type: ignore[import-untyped]  # ships no types
import pytest

import lineage
from lineage.testing import Recorded
from lineage.tracking.path_objects import path_of


class Downloading:
    """A path of a cloud library whose `__fspath__` downloads the file."""

    def __str__(self) -> str:
        return "s3://bucket/train.csv"

    def __fspath__(self) -> str:
        raise AssertionError("downloaded")


class Remote:
    """A remote path that is no `os.PathLike`."""

    protocol, path = "s3", "bucket/val.csv"

    def __str__(self) -> str:
        return "s3://bucket/val.csv"


class Schemeless(PurePosixPath):
    """A path whose text leaves out the scheme, as s3path's."""

    def as_uri(self) -> str:
        return "s3:/" + str(self)


class Named:
    """A path-like object that is shown otherwise."""

    def __fspath__(self) -> bytes:
        return b"a/b"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("a/b", "a/b"),
        (Path("a/b"), "a/b"),
        (Downloading(), "s3://bucket/train.csv"),
        (Remote(), "s3://bucket/val.csv"),
        (Schemeless("/bucket/key"), "s3://bucket/key"),
        (Schemeless("relative"), "relative"),
        (Named(), "a/b"),
        (
            urllib.parse.urlsplit("s3://bucket/k?versionId=1"),
            "s3://bucket/k?versionId=1",
        ),
        (fsspec.open("memory://bucket/key"), "memory:///bucket/key"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_path_object_gives_its_address(value: Any, path: str) -> None:
    """What has an address is known by it; anything else by its path."""
    assert path_of(value) == path


def test_an_open_file_and_a_temporary_folder_give_their_name(tmp_path: Path) -> None:
    """The name of a handle is a path, whatever opened it."""
    path = tmp_path / "x"
    with path.open("w") as text, gzip.open(path, "wb") as packed:
        assert path_of(text) == path_of(packed) == str(path)
    with open(os.fsencode(path), "rb") as file:
        assert path_of(file) == str(path)
    with tempfile.NamedTemporaryFile() as file:
        assert path_of(file) == file.name
    folder = tempfile.TemporaryDirectory()
    assert path_of(folder) == folder.name
    folder.cleanup()
    with os.scandir(tmp_path) as entries:
        assert path_of(next(entries)) == str(path)


def test_a_descriptor_is_no_path() -> None:
    """A file without a name on disk is not taken for one."""
    with (
        tempfile.TemporaryFile() as unnamed,
        tempfile.SpooledTemporaryFile() as spooled,
    ):
        assert path_of(unnamed) is None
        assert path_of(spooled) is None
    assert path_of(sys.__stdout__) is None
    assert path_of(io.BytesIO()) is None


@pytest.mark.parametrize("value", [5, None, b"x", {}, object(), Path, [1]])
def test_other_values_are_no_paths(value: Any) -> None:
    """A value without a path gives none, and is not searched for one."""
    assert path_of(value) is None


@pytest.mark.parametrize("split", [urllib.parse.urlparse, urllib.parse.urlsplit])
def test_the_parts_of_an_address_are_recorded_as_the_address(
    recorded: Recorded, split: Any
) -> None:
    """Their path alone would be a file of this machine."""
    with lineage.task(name="t") as task:
        task.uses_file(split("https://host/x/a.csv?id=3"))
    assert [edge["id"] for edge in recorded.edges] == ["https://host/x/a.csv?id=3"]


def test_a_file_inside_an_archive_is_no_file_of_that_name(tmp_path: Path) -> None:
    """What is read is the archive, whose name the object does not have."""
    (tmp_path / "a.txt").write_text("x")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.write(tmp_path / "a.txt", "a.txt")
    with tarfile.open(tmp_path / "a.tar", "w") as packed:
        packed.add(tmp_path / "a.txt", "a.txt")
    with (
        zipfile.ZipFile(tmp_path / "a.zip") as zipped,
        tarfile.open(tmp_path / "a.tar") as tarred,
        zipped.open("a.txt") as one,
        io.TextIOWrapper(zipped.open("a.txt")) as two,
    ):
        three = tarred.extractfile("a.txt")
        assert three is not None
        assert [path_of(file) for file in (one, two, three)] == [None] * 3
