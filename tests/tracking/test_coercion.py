"""Coercion: the artifact that a value stands for."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy
import pytest

from lineage import FileInfo, Ref, SessionInfo, dataset, file, folder, project
from lineage.errors import SourceError
from lineage.tracking.coercion import flatten, info_kind, to_artifact_ref

SdkProject = namedtuple("ProjectInfo", "id name")


def _file(**fields: Any) -> FileInfo:
    empty = dict.fromkeys(FileInfo._fields)
    return FileInfo(**{**empty, **fields})


@pytest.mark.parametrize(
    ("value", "kind", "id"),
    [
        (7, "project", 7),
        ("7", "project", 7),
        (numpy.int64(7), "project", 7),
        (SdkProject(7, "demo"), "project", 7),
        (project(7), "project", 7),
        (7, "file", 7),
        ("7", "file", 7),
        ("a/b.txt", "file", "a/b.txt"),
        (Path("a/b.txt"), "file", "a/b.txt"),
        ("s3://bucket/x", "file", "s3://bucket/x"),
        (_file(id=31), "file", 31),
        (_file(path="/x"), "file", "/x"),
        (file("x", model_weight=True), "file", "x"),
        ("7", "folder", "7"),
        (PurePosixPath("/a/b"), "folder", "/a/b"),
        (folder("/a"), "folder", "/a"),
        (Ref("table", "sales.orders"), None, "sales.orders"),
        ("7", "table", "7"),
        (_file(id=3, path="/d/", is_dir=True), "folder", "/d/"),
        (SessionInfo(5, 1, 2, 3, {}), "task", 5),
        (SessionInfo(5, 1, 2, 3, {}), "app", 5),
        (dataset(7), None, 7),
        (SdkProject(7, "demo"), None, 7),
    ],
)
def test_values_of_the_kind(value: Any, kind: str | None, id: int | str) -> None:
    """Ids, digits, numpy ids, paths, Info objects (ours and the SDK's), refs."""
    target = to_artifact_ref(value, kind)
    assert target.id == id
    assert type(target.id) is type(id)
    assert target.kind == (kind or target.kind)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "project"),
        (0, "project"),
        (-1, "project"),
        (2**63, "project"),
        (2.5, "project"),
        ("word", "project"),
        ("9" * 30, "project"),
        (b"7", "project"),
        ({"id": 7}, "project"),
        (object(), "dataset"),
        (dataset(7), "project"),
        (SdkProject(7, "x"), "dataset"),
        (SdkProject(None, "x"), "project"),
        (SdkProject("x", "x"), "project"),
        ("", "file"),
        ("a\x00b", "file"),
        ("x" * 5000, "file"),
        (7, "folder"),
        (7, "table"),
        ("", "table"),
        (7, None),
        ("x", None),
        (Ref("project", 0), "project"),
    ],
)
def test_values_of_another_kind(value: Any, kind: str | None) -> None:
    """What cannot be an id of the kind is refused, and never guessed."""
    with pytest.raises(SourceError):
        to_artifact_ref(value, kind)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_bytes_are_no_path(kind: str) -> None:
    """They may be a file's content; the message says how a path is given."""
    with pytest.raises(
        SourceError, match=rf"path of a {kind}.*, got bytes; os.fsdecode"
    ):
        to_artifact_ref(b"a/b", kind)


def test_bytes_paths_are_decoded() -> None:
    """An object that gives its path as bytes names the same file."""

    class Odd:
        def __fspath__(self) -> bytes:
            return b"a/b"

    assert to_artifact_ref(Odd(), "file").id == "a/b"


@pytest.mark.parametrize(
    ("value", "items"),
    [
        (None, []),
        (5, [5]),
        ([1, None, [2, (3,)]], [1, 2, 3]),
        ({1: 2}.keys(), [1]),
        ({1: 2}.values(), [2]),
        (numpy.array([1, 2]), [1, 2]),
        (numpy.array(3), [3]),
        (SdkProject(7, "x"), [SdkProject(7, "x")]),
        ("text", ["text"]),
        (urlsplit("s3://b/k"), [urlsplit("s3://b/k")]),
        (numpy.array(["a", "b"]), ["a", "b"]),
    ],
)
def test_a_list_means_many(value: Any, items: list[Any]) -> None:
    """Lists, tuples, sets, views and arrays are many; an Info tuple is one."""
    assert list(flatten(value)) == items


def test_infos_are_known_by_their_class() -> None:
    """Whatever package an Info class comes from, its name gives the kind."""
    assert info_kind(SdkProject(1, "x")) == "project"
    assert info_kind(5) is None


class _Row(NamedTuple):
    id: int
    name: str
    path: str


@pytest.mark.parametrize(
    ("value", "kind", "id"),
    [
        ({"id": 7, "name": "P"}, "project", 7),
        ({"id": 7, "name": "P", "path": "/a"}, "file", 7),
        ({"path": "/a/b", "name": "P"}, "file", "/a/b"),
        ({"task_id": 7, "name": "P", "app_id": 3}, "app", 7),
        ({"path": "/a/", "name": "P"}, "folder", "/a/"),
        (_Row(7, "P", "/a"), "dataset", 7),
    ],
)
def test_an_info_object_is_taken_by_its_shape(
    value: Any, kind: str, id: int | str
) -> None:
    """A dict or a named tuple is one value, whose id names the declared kind."""
    (found,) = (to_artifact_ref(item, kind) for item in flatten([value]))
    assert (found.kind, found.id, found.name) == (kind, id, "P")


@pytest.mark.parametrize(
    "value",
    [{}, {"name": "P"}, {"id": {"id": 3}, "name": "P"}, {"id": "x", "name": "P"}],
)
def test_a_dict_without_an_id_is_refused(value: Any) -> None:
    """A dict that names nothing costs the edge, not the call."""
    with pytest.raises(SourceError):
        to_artifact_ref(value, "project")


def test_data_is_not_a_list_of_ids() -> None:
    """An array of numbers or a long one is refused without a look at its elements."""
    for data in (numpy.zeros(3), numpy.zeros((2, 2), int), numpy.zeros(20_000, int)):
        with pytest.raises(SourceError, match="of shape"):
            list(flatten(data))


def test_a_million_values_are_recorded_up_to_a_bound() -> None:
    """The first of too many values are recorded, and the bound is named."""
    values = flatten(list(range(1_000_000)))
    taken = [next(values) for _ in range(10_000)]
    assert taken[-1] == 9_999
    with pytest.raises(SourceError, match="more than 10000"):
        next(values)


def test_a_list_that_holds_itself_is_refused() -> None:
    """Nesting has a bound, so that a cycle ends."""
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(SourceError, match="nested"):
        list(flatten(cycle))


def test_a_wrong_value_is_not_shown_at_length() -> None:
    """The message about a value of another kind stays short, whatever the value is."""
    for value in ("x" * 1_000_000, 10**6000, 0.5):
        with pytest.raises(SourceError) as caught:
            to_artifact_ref(value, "project")
        assert len(str(caught.value)) < 200


def test_a_path_object_of_digits_is_a_path() -> None:
    """Only text can be an id by its digits."""
    assert to_artifact_ref(Path("123"), "file").id == "123"
