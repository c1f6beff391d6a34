"""Create platform objects in an instance of ours: `register`."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from .connect import client
from .parser import Command, CommandGroup, Parser, add_instance_options
from .result import CommandResult, StyledText, line


def _none(_: Parser) -> None:
    """Add nothing."""


def _project_options(parser: Parser) -> None:
    parser.add_argument("--type", help="images, videos, volumes, point_clouds …")


def _version_options(parser: Parser) -> None:
    _dataset_options(parser)
    parser.add_argument("--description", help="what it holds")


def _dataset_options(parser: Parser) -> None:
    parser.add_argument("--project-id", type=int, required=True, help="which project")


def _file_options(parser: Parser) -> None:
    parser.add_argument("--from", dest="source", help="the local file with its bytes")
    parser.add_argument("--text", help="or its text")


def _module_options(parser: Parser) -> None:
    parser.add_argument("--slug", help="its repository, as owner/name")


def _task_options(parser: Parser) -> None:
    parser.add_argument("--module-id", type=int, help="the app module that it runs")


def run_register(args: argparse.Namespace) -> CommandResult:
    """Create one platform object and show its id."""
    with client(args) as api:
        make = getattr(api.register, args.what.replace("-", "_"))
        made: dict[str, Any] = make(**_fields(args))
    what = args.what.replace("-", " ")
    name = made.get("path") or made.get("name") or ""
    shown = line(
        StyledText("✔ ", "good"), f"{what} {made.get('id')}  ", StyledText(name, "data")
    )
    return CommandResult(made, [shown])


def _fields(args: argparse.Namespace) -> dict[str, Any]:
    known = (
        "id",
        "name",
        "type",
        "project_id",
        "description",
        "text",
        "slug",
        "module_id",
    )
    fields = {name: getattr(args, name, None) for name in known}
    if args.what == "file":
        fields["path"] = fields.pop("name")
        if args.source:
            content = Path(args.source).read_bytes()
            fields["base64"] = base64.b64encode(content).decode()
    return {name: value for name, value in fields.items() if value is not None}


def _command(
    what: str,
    help: str,
    add_own: Callable[[Parser], object] = _none,
    first: str | None = "NAME",
) -> Command:
    """Make the command that registers one kind of object, with the options of all."""

    def add_options(parser: Parser) -> None:
        parser.set_defaults(what=what)
        add_own(parser)
        if first:
            parser.add_argument("name", metavar=first, help=f"its {first.lower()}")
        parser.add_argument("--id", type=int, help="its id (the next free one)")
        add_instance_options(parser)

    return Command(
        what, run_register, help, answer="RegisteredAnswer", options=add_options
    )


COMMANDS: Final = (
    CommandGroup(
        "register", "create projects, files and others to try an app with",
        _command("project", "make a project", _project_options),
        _command(
            "project-version", "make a version of a project", _version_options, None
        ),
        _command("dataset", "make a dataset in a project", _dataset_options),
        _command("file", "put a file into Team Files", _file_options, "PATH"),
        _command("job", "make a labeling job"),
        _command("module", "make an app module of the ecosystem", _module_options),
        _command("task", "make a task (an app run)", _task_options),
    ),
)  # fmt: skip
