"""Team Files: real bytes under paths."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from instance_fixture import InstanceFixture, form


def upload(instance: InstanceFixture, path: str, content: bytes) -> dict[str, object]:
    """Upload one file through a form."""
    folder, _, name = path.rpartition("/")
    parts = [
        ("name", None, name.encode()),
        ("path", None, f"{folder}/".encode()),
        ("file", name, content),
    ]
    raw, headers = form(parts)
    answer = instance.send(
        "file-storage.bulk.upload", raw=raw, headers=headers, query={"teamId": "1"}
    )
    assert answer.status == 200, answer.content()
    return json.loads(answer.content())[0]


def test_an_uploaded_file_is_shown_with_its_hash_and_size(
    instance: InstanceFixture,
) -> None:
    """A file is shown with the platform's hash, its size and its place."""
    content = b"line\r\n--mark\r\n\x00binary" * 1000
    file = upload(instance, "/data/set/a.bin", content)
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert file["hash"] == digest
    assert file["path"] == "/data/set/a.bin"
    assert file["meta"] == {
        "mime": "application/octet-stream",
        "ext": "bin",
        "size": len(content),
    }
    assert instance.call("file-storage.info", {"id": str(file["id"])}) == file


def test_a_downloaded_file_is_what_was_uploaded(instance: InstanceFixture) -> None:
    """The bytes come back exactly, with their length and without an encoding."""
    content = bytes(range(256)) * 500
    upload(instance, "/a.bin", content)
    answer = instance.send("file-storage.download", {"teamId": 1, "path": "/a.bin"})
    assert answer.content() == content
    assert answer.headers["content-length"] == str(len(content))
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("header", "expected"),
    [("bytes=2-4", b"cde"), ("bytes=-3", b"hij"), ("bytes=7-", b"hij"),
     ("bytes=5-99", b"fghij")],
)  # fmt: skip
def test_a_range_of_a_file_is_sent_alone(
    instance: InstanceFixture, header: str, expected: bytes
) -> None:
    """A byte range answers 206 with just those bytes."""
    upload(instance, "/r.bin", b"abcdefghij")
    answer = instance.send(
        "file-storage.download",
        {"teamId": 1, "path": "/r.bin"},
        headers={"range": header},
    )
    assert answer.status == 206
    assert answer.content() == expected
    assert answer.headers["content-range"].endswith("/10")


def test_a_range_beyond_the_end_is_refused(instance: InstanceFixture) -> None:
    """A range outside of the file answers 416 with the file's size."""
    upload(instance, "/r.bin", b"abc")
    answer = instance.send(
        "file-storage.download",
        {"teamId": 1, "path": "/r.bin"},
        headers={"range": "bytes=5-9"},
    )
    assert answer.status == 416
    assert answer.headers["content-range"] == "bytes */3"


def test_a_file_replaced_keeps_one_path(instance: InstanceFixture) -> None:
    """A path uploaded twice holds the newer bytes and is listed once."""
    upload(instance, "/x/a.txt", b"old")
    newer = upload(instance, "/x/a.txt", b"new")
    listed = instance.call(
        "file-storage.list", {"teamId": 1, "path": "/x", "recursive": 1}
    )
    assert [file["id"] for file in listed] == [newer["id"]]
    answer = instance.send("file-storage.download", {"teamId": 1, "path": "/x/a.txt"})
    assert answer.content() == b"new"


def test_a_listing_is_a_bare_array_by_prefix(instance: InstanceFixture) -> None:
    """A folder lists what is below it and nothing beside it; a file lists itself."""
    for path in ("/a/1.txt", "/a/b/2.txt", "/ab.txt"):
        upload(instance, path, b"x")

    def paths(path: str, *, recursive: bool = True) -> list[str]:
        given = {"teamId": "1", "path": path, "recursive": recursive}
        return [file["path"] for file in instance.call("file-storage.list", given)]

    assert sorted(paths("/a")) == ["/a/1.txt", "/a/b/2.txt"]
    assert paths("/a/1.txt") == ["/a/1.txt"]
    assert sorted(paths("/a/", recursive=False)) == ["/a/1.txt", "/a/b/"]
    assert len(paths("/")) == 3


def test_removed_files_are_gone(instance: InstanceFixture) -> None:
    """A removed folder takes its files with it, and no other."""
    for path in ("/a/1.txt", "/a/b/2.txt", "/c.txt"):
        upload(instance, path, b"x")
    instance.call("file-storage.bulk.remove", {"teamId": 1, "paths": ["/a/"]})
    instance.call("file-storage.remove", {"teamId": 1, "path": "/none.txt"})
    left = instance.call("file-storage.list", {"teamId": 1, "path": "/"})
    assert [file["path"] for file in left] == ["/c.txt"]


@pytest.mark.parametrize("path", ["/../etc/passwd", "a/../../b", "/x\ny", "/a/.."])
def test_paths_that_lead_outside_are_refused(
    instance: InstanceFixture, path: str
) -> None:
    """A path with `..` or control characters is refused by every method."""
    for method in ("file-storage.list", "file-storage.download", "file-storage.remove"):
        status, details = instance.refusal(method, {"teamId": 1, "path": path})
        assert (status, details["field"]) == (400, "path")


def test_a_raw_body_is_kept_under_its_path(instance: InstanceFixture) -> None:
    """Bare bytes with a path in the query make one file."""
    answer = instance.send(
        "file-storage.upload", raw=b"raw", query={"teamId": "1", "path": "/r/f.bin"}
    )
    assert json.loads(answer.content())["path"] == "/r/f.bin"


def test_a_form_that_breaks_off_leaves_nothing(instance: InstanceFixture) -> None:
    """A form cut in the middle of its second file is refused whole."""
    raw, headers = form([("path", None, b"/a/"), ("file", "1", b"x" * 99)] * 2)
    status, _ = instance.refusal(
        "file-storage.bulk.upload",
        raw=raw[:-60],
        headers=headers,
        query={"teamId": "1"},
    )
    assert status == 400
    assert instance.call("file-storage.list", {"teamId": 1, "path": "/"}) == []


def test_hashes_show_which_bytes_are_there(instance: InstanceFixture) -> None:
    """Known hashes come back; unknown ones and nonsense do not."""
    file = upload(instance, "/a.bin", b"known")
    value = [file["hash"], base64.b64encode(b"0" * 32).decode(), "nonsense"]
    assert instance.call("images.internal.hashes.list", value) == [file["hash"]]


def test_an_agents_folder_is_empty(instance: InstanceFixture) -> None:
    """There are no agents here, so nothing is listed."""
    given = {"id": 3, "teamId": 1, "path": "/a/"}
    assert instance.call("agents.storage.list", given) == []
