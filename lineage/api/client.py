"""The client: one object for one instance and one token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import requests

from ..settings import Settings
from .app import AppApi
from .asynchronous import AsyncTransport
from .bodies import make_body, make_content, make_form
from .connection import Connection
from .credentials import credentials
from .dataset import DatasetApi
from .facts import FactsApi
from .file import FileApi
from .graph import GraphApi
from .labeling_job import LabelingJobApi
from .project import ProjectApi
from .register import RegisterApi
from .retry import DEFAULT_TIMEOUT_S, read_timeout
from .streams import Download
from .task import TaskApi
from .transport import Request


class Api(Connection):
    """A client of the platform, or of a lineage instance.

    No request is made before the first call. The arguments are those of `Connection`.
    """

    def _add_parts(self) -> None:
        self.asynchronous = AsyncTransport(self)
        self.app = AppApi(self)
        self.task = TaskApi(self)
        self.project = ProjectApi(self)
        self.dataset = DatasetApi(self)
        self.file = FileApi(self)
        self.labeling_job = LabelingJobApi(self)
        self.graph = GraphApi(self)
        self.facts = FactsApi(self)
        self.register = RegisterApi(self)

    @classmethod
    def from_env(
        cls,
        retry_count: int | None = 10,
        ignore_task_id: bool = False,
        env_file: str = "~/supervisely.env",
        check_instance_version: bool | str = False,
    ) -> Api:
        """Make a client by `SERVER_ADDRESS` and `API_TOKEN`.

        In development (`ENV` is not `production`) what is missing is read from a
        file; the process's environment is left as it is.

        Args:
            retry_count: Attempts of one request.
            ignore_task_id: Do not name the task in requests.
            env_file: The file with `NAME=value` lines; its name ends in `.env`.
            check_instance_version: Fetch the version now; warn when it is too old.

        Raises:
            FileNotFoundError: The file is needed and not there.
            ValueError: Its name does not end in `.env`; in production: a value is
                missing.
            KeyError: A value is missing in the file, too.
        """
        settings = Settings.from_environ(credentials(env_file))
        return cls(
            retry_count=retry_count,
            ignore_task_id=ignore_task_id,
            check_instance_version=check_instance_version,
            settings=settings,
        )

    async def post_async(
        self,
        method: str,
        json: Any = None,
        content: Any = None,
        files: Mapping[str, Any] | None = None,
        params: Any = None,
        headers: Mapping[str, str] | None = None,
        retries: int | None = None,
        raise_error: bool | None = False,
        timeout: Any = DEFAULT_TIMEOUT_S,
    ) -> requests.Response:
        """Call a method by POST from an event loop; the rules are those of `post`.

        Args:
            method: Its name, as `tasks.info`.
            json: A dict or a list.
            content: In its place, text, bytes, or what gives or reads bytes.
            files: In its place, a form: by name, an open file, bytes or text, or
                `(file name, content, content type)`.
            params: The query, as a dict, a list of pairs, or text.
            headers: Further headers.
            retries: Attempts of this call; 0 fails at once.
            raise_error: Raise the first failure; try nothing again.
            timeout: Seconds for connecting and for each wait: a number, a pair, None
                (no bound), or httpx's; 60 stands for the client's own time-outs.

        Raises:
            HttpError: The server refused the call.
            RetriesExhaustedError: Attempts or time were used up.
            UnsendableError: The request can never be sent; nothing was.
        """
        if not self._is_probed:
            await asyncio.to_thread(self._probe_https)
        if content is not None:
            body = make_content(content)
        elif files:
            body = make_form(files)
        else:
            body = make_body(method, json, self.additional_fields)
        call = Request(
            "POST",
            self.method_url(method),
            method,
            {**self.headers, **(headers or {})},
            body,
            params,
            retries,
            timeout_s=read_timeout(timeout),
            raise_first=bool(raise_error),
            secret=self.token,
        )
        return await self.asynchronous.send(call)

    def async_semaphore(self) -> asyncio.Semaphore:
        """Return the bound of requests at one time in the running event loop."""
        return self.asynchronous.semaphore()

    def stream(
        self,
        method: str,
        method_type: str,
        data: Any,
        headers: Mapping[str, str] | None = None,
        retries: int | None = None,
        range_start: int | None = None,
        range_end: int | None = None,
        raise_error: bool = False,
        chunk_size: int = 8192,
        use_public_api: bool = True,
        timeout: Any = DEFAULT_TIMEOUT_S,
    ) -> Iterator[tuple[bytes, str | None]]:
        """Call a method and yield its body in chunks, resumed where it broke.

        Args:
            method: Its name, as `file-storage.download`.
            method_type: `POST` or `GET`.
            data: The fields, or the query of a GET.
            headers: Further headers.
            retries: Breaks in a row that are endured.
            range_start: The first byte.
            range_end: The last byte, inclusive.
            raise_error: Raise at the first break.
            chunk_size: Bytes at once, at most.
            use_public_api: False: the method lies at the server's own root.
            timeout: As `post_async` has it.

        Yields:
            Each chunk with the server's SHA-256 of the whole, or None.
        """
        download = Download(
            self, method_type.upper(), method, data, headers or {},
            start=range_start or 0, end=range_end,
            retries=1 if raise_error else retries,
            chunk_size=chunk_size, is_public=use_public_api,
            timeout_s=read_timeout(timeout),
        )  # fmt: skip
        with download.open() as first:
            for chunk in download.chunks(first):
                yield chunk, download.checksum

    async def stream_async(
        self,
        method: str,
        method_type: str,
        data: Any,
        headers: Mapping[str, str] | None = None,
        retries: int | None = None,
        range_start: int | None = None,
        range_end: int | None = None,
        chunk_size: int = 8192,
        use_public_api: bool = True,
        timeout: Any = DEFAULT_TIMEOUT_S,
    ) -> AsyncIterator[tuple[bytes, str | None]]:
        """Return a method's body in chunks, read in a thread; see `stream`.

        Args:
            method: Its name, as `file-storage.download`.
            method_type: `POST` or `GET`.
            data: The fields, or the query of a GET.
            headers: Further headers.
            retries: Breaks in a row that are endured.
            range_start: The first byte.
            range_end: The last byte, inclusive.
            chunk_size: Bytes at once, at most.
            use_public_api: False: the method lies at the server's own root.
            timeout: As `post_async` has it.

        Yields:
            Each chunk with the server's SHA-256 of the whole, or None.
        """
        parts = self.stream(
            method, method_type, data, headers, retries, range_start, range_end,
            chunk_size=chunk_size, use_public_api=use_public_api, timeout=timeout,
        )  # fmt: skip
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            yield part

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self.asynchronous.close()
