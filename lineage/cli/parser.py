"""The argument parser: what every command shares, and helpful refusals."""

from __future__ import annotations

import argparse
import gc
import importlib
import time
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any, Final, NoReturn

from ..errors import LineageError
from ..model.messages import Message
from ..patterns import pattern
from ..records import field, record
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
        self._action_max_length = 19  # argparse forgets to indent the commands


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
        if found is None and "required: " in message:
            message += self._about_dashed()
        raise UsageError(f"{message}; type: {self.prog} --help")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what was typed, and remember it for a refusal."""
        self._typed: Sequence[str] = list(args or ())
        return super().parse_known_args(args, namespace)

    def _about_dashed(self) -> str:
        """Explain the first unknown word that begins with a dash; empty without one."""
        dashed = (word for word in self._typed if word[:1] == "-" and word != "-")
        known = self._option_string_actions
        word = next((w for w in dashed if w.partition("=")[0] not in known), None)
        if word is None:
            return ""
        near = self.option_like(word)
        if near is not None:
            return f"; did you mean {near}?"
        return f"; a name that begins with - is typed as ./{word}"

    def option_like(self, word: str) -> str | None:
        """Return the option that was probably meant by a word, if any is like it."""
        import difflib

        name = word.partition("=")[0]
        near = difflib.get_close_matches(name, self._option_string_actions, n=1)
        return near[0] if name.startswith("--") and near else None


#: How far a walk goes; a hop leads from a run to an artifact, or back.
UP_HELP: Final = "how many hops upstream; from a run to an artifact is one (all)"
DOWN_HELP: Final = "how many hops downstream (all)"
#: What may stand for NAME.
ONE_HELP: Final = (
    "a name, a path, task:3, Train@last, project:12, data:7 or sha256:3f9a1c"
)
#: What may stand for NAME where a set has an answer, too.
NAME_HELP: Final = f"{ONE_HELP}; or a set: kind:model, status:failed, step:clean"


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
    args: argparse.Namespace
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        own: Parser = getattr(args, "parser", parser)
        near = filter(None, map(own.option_like, unknown))
        meant = "".join(f"; did you mean {option}?" for option in dict.fromkeys(near))
        raise UsageError(
            f"unrecognized arguments: {' '.join(unknown)}{meant}"
            f"; type: {own.prog} --help"
        )
    return args


def hops(text: str) -> int | None:
    """Read how far a walk goes: a number of hops, or `all`, which is no limit."""
    if text == "all":
        return None
    if not text.isdecimal():
        message = f"{text!r} is neither a number of hops nor the word all"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def seconds(text: str) -> float:
    """Read a number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


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


def moment(text: str, *, now: float | None = None) -> float:
    """Read a date, a time, an epoch or a span ago, as seconds since 1970.

    Raises:
        UsageError: The text is none of them.
    """
    from ..model.moments import parse_moment

    try:
        return parse_moment(text, now=time.time() if now is None else now)
    except ValueError as error:
        raise UsageError(str(error)) from error


class VersionAction(argparse.Action):
    """Prints the version; reading it takes longer than most commands."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(
            option_strings, dest, nargs=0, default=argparse.SUPPRESS,
            help="show the version and exit",
        )  # fmt: skip

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print the version, and end."""
        metadata = importlib.import_module("importlib.metadata")
        print(f"lineage {metadata.version('workflow-lineage')}")
        parser.exit()


@record(frozen=True, slots=True)
class Command:
    """One command: what it runs, how help describes it, and what it answers."""

    name: str
    run: Run
    help: str
    answer: type[Message] | str
    """The model of what `--json` prints; by its name, if it is in `cli/schemas.py`."""
    options: Callable[[Parser], object] = field(default=lambda _: None)
    """Adds the options to the command's parser."""
    example: str = field(default="")


class CommandGroup:
    """A command that has commands of its own, such as `token create`."""

    def __init__(self, name: str, help: str, *commands: Command) -> None:
        self.name = name
        self.help = help
        self.commands = commands


def add_commands(parser: Parser, commands: Iterable[Command | CommandGroup]) -> None:
    """Add commands to a parser; typed without one, it lists them."""
    group = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", prog=parser.prog
    )
    parser.set_defaults(run=_help_of(parser), json=False)
    for command in commands:
        own: Parser = group.add_parser(
            command.name,
            help=command.help,
            description=command.help[0].upper() + command.help[1:] + ".",
        )
        if isinstance(command, CommandGroup):
            add_commands(own, command.commands)
            continue
        if command.example:
            own.epilog = f"example: {command.example}"
        _, *words = own.prog.split()
        own.set_defaults(run=command.run, form=".".join(words), parser=own)
        own.add_argument("--json", action="store_true", help="answer as JSON")
        command.options(own)


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


def add_page_options(parser: Parser, limit: int, help: str = "how many") -> None:
    """Add the options that say how much of a list is shown, and from where."""
    parser.add_argument(
        "--limit", type=int, default=limit, metavar="N", help=f"{help} ({limit})"
    )
    parser.add_argument("--after", metavar="NEXT", help="continue a list that was cut")


def add_as_of_option(parser: Parser) -> Parser:
    """Add the option that asks about the past."""
    parser.add_argument(
        "--as-of",
        type=moment,
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
