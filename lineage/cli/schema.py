"""The form of the answers for programs: `schema`."""

from __future__ import annotations

import argparse
import json
from typing import Final

from .main import every_command
from .output import SCHEMA_VERSION
from .parser import Command, Parser, UsageError, no_such
from .result import CommandResult, line
from .schemas import form_of


def _schema_options(parser: Parser) -> None:
    parser.add_argument(
        "words", nargs="*", metavar="COMMAND", help="a command (list them all)"
    )


def run_schema(args: argparse.Namespace) -> CommandResult:
    """Show the form of one command's answer, or which commands have one."""
    name = " ".join(args.words)
    answers = {words: command.answer for words, command in every_command()}
    if not name:
        lines = [line(words) for words in answers]
        return CommandResult({"commands": list(answers)}, lines)
    if name not in answers:
        raise UsageError(no_such("schema of a command", name, list(answers)))
    form = form_of(name, answers[name], SCHEMA_VERSION)
    lines = [line(text) for text in json.dumps(form, indent=2).split("\n")]
    return CommandResult(form, lines)


COMMANDS: Final = (
    Command(
        "schema", run_schema,
        "show the JSON Schema of what a command answers with --json",
        answer="CommandsOrSchema", options=_schema_options,
        example="lineage schema show",
    ),
)  # fmt: skip
