"""Create platform objects in an instance of ours: `register`."""

from __future__ import annotations

import argparse
import base64
from pathlib import Path
from typing import Any

from .connect import client
from .parser import Commands, Parser, add_instance_options
from .result import CommandResult, StyledText, line


def add_commands(commands: Commands) -> None:
    """Add the commands of this theme."""
    group = commands.group(
        "register", "create projects, files and others to try an app with"
    )
    project = _add(group, "project", "make a project", "NAME")
    project.add_argument("--type", help="images, videos, volumes, point_clouds …")
    version = _add(group, "project-version", "make a version of a project", None)
    version.add_argument("--project-id", type=int, required=True, help="which project")
    version.add_argument("--description", help="what it holds")
    dataset = _add(group, "dataset", "make a dataset in a project", "NAME")
    dataset.add_argument("--project-id", type=int, required=True, help="which project")
    file = _add(group, "file", "put a file into Team Files", "PATH")
    file.add_argument("--from", dest="source", help="the local file with its bytes")
    file.add_argument("--text", help="or its text")
    _add(group, "job", "make a labeling job", "NAME")
    module = _add(group, "module", "make an app module of the ecosystem", "NAME")
    module.add_argument("--slug", help="its repository, as owner/name")
    task = _add(group, "task", "make a task (an app run)", "NAME")
    task.add_argument("--module-id", type=int, help="the app module that it runs")


def _add(group: Commands, what: str, help: str, first: str | None) -> Parser:
    parser = group.add(what, run_register, help)
    parser.set_defaults(what=what)
    if first:
        parser.add_argument("name", metavar=first, help=f"its {first.lower()}")
    parser.add_argument("--id", type=int, help="its id (the next free one)")
    return add_instance_options(parser)


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
