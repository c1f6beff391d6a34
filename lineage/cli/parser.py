"""The argument parser: what every command shares, and helpful refusals."""

from __future__ import annotations

import argparse
import gc
import importlib
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Final, NoReturn

from ..errors import LineageError
from ..patterns import pattern
from .result import CommandResult, line, terminal_columns

Run = Callable[[argparse.Namespace], CommandResult]

_CHOICE: Final = pattern(
    r"argument (?P<argument>.+?): "
    r"invalid choice: '?(?P<word>[^']*?)'? \(choose from (?P<known>.*)\)"
)
_NUMBER: Final = pattern(r"invalid (int|float) value: (?P<word>'.*')")


class UsageError(LineageError):
    """A command line that cannot be carried out as it was typed."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help with one line for each command, however long its name."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=terminal_columns() - 2)
        self._action_max_length = 16  # argparse forgets to indent the commands


class Parser(argparse.ArgumentParser):
    """An argument parser that suggests what would be right."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", _Help)
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Refuse, with the nearest word that exists and what to type next."""
        found = _CHOICE.search(message)
        if found:
            known = [word.strip("'") for word in found["known"].split(", ")]
            if found["argument"] == "COMMAND":
                message = no_such("command", found["word"], known)
            else:
                text = no_such("value", found["word"], known)
                message = f"argument {found['argument']}: {text}"
        message = _NUMBER.sub(r"\g<word> is no number", message)
        raise UsageError(f"{message}; type: {self.prog} --help")


#: How far a walk goes; a hop leads from a run to an artifact, or back.
UP_HELP: Final = "how many hops upstream; from a run to an artifact is one (all)"
DOWN_HELP: Final = "how many hops downstream (all)"
#: What may stand for NAME.
NAME_HELP: Final = (
    "a name, a path, task:3, Train@last, project:12, data:7, sha256:3f9a1c, or a "
    "set: kind:model, status:failed, step:clean"
)


def no_such(what: str, word: str, known: Sequence[str]) -> str:
    """Report that a word is unknown, and which one was probably meant."""
    import difflib

    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"no {what} {word!r}; did you mean {near[0]!r}?"
    return f"no {what} {word!r}; there are {', '.join(sorted(known))}"


def read_arguments(
    parser: Parser, arguments: Sequence[str] | None
) -> argparse.Namespace:
    """Read a command line; what its command does not know is refused in its name.

    Raises:
        UsageError: The command line cannot be carried out as it was typed.
    """
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        words = getattr(args, "form", "").replace(".", " ")
        command = f"{parser.prog} {words}".strip()
        raise UsageError(
            f"unrecognized arguments: {' '.join(unknown)}; type: {command} --help"
        )
    return args


def kind_word(text: str) -> str:
    """Read `--kind`: the kind of an artifact, as people write it."""
    kinds = load_module("model.kinds").DATA_KINDS
    if text == "model":
        return "model_weight"
    if text not in kinds:
        raise argparse.ArgumentTypeError(no_such("kind", text, [*kinds, "model"]))
    return text


def status_option(text: str) -> str:
    """Read `--status`: a status, as people write it."""
    words = load_module("model.selector").STATUS_WORDS
    if text.lower() not in words:
        raise argparse.ArgumentTypeError(no_such("status", text, words))
    return text


def moment(text: str | None, *, now: float | None = None) -> float | None:
    """Return seconds since 1970 for a date, a time, an epoch, or a span ago.

    Raises:
        UsageError: The text is none of them.
    """
    if text is None:
        return None
    from ..model.moments import parse_moment

    try:
        return parse_moment(text, now=time.time() if now is None else now)
    except ValueError as error:
        raise UsageError(str(error)) from error


class _OtherCommand(Parser):
    """Takes the options of a command that was not typed, and forgets them."""

    def __init__(self) -> None:
        # No parser is made: that is what takes the time.
        pass

    def add_argument(self, *_: Any, **__: Any) -> Any:
        """Forget an option."""

    def add_argument_group(self, *_: Any, **__: Any) -> Any:
        """Forget the options of a group."""
        return self

    add_mutually_exclusive_group = add_argument_group

    def set_defaults(self, **_: Any) -> None:
        """Forget what an option is when it is left out."""


class Commands:
    """Where the themes hang up their commands.

    Args:
        parser: The parser that the commands are added to.
        only: The one command that was typed; what others take is not looked at.
    """

    def __init__(self, parser: Parser, only: str | None = None) -> None:
        self._only = only
        self._group = parser.add_subparsers(
            title="commands", metavar="COMMAND", dest="command", prog=parser.prog
        )
        parser.set_defaults(run=_help_of(parser), json=False)

    def add(self, name: str, run: Run, help: str, *, example: str = "") -> Parser:
        """Add a command; its options are added to the parser that comes back."""
        if self._only not in (None, name):
            return _OtherCommand()
        parser = self._parser(name, help, example)
        _, *words = parser.prog.split()
        parser.set_defaults(run=run, form=".".join(words))
        parser.add_argument("--json", action="store_true", help="answer as JSON")
        return parser

    def group(self, name: str, help: str) -> Commands:
        """Add a command that has commands of its own."""
        is_other = self._only not in (None, name)
        return Commands(self._parser(name, help, ""), "" if is_other else None)

    def _parser(self, name: str, help: str, example: str) -> Parser:
        parser: Parser = self._group.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            epilog=f"example: {example}" if example else None,
        )
        return parser


def _help_of(parser: Parser) -> Run:
    """Make what a group without a command does: list its commands."""

    def run(_: argparse.Namespace) -> CommandResult:
        lines = [line(text) for text in parser.format_help().split("\n")]
        return CommandResult(None, lines)

    return run


def add_instance_options(parser: Parser) -> Parser:
    """Add the options that say which instance is asked."""
    place = parser.add_argument_group("which instance")
    place.add_argument(
        "--home",
        metavar="DIR",
        help="the one that keeps its data in this folder (LINEAGE_HOME)",
    )
    place.add_argument(
        "--server",
        metavar="URL",
        help="the one that answers at this address (LINEAGE_TARGET)",
    )
    place.add_argument("--token", help="its token (better: LINEAGE_TOKEN)")
    return parser


def add_as_of_option(parser: Parser) -> Parser:
    """Add the option that asks about the past."""
    parser.add_argument(
        "--as-of",
        metavar="WHEN",
        help="the graph as it was: 2026-01-31, 2026-01-31T12:00 (UTC) or 2h, 3d ago",
    )
    return parser


def load_module(name: str) -> ModuleType:
    """Import a module of the package by its name inside it, as quickly as can be.

    What modules hold lives as long as the process: to look through it for circles
    takes a sixth of the time of loading it, and finds none.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(f"..{name}", __package__)
    finally:
        if was_enabled:
            gc.enable()
