"""Run the example and show the graph it left: `demo`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..model.graph import GraphAnswer
from ..permissions import make_folder
from ..settings import Settings
from .connect import instance, settings_of
from .format import count
from .open_store import store_of
from .output import print_lines, table
from .parser import Command, Parser, UsageError
from .result import CommandResult, Line, StyledText, line
from .serve import open_page
from .tree import draw

_DIGITS: Final = Path(__file__).parents[2] / "examples" / "digits" / "run.py"


@dataclass(frozen=True, slots=True)
class _Example:
    """What is run, and what its files are called."""

    name: str
    command: tuple[str, ...]
    folder: str
    model: str
    output: str
    data: str

    def questions(self) -> tuple[tuple[str, str], ...]:
        """Return commands to type next, and what each answers."""
        return (
            ("lineage tasks", "the runs, newest first"),
            (f"lineage show {self.model}", "an artifact and what is around it"),
            (f"lineage provenance {self.output}", "how one output was made"),
            (f"lineage impact {self.data}", "what depends on it"),
            ("lineage search model", "find by name, path, id or digest"),
        )


_ON_DIGITS: Final = _Example(
    "examples/digits", (str(_DIGITS),),
    "digits", "model.joblib", "readings.csv", "train.npz",
)  # fmt: skip
#: Needs no other package, and no source tree.
_BUILT_IN: Final = _Example(
    "lineage/cli/demo_app.py", ("-m", "lineage.cli.demo_app"),
    "kiosk", "model.json", "predictions.csv", "train.csv",
)  # fmt: skip


def _demo_options(parser: Parser) -> None:
    parser.add_argument("--home", metavar="DIR", help="where to keep it (LINEAGE_HOME)")
    page = parser.add_mutually_exclusive_group()
    page.add_argument("--no-page", action="store_true", help="do not serve the page")
    page.add_argument(
        "--page", action="store_true", help="serve the page, also without a terminal"
    )


def run_demo(args: argparse.Namespace) -> CommandResult:
    """Run an example on the embedded instance, and draw what it left."""
    args.home = str(settings_of(args).home)
    settings = settings_of(args)
    started = time.time()
    example = _example()
    make_folder(settings.home)
    out = sys.stderr if args.json else sys.stdout
    _print(
        out,
        line(StyledText(f"Running {example.name}", "title"), "  (takes seconds)"),
    )
    _run_example(example, settings, quietly=args.json)
    with instance(args) as here:
        page = here.graph.tasks(since=started, limit=50)
        keys = " | ".join(task.node.key for task in page.tasks)
        graph = here.graph.get(keys, up=1, down=1)
    if args.json:
        return CommandResult(graph)
    print_lines(_lines(example, graph, time.time() - started), sys.stdout)
    sys.stdout.flush()
    is_watched = sys.stdin.isatty() and sys.stdout.isatty()
    is_served = args.page or (is_watched and not args.no_page)
    _end_with_page(settings, is_served=is_served, is_wanted=args.page)
    return CommandResult(graph)


def _end_with_page(settings: Settings, *, is_served: bool, is_wanted: bool) -> None:
    """Serve the page to a person at a terminal; others read how to."""
    print()
    has_server = importlib.util.find_spec("uvicorn") is not None
    if is_served and (has_server or is_wanted):
        open_page(settings, store_of(settings))
    elif has_server:
        print(f"The page: {_prefix()}lineage ui")
    else:
        install = f"{_prefix()}pip install 'workflow-lineage[server]'"
        print(f"The page: {install}, then {_prefix()}lineage ui")


def _print(out: object, text: Line) -> None:
    print_lines([text], out)  # type: ignore[arg-type]  # standard output or error
    out.flush()  # type: ignore[attr-defined]  # both have it


def _example() -> _Example:
    """Return the example on real data, where the source tree and its packages are."""
    is_there = _DIGITS.exists() and importlib.util.find_spec("sklearn") is not None
    return _ON_DIGITS if is_there else _BUILT_IN


def _run_example(example: _Example, settings: Settings, *, quietly: bool) -> None:
    """Run the example as its own process, as a user's app runs.

    Raises:
        UsageError: It failed.
    """
    home = settings.home.absolute()
    environ = _environ(home)
    command = [sys.executable, *example.command, str(home / example.folder)]
    stdout = sys.stderr if quietly else None
    done = subprocess.run(command, env=environ, stdout=stdout, check=False)
    if done.returncode:
        raise UsageError(
            f"the example failed; to see it alone type: {' '.join(command)}"
        )


def _environ(home: Path) -> dict[str, str]:
    return {**os.environ, "LINEAGE_HOME": str(home), "LINEAGE_TARGET": "local"}


def _lines(example: _Example, graph: GraphAnswer, took: float) -> list[Line]:
    tasks = sum(node.type == "task" for node in graph.nodes)
    artifacts = len(graph.nodes) - tasks
    counted = (
        f"{count(tasks, 'run')} and {count(artifacts, 'artifact')} in {took:.0f} s"
    )
    summary = f"{counted}; each edge was recorded by one line in {example.name}"
    lines = [line(), line(StyledText("The graph", "title")), line()]
    lines += draw(graph)
    lines += [
        line(),
        line(summary),
        line(),
        line(StyledText("What to type next", "title")),
    ]
    prefix = _prefix()
    rows = [
        [StyledText(prefix + command, "command"), StyledText(text, "dim")]
        for command, text in example.questions()
    ]
    return lines + table(rows, indent="  ")


def _prefix() -> str:
    """Return what has to stand before `lineage`, for it to be this installation."""
    here = Path(sys.executable).parent
    if str(here) in os.environ.get("PATH", "").split(os.pathsep):
        return ""
    return ".venv/bin/" if here == Path(".venv/bin").absolute() else f"{here}/"


COMMANDS: Final = (
    Command(
        "demo", run_demo, "run the example and look at its graph",
        answer=GraphAnswer, options=_demo_options,
    ),
)  # fmt: skip
