"""Serves an instance over HTTP: settings, the application and its workers."""

from __future__ import annotations

import errno
import gc
import ipaddress
import os
import shlex
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from ..errors import LineageError
from .asgi import InstanceApp, OwnHandler
from .authentication import Authenticator
from .authorization import LOOPBACK_HOSTS
from .http_protocol import BoundedHttpProtocol
from .metrics import SHARED
from .page import page_routes
from .page_secret import PageSecret
from .proxy_headers import App, Network, ProxyHeaders
from .request_body import BodyLimits
from .routes import Routes
from .services import DeliveryStatus, Services
from .sessions import Sessions
from .sso.header import HeaderIdentity
from .sso.people import People
from .sso.settings import SsoSettings

#: Objects made, beyond those freed, after which circles of them are looked for; then
#: how many such times for those that lasted, and for those that lasted longer.
COLLECT_AFTER: Final = (50_000, 20, 50)
#: Files and connections that the server may hold open.
MAX_FILES: Final = 65_536


class ServeError(LineageError):
    """The server cannot start with these settings."""


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How to serve an instance."""

    store: str
    """`sqlite:///path` or `postgresql://…`."""
    blobs: Path
    """The folder of files' bytes, shared by all workers."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    allowed_hosts: tuple[str, ...] = ()
    """More names under which the server is reached: those of a reverse proxy. Where
    there are any, others are let in by it, also to a loopback address."""
    prefix: str = ""
    """The path below which a proxy serves it, as `/lineage`; a proxy may say another
    one with each request where this is empty."""
    proxies: tuple[Network, ...] = ()
    """Proxies on other machines that are believed."""
    sso: SsoSettings | None = None
    """How people are signed in; then nobody is let in unknown."""
    is_access_logged: bool = True
    stop_timeout_s: int = 10
    """How long requests may still take when the server is to stop."""
    limits: BodyLimits = field(default_factory=BodyLimits)
    page_secret: str | None = field(default=None, repr=False)
    """Needed by every request, where the page is for one user of the machine."""
    delivery_status: DeliveryStatus | None = None
    """Reports what waits in the journal beside this instance; a module's function, so
    that workers can receive it."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def is_shared(self) -> bool:
        """Whether other machines reach it, by its address or through a proxy."""
        return not self.is_loopback or bool(self.allowed_hosts or self.proxies)

    @property
    def hosts(self) -> frozenset[str]:
        """Names to answer to; empty: any."""
        if self.is_loopback:
            return LOOPBACK_HOSTS | {self.host} | set(self.allowed_hosts)
        return frozenset(self.allowed_hosts)


def create_app(settings: ServeSettings) -> App:
    """Make the ASGI application; the store is opened now."""
    app: App = _instance_app(settings)
    if settings.is_shared or settings.prefix or settings.sso is not None:
        app = ProxyHeaders(
            app,
            settings.proxies,
            settings.prefix,
            is_local=bool(settings.allowed_hosts or settings.prefix),
        )
    return app


def _instance_app(settings: ServeSettings) -> InstanceApp:
    Routes.build_models()
    services = Services.open(
        settings.store,
        blobs=settings.blobs,
        delivery_status=settings.delivery_status,
        is_local=not settings.is_shared,
    )
    sessions = Sessions(services.store.db, services.tokens)
    header, own = _single_sign_on(settings.sso, services, sessions)
    authenticator = Authenticator(
        services.tokens,
        sessions,
        settings.hosts,
        header=header,
        is_closed=settings.sso is not None,
    )
    return InstanceApp(
        Routes(services),
        authenticator,
        sessions,
        page=page_app(),
        limits=settings.limits,
        page_secret=PageSecret(settings.page_secret, settings.port)
        if settings.page_secret
        else None,
        own=own,
    )


def _single_sign_on(
    sso: SsoSettings | None, services: Services, sessions: Sessions
) -> tuple[HeaderIdentity | None, dict[tuple[str, str], OwnHandler]]:
    if sso is None:
        return None, {}
    people = People(sso, services.store.db)
    header = None if sso.header is None else HeaderIdentity(sso.header, people)
    if sso.oidc is None:
        return header, {}
    # Of the extra `sso`, which other servers do without.
    from .sso.oidc import OidcProvider
    from .sso.pages import SsoPages

    return header, SsoPages(OidcProvider(sso.oidc), people, sessions).handlers()


def page_app() -> App:
    """Make the application that serves the page."""
    return Starlette(routes=page_routes())


@dataclass(frozen=True, slots=True)
class AppFactory:
    """Makes the application inside a worker."""

    settings: ServeSettings

    def __call__(self) -> App:
        """Make it."""
        app = create_app(self.settings)
        # What requests bring is freed when they end; to look through what is
        # remembered of the teams for circles would cost a sixth of the time.
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        return app


def serve(
    settings: ServeSettings, on_listening: Callable[[int], object] | None = None
) -> None:
    """Serve until stopped by SIGTERM or SIGINT.

    Args:
        settings: What is served, and where.
        on_listening: Called with the port when it is taken, before the first request.

    Raises:
        ServeError: The address can be reached from other machines and there is no
            token, or it is taken.
        StoreError: The store cannot be opened.
    """
    check_start(settings)
    allow_connections()
    config = uvicorn.Config(
        AppFactory(settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        access_log=False,
        log_config=log_config(is_access_logged=settings.is_access_logged),
        timeout_graceful_shutdown=settings.stop_timeout_s,
        timeout_keep_alive=30,
        server_header=False,
        ws="none",
        proxy_headers=False,  # `ProxyHeaders` reads them.
        http=BoundedHttpProtocol,
    )
    listening = bind(settings)
    if on_listening is not None:
        on_listening(listening.getsockname()[1])
    server = uvicorn.Server(config)
    with listening:
        if settings.workers <= 1:
            server.run(sockets=[listening])
            return
        with tempfile.TemporaryDirectory(prefix="lineage-metrics-") as shared:
            os.environ[SHARED] = shared
            Multiprocess(config, sockets=[listening]).run()


def allow_connections() -> None:
    """Raise the limit of open connections as far as the system allows.

    Usual limits of 1,024 open files are those of a shell: so many idle connections
    would keep a server from answering any other.
    """
    try:
        import resource  # not on Windows
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def check_start(settings: ServeSettings) -> None:
    """Open the store once, and refuse to serve strangers without a token.

    Raises:
        ServeError: There is no token, and no single sign-on.
        SsoError: Single sign-on lacks a secret, or the packages it needs.
    """
    services = Services.open(settings.store, blobs=settings.blobs)
    try:
        if settings.sso is not None:
            _single_sign_on(
                settings.sso, services, Sessions(services.store.db, services.tokens)
            )
        elif settings.is_shared and not services.tokens.exist():
            name = next(iter(settings.allowed_hosts), settings.host)
            raise ServeError(
                f"{name} can be reached from other machines, and this "
                "instance has no token; make one first: lineage token create "
                f"--team NAME --store {shlex.quote(settings.store)}",
                subject=name,
            )
    finally:
        services.close()


def bind(settings: ServeSettings) -> socket.socket:
    """Take the address.

    Raises:
        ServeError: It is taken, or not this machine's.
    """
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    # Windows lets anybody take a port again that allows its reuse, and has another
    # option for what is meant here; elsewhere a port that was just left is free.
    option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
    listening.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        listening.bind((host, settings.port))
    except OSError as error:
        listening.close()
        is_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
        cure = "a free one" if is_port else "an address of this machine"
        raise ServeError(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}; "
            f"give it {cure}: {'--port' if is_port else '--host'}",
            subject=settings.port,
        ) from error
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening


def log_config(*, is_access_logged: bool) -> dict[str, object]:
    """Return the logging configuration: one line an event, to standard error."""
    level = "INFO" if is_access_logged else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
            "bare": {"format": "%(message)s"},
        },
        "handlers": {
            "text": {"class": "logging.StreamHandler", "formatter": "text"},
            "bare": {"class": "logging.StreamHandler", "formatter": "bare"},
        },
        "loggers": {
            "uvicorn": {"handlers": ["text"], "level": level, "propagate": False},
            "lineage": {"handlers": ["text"], "level": "INFO", "propagate": False},
            "lineage.access": {
                "handlers": ["bare"],
                "level": level,
                "propagate": False,
            },
        },
    }
