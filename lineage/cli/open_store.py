"""Opens the store that a command names."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import NotFoundError
from ..permissions import make_folder
from ..settings import Settings
from .connect import load, settings_of
from .parser import Parser


def with_store(parser: Parser) -> None:
    """Add the options that name the store."""
    parser.add_argument(
        "--store",
        metavar="URL",
        help="sqlite:///path or postgresql://… (the store in the home)",
    )
    parser.add_argument(
        "--home",
        metavar="DIR",
        help="the folder of store, files and journal (LINEAGE_HOME)",
    )


def store_url(args: argparse.Namespace, settings: Settings) -> str:
    """Return the URL of the named store, else of the embedded instance's."""
    return str(args.store) if args.store else store_of(settings)


def store_of(settings: Settings) -> str:
    """Return the URL of the embedded instance's store."""
    return f"sqlite:///{(settings.home / 'instance.db').absolute()}"


@contextmanager
def opened_store(args: argparse.Namespace, *, is_made: bool = False) -> Iterator[Any]:
    """Open the store that a command names.

    Args:
        args: The command line.
        is_made: Whether a store is made where `--store` or `--home` names none.

    Raises:
        NotFoundError: There is no such store.
    """
    settings = settings_of(args)
    open_store = load("instance.store", "server").open_store
    if not is_made:
        _check_there(args)
    make_folder(settings.home)
    store = open_store(store_url(args, settings))
    try:
        yield store
    finally:
        store.close()


def _check_there(args: argparse.Namespace) -> None:
    """Refuse a file or folder that is not there: a misspelled path is no empty store.

    Raises:
        NotFoundError: The option names nothing.
    """
    url = args.store or ""
    path = url.removeprefix("sqlite:///")
    if path != url and not os.path.exists(path):
        raise NotFoundError(f"--store: there is no file {path}")
    if args.home and not url and not os.path.isdir(args.home):
        raise NotFoundError(f"--home: there is no folder {args.home}")
