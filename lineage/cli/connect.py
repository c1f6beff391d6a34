"""Opens the instance that a command asks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Final

from ..api import Api
from ..errors import NotFoundError
from ..settings import UNUSABLE, Settings
from .parser import UsageError, load_module

#: The address of `EmbeddedInstance`, which needs an extra to be imported.
EMBEDDED_ADDRESS: Final = "http://embedded.lineage"


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
def instance(args: argparse.Namespace) -> Iterator[Api]:
    """Open the instance that options and environment name.

    Raises:
        NotFoundError: Nothing was ever recorded in this folder.
        UsageError: The platform is meant, and its address is not known.
    """
    settings = settings_of(args)
    if settings.destination == "local":
        with _embedded(settings) as api:
            yield api
    else:
        yield served(settings)


@contextmanager
def _embedded(settings: Settings) -> Iterator[Api]:
    if not settings.home.exists():
        raise NotFoundError(
            f"nothing is recorded here: there is no folder {settings.home}; run an app "
            "that uses lineage, name another folder with --home, or type: lineage demo"
        )
    embedded = load("instance.embedded", "server").EmbeddedInstance(settings.home)
    try:
        mounted = {embedded.address: embedded.adapter}
        yield Api(embedded.address, "", retry_count=1, adapters=mounted)
    finally:
        embedded.close()


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
    return Api(address, token, retry_count=3, time_budget_s=10.0)


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
