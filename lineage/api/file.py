"""`api.file`: files of Team Files."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from ..errors import NotFoundError
from ..model.platform_types import FILE_FIELDS, FileInfo
from .atomic_download import aside, check_length, write_chunks
from .bodies import BodyPart, multipart
from .lookups import is_uri
from .progress import advancing
from .resource import Resource, decoded
from .streams import Download

#: Bytes of one upload request, about.
_GROUP = 20 * 1024 * 1024
#: Files of a folder in one group, at most, as the platform's SDK has it.
_FOLDER_GROUP = 50


class FileApi(Resource):
    """Files of Team Files; bound as `api.file`."""

    InfoType = FileInfo

    @staticmethod
    def info_sequence() -> list[Any]:
        """Describe the fields of `FileInfo`, as the platform's SDK does."""
        return [field.descriptor for field in FILE_FIELDS]

    def list(
        self,
        team_id: int,
        path: str,
        recursive: bool = True,
        return_type: Literal["dict", "fileinfo"] = "dict",
    ) -> Any:
        """List a folder; endpoint `file-storage.list`.

        Args:
            team_id: The team.
            path: The folder, or one file.
            recursive: Also what lies in its folders.
            return_type: `dict` (as the platform has it) or `fileinfo`.

        Raises:
            ValueError: `return_type` is something else.
            ApiError: The list could not be fetched.
        """
        if return_type not in ("dict", "fileinfo"):
            raise ValueError(f"return_type is dict or fileinfo, got {return_type!r}")
        if not recursive and not path.endswith("/"):
            path += "/"
        body = {"teamId": team_id, "path": path, "recursive": recursive}
        found = self._call("file-storage.list", body)
        if return_type == "dict":
            return found
        return [FileInfo.from_json(entry) for entry in found]

    def get_info_by_id(self, id: int) -> FileInfo:
        """Return a file; endpoint `file-storage.info`.

        Args:
            id: The id of the file.

        Raises:
            ApiError: It could not be fetched; 404 when there is no such file.
        """
        return FileInfo.from_json(self._call("file-storage.info", {"id": id}))

    def get_info_by_path(self, team_id: int, remote_path: str) -> FileInfo | None:
        """Find a file by its path; endpoint `file-storage.list`.

        Args:
            team_id: The id of the team.
            remote_path: The path in Team Files.

        Returns:
            None when nothing is there.

        Raises:
            ApiError: The list could not be fetched.
        """
        for entry in self.list(team_id, remote_path):
            if entry["path"] == remote_path:
                return FileInfo.from_json(entry)
        return None

    def exists(self, team_id: int, remote_path: str, recursive: bool = True) -> bool:
        """Whether a file is there; endpoint `file-storage.list`.

        Args:
            team_id: The id of the team.
            remote_path: The path in Team Files.
            recursive: Whether files in folders below are looked through.

        Raises:
            ApiError: The list could not be fetched.
        """
        found = self.list(team_id, remote_path, recursive)
        return any(entry["path"] == remote_path for entry in found)

    def dir_exists(
        self, team_id: int, remote_directory: str, recursive: bool = True
    ) -> bool:
        """Whether a folder has something in it; endpoint `file-storage.list`.

        Args:
            team_id: The id of the team.
            remote_directory: The folder in Team Files.
            recursive: Whether files in folders below count.

        Raises:
            ApiError: The list could not be fetched.
        """
        return len(self.list(team_id, remote_directory, recursive)) > 0

    def get_free_name(self, team_id: int, path: str) -> str:
        """Return a path that no file has; endpoint `file-storage.list`.

        Args:
            team_id: The id of the team.
            path: The path to begin with; a number is added where it is taken.

        Returns:
            `path`, or the same with `_000`, `_001` … before its suffix.

        Raises:
            ApiError: The list could not be fetched.
        """
        wanted = PurePosixPath(path)
        free, number = str(wanted), 0
        while self.exists(team_id, free):
            free = str(wanted.with_name(f"{wanted.stem}_{number:03d}{wanted.suffix}"))
            number += 1
        return free

    def get_free_dir_name(self, team_id: int, dir_path: str) -> str:
        """Return a path that no folder has; endpoint `file-storage.list`.

        Args:
            team_id: The team.
            dir_path: The folder's path.

        Returns:
            `dir_path` without its last slash, or the same with `_000`, `_001` …

        Raises:
            ApiError: The list could not be fetched.
        """
        wanted = dir_path.rstrip("/")
        if not self.dir_exists(team_id, f"{wanted}/"):
            return wanted
        low, high = 0, 1
        while self.dir_exists(team_id, f"{wanted}_{high:03d}/"):
            low, high = high, 2 * high
        while low < high:
            middle = (low + high) // 2
            if self.dir_exists(team_id, f"{wanted}_{middle:03d}/"):
                low = middle + 1
            else:
                high = middle
        return f"{wanted}_{low:03d}"

    def get_url(self, file_id: int) -> str:
        """Return the address of a file within the instance.

        Args:
            file_id: The file's id.
        """
        return f"/files/{file_id}"

    def listdir(self, team_id: int, path: str, recursive: bool = False) -> Any:
        """List the paths in a folder; endpoint `file-storage.list`.

        Args:
            team_id: The team.
            path: The folder.
            recursive: Also what lies in its folders.

        Raises:
            ApiError: The list could not be fetched.
        """
        return [entry["path"] for entry in self.list(team_id, path, recursive)]

    def upload_directory(
        self,
        team_id: int,
        local_dir: str,
        remote_dir: str,
        change_name_if_conflict: bool | None = True,
        progress_size_cb: Any = None,
        replace_if_conflict: bool | None = False,
    ) -> str:
        """Upload a folder with all of its files, by `file-storage.bulk.upload`.

        Args:
            team_id: The team.
            local_dir: The folder on this machine.
            remote_dir: Its path in Team Files.
            change_name_if_conflict: Where it is taken, use a free name (see
                `get_free_dir_name`).
            progress_size_cb: A function of the bytes that are done (or a tqdm bar).
            replace_if_conflict: Where it is taken, replace files of equal names.

        Returns:
            The path that it has in Team Files.

        Raises:
            FileExistsError: It is taken, and neither option is set.
            OSError: A file cannot be read.
            ApiError: It could not be uploaded.
        """
        remote = remote_dir
        if not remote.startswith("/") and not is_uri(remote):
            remote = f"/{remote}"
        if self.dir_exists(team_id, remote):
            if change_name_if_conflict:
                remote = self.get_free_dir_name(team_id, remote)
            elif not replace_if_conflict:
                raise FileExistsError(f"{remote} is already in team {team_id}")
        root = Path(local_dir)
        sources = sorted(path for path in root.rglob("*") if path.is_file())
        targets = [
            f"{remote.rstrip('/')}/{path.relative_to(root).as_posix()}"
            for path in sources
        ]
        for start in range(0, len(sources), _FOLDER_GROUP):
            part = slice(start, start + _FOLDER_GROUP)
            paths = [str(path) for path in sources[part]]
            self.upload_bulk(team_id, paths, targets[part], progress_size_cb)
        return remote

    def upload(
        self, team_id: int, src: str, dst: str, progress_cb: Any = None
    ) -> FileInfo:
        """Upload a file; endpoint `file-storage.bulk.upload`.

        Args:
            team_id: The team.
            src: The local file.
            dst: Its path in Team Files.
            progress_cb: Called with the bytes that are done (or a tqdm bar).

        Raises:
            OSError: The file cannot be read.
            ApiError: It could not be uploaded.
        """
        info: FileInfo = self.upload_bulk(team_id, [src], [dst], progress_cb)[0]
        return info

    def upload_bulk(
        self,
        team_id: int,
        src_paths: Any,
        dst_paths: Any,
        progress_cb: Any = None,
    ) -> Any:
        """Upload files in groups of about 20 MiB; see `upload`.

        Args:
            team_id: The id of the team.
            src_paths: Paths on this machine.
            dst_paths: Paths in Team Files, in the same order.
            progress_cb: Called with the bytes of each part that was sent.

        Returns:
            Their infos, in order.

        Raises:
            ValueError: There are more sources than targets, or fewer.
            OSError: A file cannot be read.
            ApiError: They could not be uploaded.
        """
        if len(src_paths) != len(dst_paths):
            raise ValueError(f"{len(src_paths)} sources, but {len(dst_paths)} targets")
        advance = advancing(progress_cb)
        infos = []
        for group, size in _groups(src_paths, dst_paths):
            method = f"file-storage.bulk.upload?teamId={team_id}"
            response = self._api.post(method, multipart(_parts(group)))
            infos += [FileInfo.from_json(e) for e in decoded(method, response)]
            advance(size)
        return infos

    def download(
        self,
        team_id: int,
        remote_path: str,
        local_save_path: str,
        cache: Any = None,
        progress_cb: Any = None,
    ) -> None:
        """Download a file; endpoint `file-storage.download`.

        A break is resumed where it was; a file is whole, or not there.

        Args:
            team_id: The team.
            remote_path: Its path in Team Files.
            local_save_path: Where it goes; folders are made.
            cache: A file cache of the platform's SDK.
            progress_cb: Called with the bytes of each chunk (or a tqdm bar).

        Raises:
            NotFoundError: Nothing is there (checked only with `cache`).
            OSError: It came too short or too long, or cannot be written.
            ApiError: It could not be fetched.
        """
        advance = advancing(progress_cb)
        if cache is None:
            self._download(team_id, remote_path, local_save_path, advance)
            return
        info = self.get_info_by_path(team_id, remote_path)
        if info is None:
            raise NotFoundError(f"{remote_path} is not there", subject=remote_path)
        kept = cache.check_storage_object(info.hash, Path(remote_path).suffix)
        if kept is not None:
            cache.read_object(info.hash, local_save_path)
            advance(Path(local_save_path).stat().st_size)
            return
        self._download(team_id, remote_path, local_save_path, advance)
        cache.write_object(local_save_path, info.hash)

    def remove(self, team_id: int, path: str) -> None:
        """Remove a file; endpoint `file-storage.remove`.

        Args:
            team_id: The id of the team.
            path: The path in Team Files, such as `/models/best.pt`.

        Raises:
            ApiError: It could not be removed.
        """
        self._api.post("file-storage.remove", {"teamId": team_id, "path": path})

    def _download(self, team_id: int, remote: str, local: str, advance: Any) -> None:
        body = {"teamId": team_id, "path": remote}
        download = Download(self._api, "POST", "file-storage.download", body)
        with download.open() as response, aside(local) as opened:
            written = write_chunks(download.chunks(response), opened, advance)
            check_length(written, download.total, remote)


def _groups(sources: Any, targets: Any) -> Iterator[tuple[Any, int]]:
    """Return the files in groups, with the bytes of each group."""
    group: Any = []
    total = 0
    for source, target in zip(sources, targets, strict=True):
        size = Path(source).stat().st_size
        if group and total + size > _GROUP:
            yield group, total
            group, total = [], 0
        group.append((source, target))
        total += size
    if group:
        yield group, total


def _parts(group: Any) -> Any:
    """Return the three parts of each file: its name, its folder, its content."""
    parts: list[BodyPart] = []
    for source, target in group:
        path = PurePosixPath(target)
        folder = f"{str(path.parent).rstrip('/')}/"
        parts += [
            BodyPart("name", path.name),
            BodyPart("path", folder),
            BodyPart(
                "file", partial(Path(source).open, "rb"), path.name, _kind(source)
            ),
        ]
    return parts


def _kind(path: str) -> str:
    return mimetypes.guess_type(path)[0] or "application/octet-stream"
