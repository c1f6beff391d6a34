"""The form of the answers for programs: `schema`."""

from __future__ import annotations

import argparse
import json

from .output import SCHEMA_VERSION
from .parser import Commands, UsageError, no_such
from .result import CommandResult, line
from .schemas import FORMS, form_of


def add_commands(commands: Commands) -> None:
    """Add the commands of this theme."""
    schema = commands.add(
        "schema",
        run_schema,
        "show the JSON Schema of what a command answers with --json",
        example="lineage schema show",
    )
    schema.add_argument(
        "words", nargs="*", metavar="COMMAND", help="a command (list them all)"
    )


def run_schema(args: argparse.Namespace) -> CommandResult:
    """Show the form of one command's answer, or which commands have one."""
    name = " ".join(args.words)
    if not name:
        return CommandResult({"commands": list(FORMS)}, [line(word) for word in FORMS])
    if name not in FORMS:
        raise UsageError(no_such("schema of a command", name, list(FORMS)))
    form = form_of(name, SCHEMA_VERSION)
    lines = [line(text) for text in json.dumps(form, indent=2).split("\n")]
    return CommandResult(form, lines)
