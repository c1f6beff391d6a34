"""Listings: answers that come in pages."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import aclosing
from typing import Any, TypeVar

from .progress import advancing
from .resource import Resource, decoded

_T = TypeVar("_T")
#: Pages fetched ahead: enough to keep a connection busy, few enough to hold.
AHEAD = 5


class PaginatedResource(Resource):
    """A resource whose methods give lists."""

    def _convert_json_info(self, info: dict[str, Any]) -> Any:
        """Make an entity of its JSON; as it is, unless a resource converts it."""
        return info

    def get_list_all_pages(
        self,
        method: str,
        data: Mapping[str, Any],
        progress_cb: Any = None,
        convert_json_info_cb: Callable[[dict[str, Any]], Any] | None = None,
        limit: int | None = None,
        return_first_response: bool = False,
    ) -> Any:
        """List everything, page by page.

        Args:
            method: A listing method, as `apps.list`.
            data: Its fields, sorted by id unless they set another order. With `page`,
                the listing begins there.
            progress_cb: A function of the number of entities of each page, or a
                tqdm bar.
            convert_json_info_cb: Makes an entity of its JSON.
            limit: Entities to give, at most.
            return_first_response: Give the first answer, too.

        Returns:
            The list; with `return_first_response` a pair of it and the first answer.

        Raises:
            KeyError: An answer lacks what every page has.
            RuntimeError: The instance gave another number than it announced.
            ApiError: A page could not be fetched.
        """
        body = _sorted(data)
        convert = convert_json_info_cb or self._convert_json_info
        advance = advancing(progress_cb)
        first = answer = self._call(method, body)
        total, per_page, last = first["total"], first["perPage"], first["pagesCount"]
        page = start = int(body.get("page", 1))
        found = [convert(entity) for entity in first["entities"]]
        advance(len(first["entities"]))
        while page < last and not _is_enough(found, limit):
            page += 1
            answer = self._call(method, {**body, "page": page, "per_page": per_page})
            found.extend(convert(entity) for entity in answer["entities"])
            advance(len(answer["entities"]))
        if limit is None and start == 1:
            _check_total(method, len(found), total, answer.get("total", total))
        found = found[:limit]
        return (found, first) if return_first_response else found

    def get_list_all_pages_generator(
        self,
        method: str,
        data: Mapping[str, Any],
        progress_cb: Any = None,
        convert_json_info_cb: Callable[[dict[str, Any]], Any] | None = None,
        limit: int | None = None,
        return_first_response: bool = False,  # noqa: ARG002  the platform's signature
    ) -> Iterator[list[Any]]:
        """List everything, one batch after the other.

        The server's cursor (`after`) leads from one to the next; where an answer has
        none, the number of the page does.

        Args:
            method: A listing method.
            data: Its fields, sorted by id unless they set another order.
            progress_cb: A function of the number of entities of each batch, or a
                tqdm bar.
            convert_json_info_cb: Makes an entity of its JSON.
            limit: Entities to give, at most; the last batch is cut.
            return_first_response: Without effect, as in the platform's SDK.

        Raises:
            KeyError: An answer lacks what every page has.
            RuntimeError: The instance gave another number than it announced.
            ApiError: A page could not be fetched.
        """
        body = _sorted(data)
        convert = convert_json_info_cb or self._convert_json_info
        advance = advancing(progress_cb)
        answer = self._call(method, body)
        total, given, page = answer["total"], 0, int(body.get("page", 1))
        while True:
            left = None if limit is None else limit - given
            batch = [convert(entity) for entity in answer["entities"]][:left]
            given += len(batch)
            yield batch
            advance(len(batch))
            after, page = answer.get("after"), page + 1
            is_whole = given >= total or (limit is not None and given >= limit)
            is_last = after is None and page > answer.get("pagesCount", 1)
            if is_whole or is_last:
                break
            step = {"page": page} if after is None else {"after": after}
            answer = self._call(method, {**body, **step})
        if limit is None:
            _check_total(method, given, total, answer.get("total", total))

    async def get_list_idx_page_async(
        self, method: str, data: Mapping[str, Any]
    ) -> tuple[int, list[Any]]:
        """Get one page, and how many there are.

        Args:
            method: A listing method.
            data: Its fields, with `page`.

        Raises:
            ValueError: The answer does not contain the number of pages.
            ApiError: The page could not be fetched.
        """
        answer = decoded(method, await self._api.post_async(method, dict(data)))
        if answer.get("pagesCount") is None:
            raise ValueError(f"{method}: the answer has no pagesCount")
        entities = answer.get("entities") or []
        return answer["pagesCount"], [self._convert_json_info(one) for one in entities]

    async def get_list_page_generator_async(
        self,
        method: str,
        data: Mapping[str, Any],
        pages_count: int | None = None,
        semaphore: Any = None,
    ) -> AsyncGenerator[list[Any], None]:
        """List everything, page by page in order, a few requests at one time.

        Args:
            method: A listing method.
            data: Its fields.
            pages_count: Pages to give, at most.
            semaphore: Bounds the requests at one time; the client's when left out.

        Raises:
            ValueError: The answer does not contain the number of pages.
            ApiError: A page could not be fetched.
        """
        bound = semaphore if semaphore is not None else self._api.async_semaphore()

        async def fetch(page: int) -> tuple[int, list[Any]]:
            async with bound:
                return await self.get_list_idx_page_async(
                    method, {**data, "page": page}
                )

        known, first = await fetch(1)
        yield first
        last = known if pages_count is None else min(known, pages_count)
        async with aclosing(prefetched(fetch, range(2, last + 1))) as following:
            async for _, entities in following:
                yield entities


def _sorted(data: Mapping[str, Any]) -> dict[str, Any]:
    if "sort" in data:
        return dict(data)
    return {**data, "sort": "id", "sort_order": "asc"}


def _is_enough(found: list[Any], limit: int | None) -> bool:
    return limit is not None and len(found) >= limit


def _check_total(method: str, given: int, first: int, last: int) -> None:
    """Compare with what was announced, unless the list changed while being read."""
    if given != first and first == last:
        raise RuntimeError(
            f"{method}: {given} of {first} entities came; items were missed"
        )


async def prefetched(
    fetch: Callable[[int], Awaitable[_T]], pages: Iterable[int]
) -> AsyncGenerator[_T, None]:
    """Yield each page in order while the next few are already requested.

    Requests still running are cancelled when the caller stops.
    """
    waiting: deque[asyncio.Future[_T]] = deque()
    try:
        for page in pages:
            waiting.append(asyncio.ensure_future(fetch(page)))
            if len(waiting) == AHEAD:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
