"""The entry point of `lineage`: read the command line, run one command, answer."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Final, NoReturn

from .. import leftovers
from ..errors import ApiError, LineageError
from ..redaction import redact
from .output import emit, escape_unprintable, print_lines
from .parser import (
    Command,
    CommandGroup,
    Parser,
    VersionAction,
    add_commands,
    load_module,
    read_arguments,
)
from .result import FAILED, CommandResult, StyledText, line

_DESCRIPTION = "Which data became which: the lineage that your apps recorded."
_FIRST = """\
start here:  lineage demo           run the example and look at its graph
             lineage tasks          the latest runs
             lineage show NAME      a run, file, model or project, and its graph
             lineage ui             the same as a page in the browser
"""


#: The modules with commands, in the order of the help, and the commands of each. One
#: command loads its own module. Those of `query` stand in its table alone: a command
#: that no other module has is a question to the graph.
MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "demo": ("demo",),
    "tasks": ("tasks",),
    "show": ("show", "search", "find"),
    "query": (),
    "export": ("export", "passport"),
    "imports": ("import",),
    "delivery": ("flush", "status", "retry"),
    "doctor": ("doctor", "check"),
    "serve": ("serve", "ui", "token"),
    "store": ("store",),
    "forget": ("forget",),
    "schema": ("schema",),
    "register": ("register",),
}
_MODULE_OF: Final = {
    name: module for module, names in MODULES.items() for name in names
}


def commands_of(module: str) -> Sequence[Command | CommandGroup]:
    """Return the commands of a module."""
    found: Sequence[Command | CommandGroup] = load_module(f"cli.{module}").COMMANDS
    return found


def every_command() -> Iterator[tuple[str, Command]]:
    """Yield every command with what is typed for it: `tasks`, `token create`."""
    for module in MODULES:
        for command in commands_of(module):
            if isinstance(command, Command):
                yield command.name, command
            else:
                yield from ((f"{command.name} {c.name}", c) for c in command.commands)


def build_parser(name: str | None = None) -> Parser:
    """Make the parser.

    Args:
        name: The only command that is needed; all of them when it is left out, or when
            no command is called so.
    """
    parser = Parser(prog="lineage", description=_DESCRIPTION, epilog=_FIRST)
    parser.add_argument("--version", action=VersionAction)
    commands: Sequence[Command | CommandGroup] = ()
    if name is not None:
        known = commands_of(_MODULE_OF.get(name, "query"))
        commands = [command for command in known if command.name == name]
    if not commands:
        commands = [command for module in MODULES for command in commands_of(module)]
    add_commands(parser, commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `lineage`, and return its exit code.

    0: done, and the answer is yes; 1: the answer is no (`diff` found differences,
    facts are waiting or refused, `check` found problems); 2: it could not be done.
    """
    sys.excepthook = _show_in_one_line
    escape_unprintable(sys.stdout, sys.stderr)
    given = sys.argv[1:] if arguments is None else arguments
    is_complete = "_ARGCOMPLETE" in os.environ or not given
    parser = build_parser(None if is_complete else given[0])
    if "_ARGCOMPLETE" in os.environ:
        _complete(parser)
    try:
        args = read_arguments(parser, arguments)
        answer: CommandResult = args.run(args)
        emit(answer, as_json=args.json, command=getattr(args, "form", ""))
    except (LineageError, OSError, ValueError, ImportError, SyntaxError) as error:
        return _fail(error)
    except KeyboardInterrupt:
        return 130
    return answer.code


def run() -> NoReturn:
    """Run `lineage` as a program.

    The process skips the interpreter's teardown, which takes as long as an answer:
    exit handlers run, output is flushed, and the system frees the rest.
    """
    leftovers.leave()
    code = main()
    if threading.active_count() > 1:
        sys.exit(code)
    atexit._run_exitfuncs()  # noqa: SLF001  nothing public runs them
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    os._exit(code)


def _fail(error: BaseException) -> int:
    """Show what went wrong in one line; `LINEAGE_STRICT=1` shows the traceback."""
    if os.environ.get("LINEAGE_STRICT"):
        logging.getLogger("lineage").error("command failed", exc_info=error)
    if isinstance(error, BrokenPipeError):
        # The reader (`| head`) has gone; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    print_lines(
        [line(StyledText("lineage: ", "bad"), redact(_message(error)))], sys.stderr
    )
    return FAILED


#: What to do next, by the status of a server's answer.
_HINTS: Final = {
    401: (
        "; name a token by LINEAGE_TOKEN or --token "
        "(on the instance's machine `lineage token create` makes one)"
    )
}


def _message(error: BaseException) -> str:
    """Return an error's message; a server's goes without the protocol."""
    if isinstance(error, ApiError) and error.server_message:
        return error.server_message + _HINTS.get(error.status or 0, "")
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def _show_in_one_line(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Replace the traceback of a defect by what to do about it."""
    if os.environ.get("LINEAGE_STRICT"):
        sys.__excepthook__(kind, error, trace)
        return
    text = (
        f"lineage: this is a defect of lineage itself ({kind.__name__}: {error}); "
        "the traceback for a report: set LINEAGE_STRICT=1 and type it again"
    )
    print_lines([line(redact(text))], sys.stderr)


def _complete(parser: Parser) -> None:
    """Offer tab completion, where argcomplete is installed."""
    try:
        import argcomplete
    except ImportError:
        return
    argcomplete.autocomplete(parser)
