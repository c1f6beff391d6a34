"""Paging: everything once, in order, with limits and progress."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import pytest
from api_recorder import Recorder, Request, page

from lineage.api import Api
from lineage.api.pagination import AHEAD

SORT = {"sort": "id", "sort_order": "asc"}


def serve(count: int, size: int) -> Callable[[Request], Any]:
    """Answer as the platform does, by page or by token."""

    def answer(request: Request) -> Any:
        body = request.json
        first = int(body.get("after") or (int(body.get("page", 1)) - 1) * size)
        items = [{"id": i} for i in range(first, min(first + size, count))]
        following = first + size if first + size < count else None
        return {
            "total": count, "perPage": size, "pagesCount": -(-count // size),
            "entities": items, "after": following,
        }  # fmt: skip

    return answer


def ids(found: Any) -> list[int]:
    return [item["id"] for item in found]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 9, 10])
@pytest.mark.parametrize("limit", [None, 0, 1, 5, 7, 20])
def test_all_pages_give_everything_up_to_the_limit(
    server: Recorder, api: Api, count: int, limit: int | None
) -> None:
    """Both walks give the same, and no page more than needed is requested."""
    server.on("tasks.list", serve(count, 5))
    wanted = list(range(count))[:limit]
    seen: list[int] = []
    found = api.task.get_list_all_pages("tasks.list", {}, seen.append, limit=limit)
    assert ids(found) == wanted
    probed = len(server.requests)
    assert probed == max(1, -(-len(wanted) // 5))
    batches = list(api.task.get_list_all_pages_generator("tasks.list", {}, limit=limit))
    assert [i for batch in batches for i in ids(batch)] == wanted
    assert len(server.requests) - probed == probed


def test_pages_are_requested_as_by_the_sdk(server: Recorder, api: Api) -> None:
    """The first request has no page keys; later ones have page and size."""
    server.on("tasks.list", serve(12, 5))
    data = {"workspaceId": 1}
    api.task.get_list_all_pages("tasks.list", data)
    base = {"workspaceId": 1, **SORT}
    assert server.sent("tasks.list") == [
        base, {**base, "page": 2, "per_page": 5}, {**base, "page": 3, "per_page": 5},
    ]  # fmt: skip
    server.requests.clear()
    list(api.task.get_list_all_pages_generator("tasks.list", data))
    assert server.sent("tasks.list") == [
        base, {**base, "after": 5}, {**base, "after": 10},
    ]  # fmt: skip
    assert data == {"workspaceId": 1}


def test_a_listing_may_begin_later(server: Recorder, api: Api) -> None:
    """With a page of the caller's, the listing begins there, each page once."""
    server.on("tasks.list", serve(12, 5))
    found = api.task.get_list_all_pages("tasks.list", {"page": 2, "sort": "name"})
    assert ids(found) == [5, 6, 7, 8, 9, 10, 11]
    assert "sort_order" not in server.requests[0].json


def test_the_first_answer_stays_as_it_came(server: Recorder, api: Api) -> None:
    """`return_first_response` gives the first page, and only that."""
    server.on("tasks.list", serve(7, 5))
    found, first = api.task.get_list_all_pages(
        "tasks.list", {}, return_first_response=True
    )
    assert (len(found), len(first["entities"])) == (7, 5)


def test_entities_are_converted(server: Recorder, api: Api) -> None:
    """By the caller's function, or by the class's own."""
    server.on("apps.list", page({"id": 1}))
    assert api.app.get_list_all_pages("apps.list", {})[0].id == 1
    made = api.app.get_list_all_pages("apps.list", {}, None, lambda x: x["id"] + 1)
    assert made == [2]


class Bar:
    def __init__(self) -> None:
        self.total = 0

    def update(self, count: int) -> None:
        self.total += count


def test_progress_is_a_callable_or_a_bar(server: Recorder, api: Api) -> None:
    """Both get the number of entities of each page."""
    server.on("tasks.list", serve(7, 5))
    bar, seen = Bar(), []
    api.task.get_list_all_pages("tasks.list", {}, bar)
    list(api.task.get_list_all_pages_generator("tasks.list", {}, seen.append))
    assert bar.total == 7
    assert seen == [5, 2]


def test_a_listing_without_a_cursor_is_listed_by_page_numbers(
    server: Recorder, api: Api
) -> None:
    """The generator lists everything also where the server gives no `after`."""

    def answer(request: Any) -> Any:
        number = request.json.get("page", 1)
        return page({"id": number}, total=3, pagesCount=3, after=None)

    server.on("tasks.list", answer)
    batches = api.task.get_list_all_pages_generator("tasks.list", {})
    assert [one["id"] for batch in batches for one in batch] == [1, 2, 3]


def test_missing_entities_are_an_error(server: Recorder, api: Api) -> None:
    """Fewer than announced is an error, unless the list changed meanwhile."""
    server.on("tasks.list", page({"id": 1}, total=3))
    with pytest.raises(RuntimeError, match="1 of 3"):
        api.task.get_list_all_pages("tasks.list", {})
    with pytest.raises(RuntimeError):
        list(api.task.get_list_all_pages_generator("tasks.list", {}))
    server.on(
        "tasks.list",
        page({"id": 1}, total=3, pagesCount=2),
        page({"id": 2}, total=2, pagesCount=2),
    )
    assert ids(api.task.get_list_all_pages("tasks.list", {})) == [1, 2]


@pytest.mark.parametrize("missing", ["total", "perPage", "pagesCount", "entities"])
def test_what_every_page_has(server: Recorder, api: Api, missing: str) -> None:
    """A page without its keys is a KeyError."""
    answer = page({"id": 1})
    del answer[missing]
    server.on("tasks.list", answer)
    with pytest.raises(KeyError):
        api.task.get_list_all_pages("tasks.list", {})


async def collected(api: Api, data: Any, **options: Any) -> list[int]:
    found: list[int] = []
    async for batch in api.task.get_list_page_generator_async(
        "tasks.list", data, **options
    ):
        found += ids(batch)
    await api.aclose()
    return found


@pytest.mark.parametrize("has_httpx", [True, False])
@pytest.mark.parametrize("pages", [None, 1, 2, 99])
async def test_pages_come_in_order_from_an_event_loop(
    server: Recorder,
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    has_httpx: bool,
    pages: int | None,
) -> None:
    """With and without httpx, bounded by pages; the caller's dict stays."""
    if not has_httpx:
        monkeypatch.setitem(__import__("sys").modules, "httpx", None)
    server.on("tasks.list", serve(60, 5))
    data = {"a": {"b": 1}}
    before = copy.deepcopy(data)
    found = await collected(api, data, pages_count=pages)
    assert found == list(range(60))[: None if pages is None else pages * 5]
    assert data == before
    assert server.requests[0].json == {"a": {"b": 1}, "page": 1}


async def test_a_caller_who_stops_leaves_nothing_running(
    server: Recorder, api: Api
) -> None:
    """What was fetched ahead is cancelled."""
    server.on("tasks.list", serve(500, 5))
    pages = api.task.get_list_page_generator_async(
        "tasks.list", {}, semaphore=asyncio.Semaphore(2)
    )
    await anext(pages)
    await anext(pages)
    await pages.aclose()
    await api.aclose()
    assert len(server.requests) <= AHEAD + 1
    assert len(asyncio.all_tasks()) == 1


async def test_a_page_without_a_count_is_an_error(server: Recorder, api: Api) -> None:
    """The number of pages must be given; entities may be missing."""
    server.on("tasks.list", {"entities": []}, {"pagesCount": 3})
    with pytest.raises(ValueError, match="pagesCount"):
        await api.task.get_list_idx_page_async("tasks.list", {})
    assert await api.task.get_list_idx_page_async("tasks.list", {}) == (3, [])
    await api.aclose()
