"""The ASGI shell: carries requests from a server to the routes and answers back."""

# Longer than 400 lines: one application, whose parts share what it has open.

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

from ..errors import StoreError
from .authentication import Authenticator, session_of
from .authorization import OPEN, SECURITY_HEADERS, Principal
from .errors import RequestError
from .http import (
    JSON_HEADERS,
    JSON_TYPE,
    FileSpan,
    InstanceRequest,
    InstanceResponse,
)
from .json_body import MAX_NODES_SMALL, read_json
from .metrics import Metrics
from .page_secret import PageSecret
from .proxy_headers import IS_NAMED, PREFIX, App, Scope, Send
from .request_body import (
    BodyLimits,
    Disconnected,
    Receive,
    read_body,
    too_large,
    unpacked,
)
from .route import Route, WriteRequest
from .routes import (
    ROUTES,
    Routes,
    answered,
    answered_trouble,
    check_role,
    find_route,
    method_name,
    respond,
)
from .sessions import LASTS_S, Sessions, session_cookie
from .silent_task_watch import silent_tasks_end
from .text_indexer import texts_are_indexed
from .write_batcher import WriteBatcher

OwnHandler = Callable[[InstanceRequest], InstanceResponse]

access_log = logging.getLogger("lineage.access")

#: Requests answered at once by one worker; as many threads.
THREADS: Final = 32
#: Requests being worked on at once; further ones are answered 429.
MAX_RUNNING: Final = 512
#: Bytes of a body that is read and checked without a thread of its own.
SMALL: Final = 16 << 10


class InstanceApp:
    """Serves the routes, the page and the operators' endpoints.

    Args:
        routes: Answers the methods.
        authenticator: Identifies the caller.
        sessions: The page's sessions.
        page: Answers every path that is no method.
        limits: How much a request may bring.
        page_secret: Needed by every request, where the page is for one user.
        own: More paths that are no method, by verb and path.
    """

    def __init__(
        self,
        routes: Routes,
        authenticator: Authenticator,
        sessions: Sessions,
        *,
        page: App,
        limits: BodyLimits | None = None,
        page_secret: PageSecret | None = None,
        own: Mapping[tuple[str, str], OwnHandler] | None = None,
    ) -> None:
        self._routes = routes
        self._authenticator = authenticator
        self._sessions = sessions
        self._page = page
        self._limits = limits or BodyLimits()
        self._page_secret = page_secret
        self._metrics = Metrics()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="lineage-request")
        self._running = 0
        self._write_batcher = WriteBatcher(routes.services.store)
        self._own: dict[tuple[str, str], OwnHandler] = {
            ("GET", "/healthz"): self._healthz,
            ("GET", "/readyz"): self._readyz,
            ("GET", "/metrics"): self._show_metrics,
            ("POST", "/login"): self._login,
            ("POST", "/logout"): self._logout,
            **(own or {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request, or the server's lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        store = self._routes.services.store
        async with silent_tasks_end(store), texts_are_indexed(store):
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await asyncio.to_thread(self._pool.shutdown)
        await asyncio.to_thread(self._write_batcher.close)
        self._routes.services.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        self._metrics.begin()
        name, status = _name(scope), 499
        try:
            request = _request(scope)
            answer = await self._answer(request, scope, receive, send)
            status = 200 if answer is None else answer.status
            if answer is not None:
                await _send(answer, send)
        except Disconnected:
            status = 499
        finally:
            seconds = time.perf_counter() - began
            self._metrics.end(name, status, seconds)
            _log(scope, name, status, seconds)

    async def _answer(
        self, request: InstanceRequest, scope: Scope, receive: Receive, send: Send
    ) -> InstanceResponse | None:
        """Return the answer, or `None` where the page has sent its own."""
        try:
            if self._page_secret is not None:
                redirect = self._page_secret.admit(request)
                if redirect is not None:
                    return redirect
            if method_name(request.path):
                return await self._method(request, receive)
            # Probes come by a pod's address; their answers reveal nothing of the data.
            if request.path not in _PROBES:
                self._authenticator.check_place(request)
            own = self._own.get((request.verb, request.path))
            if own is None:
                await self._page(scope, receive, _secured(send))
                return None
            complete = await self._with_body(request, receive, 65_536)
            answer: InstanceResponse = await self._in_thread(own, complete)
            return answer
        except RequestError as error:
            return error.response()
        except StoreError as error:
            return answered_trouble(request, error)

    async def _method(
        self, request: InstanceRequest, receive: Receive
    ) -> InstanceResponse:
        try:
            route = find_route(request)
            # Caller and role are checked before anything of the body is read.
            principal = await self._admit(route, request)
            check_role(route, principal)
        except RequestError as error:
            raise _without_body(request, error) from error
        complete = await self._with_body(
            request, receive, self._limit(route), is_upload=route.form == "raw"
        )
        try:
            return await self._work(route, complete, principal)
        finally:
            complete.close()

    def _limit(self, route: Route) -> int:
        if route.form == "raw":
            return self._limits.upload_bytes
        limits = self._limits
        return limits.json_bytes if route.is_bulk else limits.small_bytes

    async def _work(
        self, route: Route, complete: InstanceRequest, principal: Principal
    ) -> InstanceResponse:
        """Answer a request whose body has arrived; only such requests are counted."""
        if self._running >= MAX_RUNNING:
            raise RequestError(
                429, "too many requests at once", headers={"retry-after": "1"}
            )
        self._running += 1
        try:
            if route.prepare is not None:
                prepared = await self._prepare(route, complete, principal)
                if isinstance(prepared, WriteRequest):
                    return await self._store(complete, prepared)
                if prepared is not None:
                    return prepared
            answer: InstanceResponse = await self._in_thread(
                self._routes.handle, complete, principal
            )
            return answer
        finally:
            self._running -= 1

    async def _prepare(
        self, route: Route, request: InstanceRequest, principal: Principal
    ) -> WriteRequest | InstanceResponse | None:
        work = partial(self._routes.prepare, route, request, principal)
        if _is_small(request):
            return work()
        answer: WriteRequest | InstanceResponse | None = await self._in_thread(work)
        return answer

    async def _admit(self, route: Route, request: InstanceRequest) -> Principal:
        if route.role == "none":
            self._authenticator.check_place(request)
            return OPEN
        remembered = self._authenticator.admit_remembered(request)
        if remembered is not None:
            return remembered
        admitted: Principal = await self._in_thread(self._authenticator.admit, request)
        return admitted

    async def _store(
        self, request: InstanceRequest, prepared: WriteRequest
    ) -> InstanceResponse:
        answer = await self._write_batcher.store(prepared)
        return answered(request, lambda: respond(prepared.finish(answer)))

    async def _with_body(
        self,
        request: InstanceRequest,
        receive: Receive,
        limit: int,
        *,
        is_upload: bool = False,
    ) -> InstanceRequest:
        announced = request.headers.get("content-length", "0")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
            raise too_large(limit)
        body = await read_body(receive, limit, self._limits, is_upload=is_upload)
        encoding = request.headers.get("content-encoding")
        if encoding is not None:
            body = await self._in_thread(unpacked, body, encoding, limit)
        return InstanceRequest(
            request.verb, request.path, request.query, request.headers, body,
            request.client, request.prefix, request.scheme,
            request.is_from_named_proxy,
        )  # fmt: skip

    async def _in_thread(self, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)

    def _healthz(self, _request: InstanceRequest) -> InstanceResponse:
        return _json({"status": "ok"})

    def _readyz(self, _request: InstanceRequest) -> InstanceResponse:
        with self._routes.services.store.db.read() as tx:
            # No worker of a cluster, which might be away, holds any of this table.
            tx.one("SELECT 1 FROM lineage_migrations LIMIT 1")
        return _json({"status": "ready"})

    def _show_metrics(self, request: InstanceRequest) -> InstanceResponse:
        self._authenticator.admit(request)
        return self._metrics.response()

    def _login(self, request: InstanceRequest) -> InstanceResponse:
        credentials = read_json(request, max_nodes=MAX_NODES_SMALL)
        token = credentials.get("token") if isinstance(credentials, dict) else None
        if not isinstance(token, str):
            raise RequestError(400, "a token is missing", field="token", value=token,
                          allowed="a token as text")  # fmt: skip
        secret = self._sessions.open(token, client=request.client or "")
        cookie = session_cookie(secret, LASTS_S, request)
        return _json({"ok": True}, {"set-cookie": cookie})

    def _logout(self, request: InstanceRequest) -> InstanceResponse:
        secret = session_of(request)
        if secret is not None:
            self._sessions.end(secret)
        return _json({"ok": True}, {"set-cookie": session_cookie("", 0, request)})


def _without_body(request: InstanceRequest, error: RequestError) -> RequestError:
    """Close the connection after an error, where a large body would still come."""
    announced = request.headers.get("content-length", "")
    is_short = announced.isascii() and announced.isdigit() and len(announced) < 6
    if not is_short and ("transfer-encoding" in request.headers or announced):
        error.headers.setdefault("connection", "close")
    return error


def _is_small(request: InstanceRequest) -> bool:
    return isinstance(request.body, bytes) and len(request.body) <= SMALL


def _json(
    value: dict[str, Any], headers: dict[str, str] | None = None
) -> InstanceResponse:
    kept = {"content-type": JSON_TYPE, **(headers or {})}
    return InstanceResponse(200, json.dumps(value).encode(), kept)


def _request(scope: Scope) -> InstanceRequest:
    client = scope.get("client")
    query = scope.get("query_string", b"").decode("latin-1")
    return InstanceRequest(
        verb=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        headers={
            key.decode("latin-1"): value.decode("latin-1")
            for key, value in scope["headers"]
        },
        client=client[0] if client else None,
        prefix=scope.get(PREFIX, ""),
        scheme=scope.get("scheme", "http"),
        is_from_named_proxy=scope.get(IS_NAMED, False),
    )


def _name(scope: Scope) -> str:
    """Name a request for counts and log: never by text that a client chose."""
    name = method_name(scope["path"])
    if name in ROUTES:
        return str(name)
    return scope["path"] if scope["path"] in _SHOWN else "other"


_PROBES: Final = frozenset({"/healthz", "/readyz"})
_SHOWN: Final = _PROBES | {"/", "/metrics", "/login", "/logout"}


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in {**SECURITY_HEADERS, **headers}.items()
    ]


_RAW_JSON: Final = _raw(JSON_HEADERS)


async def _send(answer: InstanceResponse, send: Send) -> None:
    is_usual = answer.headers is JSON_HEADERS
    headers = list(_RAW_JSON) if is_usual else _raw(answer.headers)
    if "content-length" not in answer.headers and isinstance(answer.body, bytes):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    start = {"type": "http.response.start", "status": answer.status}
    await send({**start, "headers": headers})
    if isinstance(answer.body, FileSpan):
        chunks = answer.body.chunks()
        while (chunk := await asyncio.to_thread(next, chunks, b"")) != b"":
            body = {"type": "http.response.body", "body": chunk, "more_body": True}
            await send(body)
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.body", "body": answer.body})


def _secured(send: Send) -> Send:
    """Add the security headers to what the page sends."""

    async def secured(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *(
                    (name.encode(), value.encode())
                    for name, value in SECURITY_HEADERS.items()
                    if name.encode() not in present
                ),
            ]
        await send(message)

    return secured


def _log(scope: Scope, name: str, status: int, seconds: float) -> None:
    if not access_log.isEnabledFor(logging.INFO):
        return
    client = scope.get("client")
    line = {
        "at": round(time.time(), 3),
        "client": client[0] if client else None,
        "verb": scope["method"],
        "name": name,
        "status": status,
        "ms": round(seconds * 1000, 2),
    }
    access_log.info("%s", json.dumps(line))
