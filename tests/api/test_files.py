"""Files: uploads, and downloads that are whole or are not there."""

from __future__ import annotations

import gzip
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from api_recorder import Recorder, Reply, Request, reset

from lineage.api import Api
from lineage.api.atomic_download import check_length
from lineage.api.errors import ApiError, HttpError
from lineage.api.streams import Download
from lineage.api.task_output import file_hash
from lineage.errors import NotFoundError

GIT = "ecosystem.file.download"
GET = "file-storage.download"
CONTENT = os.urandom(300_000)


class Shop:
    """Serves a body by Range, breaking after so many bytes at each attempt."""

    def __init__(self, *breaks: int | None, ranges: bool = True) -> None:
        self.breaks = list(breaks)
        self.ranges = ranges
        self.probed: list[str | None] = []

    def __call__(self, request: Request) -> Reply:
        value = request.headers.get("Range")
        self.probed.append(value)
        start, end = 0, len(CONTENT) - 1
        if value and self.ranges:
            first, _, last = value.removeprefix("bytes=").partition("-")
            start, end = int(first), int(last) if last else end
        body = CONTENT[start : end + 1]
        head = f'Content-Length: {len(body)}\r\nETag: "v1"\r\n'
        status = "200 OK"
        if value and self.ranges:
            status = "206 Partial Content"
            head += f"Content-Range: bytes {start}-{end}/{len(CONTENT)}\r\n"
        cut = self.breaks.pop(0) if self.breaks else None

        def send(connection: socket.socket) -> None:
            connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode())
            connection.sendall(body[:cut])
            connection.close()

        return Reply(raw=send)


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    "breaks", [(), (1,), (100_000,), (100_000, 1), (0, 0, 70_000, 0, 5)]
)
def test_a_broken_download_is_resumed(
    server: Recorder, api: Api, tmp_path: Path, ranges: bool, breaks: tuple[int, ...]
) -> None:
    """No byte is lost or doubled, whether the server knows ranges or not."""
    shop = Shop(*breaks, ranges=ranges)
    server.on(GET, shop)
    seen: list[int] = []
    target = tmp_path / "new" / "a.bin"
    api.file.download(9, "/a.bin", str(target), progress_cb=seen.append)
    assert target.read_bytes() == CONTENT
    assert sum(seen) == len(CONTENT)
    assert server.requests[0].json == {"teamId": 9, "path": "/a.bin"}
    assert shop.probed[0] is None
    assert list(target.parent.iterdir()) == [target]
    if breaks == (100_000,):
        assert shop.probed[1] == "bytes=100000-"
        assert server.requests[1].headers["If-Range"] == '"v1"'


def test_breaks_without_progress_come_to_an_end(
    server: Recorder, make_api: Callable[..., Api], tmp_path: Path
) -> None:
    """A server that never sends a byte is given up; the old file stays."""
    server.on(GET, Shop(*[0] * 50))
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with pytest.raises(ApiError):
        make_api(retry_count=3).file.download(9, "/a.bin", str(target))
    assert target.read_bytes() == b"old"
    assert list(tmp_path.glob("*.part")) == []
    assert list(tmp_path.glob(".*.part")) == []


def test_a_stream_gives_a_range(server: Recorder, api: Api) -> None:
    """`stream` keeps to its first and last byte, also when it breaks."""
    shop = Shop(10)
    server.on(GET, shop)
    chunks = list(api.stream(GET, "POST", {"x": 1}, range_start=5, range_end=99))
    assert b"".join(chunk for chunk, _ in chunks) == CONTENT[5:100]
    assert shop.probed == ["bytes=5-99", "bytes=15-99"]
    server.on(GET, Shop())
    chunks = list(api.stream(GET, "GET", {"x": 1}, range_start=0, range_end=3))
    assert b"".join(chunk for chunk, _ in chunks) == CONTENT[:4]
    assert server.requests[-1].headers["Range"] == "bytes=0-3"
    assert server.requests[-1].query == "x=1"


async def test_a_stream_from_an_event_loop(server: Recorder, api: Api) -> None:
    """The same bytes, resumed in the same way, read in a thread."""
    server.on(GET, Shop(10))
    found = b""
    async for chunk, _ in api.stream_async(GET, "POST", {}, range_start=5):
        found += chunk
    assert found == CONTENT[5:]


def test_a_server_that_ignores_ranges_is_cut(server: Recorder, api: Api) -> None:
    """Bytes that were not requested are not handed over."""
    server.on(GET, Shop(ranges=False))
    chunks = list(api.stream(GET, "POST", {}, range_start=5, range_end=9))
    assert b"".join(chunk for chunk, _ in chunks) == CONTENT[5:10]


def test_a_stream_knows_the_servers_checksum(server: Recorder, api: Api) -> None:
    """The header of the checksum comes with each chunk."""
    headers = {"x-content-checksum-sha256": "abc"}
    server.on(GET, Reply(body=b"12", headers=headers))
    assert list(api.stream(GET, "post", {})) == [(b"12", "abc")]


def test_a_range_with_a_hole_is_an_error(server: Recorder, api: Api) -> None:
    """An answer that begins too late is refused."""
    server.on(GET, Reply(206, b"x", {"Content-Range": "bytes 9-9/10"}))
    with pytest.raises(ApiError, match="from 9"):
        list(api.stream(GET, "POST", {}, range_start=5))


def test_a_refused_stream_raises_the_reason(server: Recorder, api: Api) -> None:
    """The status and the server's words, rather than an unread body."""
    server.on(GET, Reply(403, b'{"error": "e", "details": {"message": "no"}}'))
    with pytest.raises(HttpError, match="no"):
        list(api.stream(GET, "POST", {}))


def test_raise_error_does_not_resume(server: Recorder, api: Api) -> None:
    """The first break is the last."""
    server.on(GET, Shop(10))
    with pytest.raises(ApiError):
        list(api.stream(GET, "POST", {}, raise_error=True))
    assert len(server.requests) == 1


def test_gzip_on_the_way_is_no_short_file(
    server: Recorder, api: Api, tmp_path: Path
) -> None:
    """A body that was packed for the way is unpacked, and whole."""
    body = gzip.compress(CONTENT)
    server.on(GIT, Reply(body=body, headers={"Content-Encoding": "gzip"}))
    api.app.download_git_file(1, str(tmp_path / "x"), file_path="x")
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_a_packed_body_that_breaks_is_requested_again(
    server: Recorder, api: Api, tmp_path: Path
) -> None:
    """Where a server packs, ranges would count other bytes: the whole comes again."""
    body = gzip.compress(CONTENT)
    head = f"Content-Length: {len(body)}\r\nContent-Encoding: gzip\r\n\r\n".encode()

    def cut(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + body[:200_000])
        connection.close()

    server.on(GET, Reply(raw=cut), Reply(body=body, headers={
        "Content-Encoding": "gzip"}))  # fmt: skip
    api.file.download(9, "/a", str(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert "Range" not in server.requests[1].headers
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("kwargs", "body"),
    [
        ({"file_path": "a"}, {"moduleId": 1, "filePath": "a"}),
        ({"file_key": "k", "app_id": 2, "version": "v"},
         {"moduleId": 1, "version": "v", "appId": 2, "fileKey": "k"}),
    ],
)  # fmt: skip
def test_git_files_are_requested_as_by_the_sdk(
    server: Recorder, api: Api, tmp_path: Path, kwargs: Any, body: Any
) -> None:
    """What is None is left out."""
    server.on(GIT, b"content")
    api.app.download_git_file(1, str(tmp_path / "f"), **kwargs)
    assert server.last(GIT) == body
    assert list(server.last(GIT)) == list(body)
    assert (tmp_path / "f").read_bytes() == b"content"
    assert oct((tmp_path / "f").stat().st_mode & 0o600) == "0o600"


@pytest.mark.parametrize("app_id", [None, 3])
def test_archives_are_checked(
    server: Recorder, api: Api, tmp_path: Path, app_id: int | None
) -> None:
    """A good archive is moved into place; a damaged one leaves what was there."""
    target = tmp_path / "a.tar.gz"
    server.on(GIT, gzip.compress(b"files"))
    api.app.download_git_archive(1, app_id, None, str(target))
    whole = target.read_bytes()
    expected: dict[str, Any] = {"moduleId": 1, "version": None, "isArchive": True}
    assert server.last(GIT) == expected | ({"appId": 3} if app_id else {})
    for damaged in (whole[:-4], b"nothing", whole[:5]):
        server.on(GIT, damaged)
        with pytest.raises(OSError, match="damaged"):
            api.app.download_git_archive(1, app_id, None, str(target))
    assert target.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [target]


def test_a_download_that_breaks_for_good_is_an_oserror(
    server: Recorder, make_api: Callable[..., Api], tmp_path: Path
) -> None:
    """A file that did not come whole is not there."""
    server.on(GIT, Shop(*[0] * 9))
    with pytest.raises(OSError, match="nothing was kept"):
        make_api(retry_count=2).app.download_git_file(
            1, str(tmp_path / "f"), file_path="f", log_progress=False
        )
    assert list(tmp_path.iterdir()) == []


def test_progress_is_silent_without_tqdm(
    server: Recorder,
    api: Api,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither a missing tqdm nor a missing terminal makes noise."""
    server.on(GIT, b"x")
    api.app.download_git_file(1, str(tmp_path / "a"), file_path="f")
    monkeypatch.setitem(sys.modules, "tqdm", None)
    api.app.download_git_file(1, str(tmp_path / "b"), file_path="f")
    assert capsys.readouterr() == ("", "")


def names(tmp_path: Path, *contents: bytes) -> list[str]:
    paths = []
    for index, content in enumerate(contents):
        path = tmp_path / f"f{index}"
        path.write_bytes(content)
        paths.append(str(path))
    return paths


def test_task_files_go_only_where_they_are_new(
    server: Recorder, api: Api, tmp_path: Path
) -> None:
    """Known content is added by its hash, for each name; the rest is uploaded."""
    paths = names(tmp_path, b"known", b"new", b"known")
    hashes = [file_hash(path) for path in paths]
    server.on("images.internal.hashes.list", [hashes[0]])
    server.on("tasks.files.bulk.upload", Reply(502), {})
    seen: list[int] = []
    api.task.upload_files(5, paths, ["a", "b", "c"], seen.append)
    assert server.methods[:2] == [
        "images.internal.hashes.list", "tasks.files.bulk.add-by-hash",
    ]  # fmt: skip
    assert sorted(server.requests[0].json) == sorted(set(hashes))
    assert server.requests[1].json == {
        "taskId": 5,
        "files": [{"name": "a", "hash": hashes[0]}, {"name": "c", "hash": hashes[2]}],
    }
    form = server.requests[-1]
    assert form.headers["x-task-id"] == "5"
    assert b'name="1"\r\n\r\n{"fullpath": "b", "hash": "' in form.body
    assert b'name="1-file"; filename="b"\r\n\r\nnew\r\n' in form.body
    assert b"known" not in form.body
    assert sum(seen) == 3


def test_task_files_go_in_batches(server: Recorder, api: Api, tmp_path: Path) -> None:
    """Fifty files to a request; nothing is sent for none, or for known ones."""
    paths = names(tmp_path, *(str(i).encode() for i in range(60)))
    server.on("images.internal.hashes.list", [])
    api.task.upload_files(5, paths, paths)
    assert server.methods.count("tasks.files.bulk.upload") == 2
    server.requests.clear()
    server.on("images.internal.hashes.list", lambda r: r.json)
    api.task.upload_files(5, paths, paths)
    assert server.methods.count("tasks.files.bulk.add-by-hash") == 2
    assert "tasks.files.bulk.upload" not in server.methods
    server.requests.clear()
    api.task.upload_files(5, [], [])
    assert server.requests == []


def test_team_files(server: Recorder, api: Api) -> None:
    """Lists, look-ups and existence are read from `file-storage.list`."""
    entry = {"id": 1, "path": "/a/b", "meta": {"size": 3, "ext": "txt"}}
    server.on("file-storage.list", [entry])
    assert api.file.list(9, "/a", recursive=False) == [entry]
    assert server.last("file-storage.list") == {
        "teamId": 9, "path": "/a/", "recursive": False,
    }  # fmt: skip
    found = api.file.list(9, "/a/", return_type="fileinfo")[0]
    assert (found.sizeb, found.ext, found.mime) == (3, "txt", None)
    assert api.file.exists(9, "/a/b")
    assert not api.file.exists(9, "/a")
    assert api.file.get_info_by_path(9, "/a/b") == found
    assert api.file.get_info_by_path(9, "/a") is None
    server.on("file-storage.info", entry)
    assert api.file.get_info_by_id(1) == found
    api.file.remove(9, "/a/b")
    assert server.last("file-storage.remove") == {"teamId": 9, "path": "/a/b"}


def test_team_files_are_uploaded_in_groups(
    server: Recorder, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is a triple of name, folder and content; groups keep to a size."""
    monkeypatch.setattr("lineage.api.file._GROUP", 5)
    paths = names(tmp_path, b"one", b"four", b"")
    method = "file-storage.bulk.upload"
    server.on(method, [{"id": 1}], [{"id": 2}, {"id": 3}])
    seen: list[int] = []
    targets = ["/a/x", "/b/c/y", "/z"]
    found = api.file.upload_bulk(9, paths, targets, seen.append)
    assert [info.id for info in found] == [1, 2, 3]
    assert seen == [3, 4]
    first, second = server.requests
    assert first.query == "teamId=9"
    assert b'name="name"\r\n\r\nx\r\n' in first.body
    assert b'name="path"\r\n\r\n/a/\r\n' in first.body
    kind = b"Content-Type: application/octet-stream"
    assert b'name="file"; filename="x"\r\n' + kind + b"\r\n\r\none" in first.body
    assert b'name="path"\r\n\r\n/b/c/\r\n' in second.body
    assert b'name="path"\r\n\r\n/\r\n' in second.body
    server.on(method, [{"id": 4}])
    assert api.file.upload(9, paths[0], "/a/x").id == 4
    assert api.file.upload_bulk(9, [], []) == []


class Cache:
    """A file cache with the SDK's three methods."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def check_storage_object(self, key: str, _: str) -> str | None:
        return key if key in self.kept else None

    def write_object(self, path: str, key: str) -> None:
        self.kept[key] = Path(path).read_bytes()

    def read_object(self, key: str, path: str) -> None:
        Path(path).write_bytes(self.kept[key])


def test_a_cache_spares_the_second_download(
    server: Recorder, api: Api, tmp_path: Path
) -> None:
    """What is in the caller's cache is not downloaded."""
    server.on("file-storage.list", [{"id": 1, "path": "/a", "hash": "h"}])
    server.on(GET, b"content")
    cache, target = Cache(), tmp_path / "a"
    for _ in range(2):
        api.file.download(9, "/a", str(target), cache)
        assert target.read_bytes() == b"content"
    assert server.methods.count(GET) == 1
    with pytest.raises(NotFoundError):
        api.file.download(9, "/b", str(target), cache)


def test_a_download_knows_where_it_is(server: Recorder, api: Api) -> None:
    """Its position and its length can be looked at on the way."""
    server.on(GET, Reply(raw=reset), b"12345")
    download = Download(api, "POST", GET, {})
    assert b"".join(download.chunks()) == b"12345"
    assert (download.position, download.total) == (5, 5)


def test_a_file_of_another_length_is_not_kept() -> None:
    """What was announced must have come."""
    with pytest.raises(OSError, match="2 bytes of 3"):
        check_length(2, 3, "f")
    check_length(2, None, "f")
