"""Fixtures of the client's tests: a recording server, a client that does not wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from api_recorder import TOKEN, Recorder

from lineage.api import Api
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
