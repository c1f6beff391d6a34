"""Opens the instance that a command asks."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from ..errors import NotFoundError
from ..records import record, replace
from ..settings import UNUSABLE, Settings
from .parser import UsageError, load_module
from .result import Line, StyledText, line

if TYPE_CHECKING:
    from ..api import Api
    from ..model.questions import GraphQuestions

#: The first pause between attempts at a server; the second is twice as long.
_PAUSE_S: Final = 0.2


@record(frozen=True, slots=True)
class Instance:
    """The instance that a command asks."""

    graph: GraphQuestions
    server: Api | None = None
    """The client, where the instance is reached by its address."""
    settings: Settings | None = None
    """They name the folder whose journal may hold facts that it has not got yet."""

    def waiting_hint(self) -> str:
        """Return, where nothing was found, that facts wait for delivery."""
        if self.settings is None or not _has_segments(self.settings.home):
            return ""
        status = load_module("delivery.status").read_status(self.settings.home)
        if not status.waiting:
            return ""
        first = load_module("cli.waiting").waiting_facts(status, self.settings)[0]
        return f"; {first}, so first type: {first.command}"

    def waiting_lines(self) -> list[Line]:
        """Show, under an answer that found nothing, that facts wait for delivery."""
        hint = self.waiting_hint().removeprefix("; ")
        return [line(StyledText(hint, "warn"))] if hint else []

    def page_lines(self, **state: str) -> list[Line]:
        """Show the address of the page that shows what the command shows, if any.

        An embedded instance has no page until `lineage ui` serves it.

        Args:
            state: What the page shows, such as `focus="data:12"`.
        """
        if self.server is None or self.server.announced() is None:
            return []
        from urllib.parse import urlencode

        address = f"{self.server.server_address.rstrip('/')}/?{urlencode(state)}"
        return [line(StyledText(f"page: {address}", "dim"))]


def _has_segments(home: Path) -> bool:
    """Whether facts may wait; what reads them is loaded for those that do."""
    try:
        return any(name.endswith(".seg") for name in os.listdir(home / "journal"))
    except OSError:
        return False


def settings_of(args: argparse.Namespace) -> Settings:
    """Read the environment, and let the command's options override it."""
    settings = Settings.from_environ().looked_up()
    if getattr(args, "home", None):
        settings = replace(settings, home=Path(args.home), target="local")
    if getattr(args, "server", None):
        settings = replace(settings, target=_address(args.server))
    if getattr(args, "token", None):
        settings = replace(settings, token=args.token, api_token=args.token)
    return settings


def _address(text: str) -> str:
    return text if text.startswith(("http://", "https://")) else f"http://{text}"


@contextmanager
def instance(args: argparse.Namespace) -> Iterator[Instance]:
    """Open the instance that options and environment name, to ask it questions.

    Raises:
        NotFoundError: Nothing was ever recorded in this folder.
        UsageError: The platform is meant, and its address is not known.
    """
    settings = settings_of(args)
    if settings.destination != "local":
        api = served(settings)
        yield Instance(api.graph, api, settings)
        return
    _check_home(settings)
    graph = load_module("instance.local_graph").LocalGraph(settings.home)
    try:
        yield Instance(graph, settings=settings)
    finally:
        graph.close()


@contextmanager
def client(args: argparse.Namespace) -> Iterator[Api]:
    """Open the instance that options and environment name, for all that it can do.

    Raises:
        NotFoundError: Nothing was ever recorded in this folder.
        UsageError: The platform is meant, and its address is not known.
    """
    settings = settings_of(args)
    if settings.destination != "local":
        yield served(settings)
        return
    _check_home(settings)
    api = load_module("api")
    embedded = load_module("instance.embedded").EmbeddedInstance(settings.home)
    try:
        mounted = {embedded.address: embedded.adapter}
        yield api.Api(embedded.address, "", retry_count=1, adapters=mounted)
    finally:
        embedded.close()


def _check_home(settings: Settings) -> None:
    if not settings.home.exists():
        raise NotFoundError(
            f"nothing is recorded here: there is no folder {settings.home}; run an app "
            "that uses lineage, name another folder with --home, or type: lineage demo"
        )


def served(settings: Settings) -> Api:
    """Make the client of an instance that is reached by its address.

    Raises:
        UsageError: The platform is meant, and its address is not known.
    """
    if settings.destination == UNUSABLE:
        raise UsageError(settings.unusable or "the target is not understood")
    is_named = settings.destination != "instance"
    address = settings.destination if is_named else settings.server_address
    if address is None:
        raise UsageError(
            "LINEAGE_TARGET=instance needs SERVER_ADDRESS and API_TOKEN; "
            "set them, or name an address with --server"
        )
    token = settings.token or settings.api_token
    # Somebody waits at a terminal: a server that is not there is soon reported.
    api: Api = load_module("api").Api(
        address, token, retry_count=3, retry_sleep_sec=_PAUSE_S, time_budget_s=10.0
    )
    return api


def load(module: str, extra: str) -> ModuleType:
    """Import a module that needs an extra, or name the extra.

    Raises:
        UsageError: The extra is not installed.
    """
    try:
        return load_module(module)
    except ImportError as error:
        raise UsageError(
            f"this command needs {error.name}, which is not installed; "
            f"type: pip install 'workflow-lineage[{extra}]'"
        ) from error
