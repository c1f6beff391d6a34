"""Fixtures of the client's tests: a recording server, a client that does not wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from api_recorder import TOKEN, Recorder, page

from lineage.api import Api
from lineage.api.plain_requests import PlainRequests
from lineage.api.workflow import Workflow
from lineage.errors import reset_warnings


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    reset_warnings()
    monkeypatch.setenv("SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK", "1")


@pytest.fixture
def server() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture
def make_api(server: Recorder) -> Iterator[Callable[..., Api]]:
    made: list[Api] = []

    def make(address: str | None = None, **options: Any) -> Api:
        options.setdefault("retry_sleep_sec", 0)
        api = Api(address or server.address, options.pop("token", TOKEN), **options)
        made.append(api)
        return api

    yield make
    for api in made:
        api.close()


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return make_api()


@pytest.fixture
def platform(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setenv("ENV", "production")
    monkeypatch.setenv("SUPERVISELY_TASK_ID", "77")
    monkeypatch.setenv("TEAM_ID", "9")
    server.on("instance.version", {"version": "6.12.0"})
    server.on("tasks.info", {"id": 77, "teamId": 5, "status": "started"})
    server.on("projects.versions.list", page({"id": 900, "version": 4}))
    server.on("file-storage.list", [{"id": 31, "path": "/a/b.txt"}])
    return server


@pytest.fixture
def workflow(platform: Recorder, make_api: Callable[..., Api]) -> Workflow:
    return make_api().app.workflow


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each request of bytes was sent as a plain one."""
    seen: list[bool] = []
    send = PlainRequests.send

    def watch(self: PlainRequests, *args: Any) -> Any:
        position = len(seen)
        seen.append(True)
        response = send(self, *args)
        seen[position] = response is not None
        return response

    monkeypatch.setattr(PlainRequests, "send", watch)
    return seen


@pytest.fixture
def by_requests() -> Callable[[], AbstractContextManager[None]]:
    """Make `requests` send everything in a block."""

    @contextmanager
    def only_requests() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PlainRequests, "send", lambda *_: None)
            yield

    return only_requests


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without proxies, and without passwords in the home folder."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NETRC"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
