"""Find mistakes: `doctor` in the environment, `check` in a module's declarations."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from ..permissions import is_open_to_others
from ..settings import Origin, Settings
from .connect import load, settings_of
from .explain_settings import consequence, summary
from .format import count
from .open_store import opened_store
from .output import table
from .parser import Command, Parser, UsageError, add_instance_options
from .ping import reached
from .result import NO, CommandResult, Line, StyledText, line

#: Extras, each with the module whose presence shows it.
_EXTRAS: Final = {
    "server": "starlette",
    "postgres": "psycopg",
    "sso": "joserfc",
    "cli": "rich",
    "files": "httpx",
    "mlflow": "mlflow",
    "parquet": "pyarrow",
}


def _doctor_options(parser: Parser) -> None:
    parser.add_argument(
        "--store", nargs="?", const="", metavar="URL",
        help="check the store's rows: the embedded one's, or sqlite:///… postgresql://…",
    )  # fmt: skip
    add_instance_options(parser)


def _check_options(parser: Parser) -> None:
    parser.add_argument(
        "module", metavar="MODULE",
        help="my_app.main or a file my_app/main.py; with :NAME only one function or "
        "class of it",
    )  # fmt: skip


def run_doctor(args: argparse.Namespace) -> CommandResult:
    """Show the environment as lineage understands it."""
    if args.store is not None:
        return _check_store(args)
    settings = settings_of(args)
    reachable = reached(settings)
    installed = {extra: _version(module) for extra, module in _EXTRAS.items()}
    data = {
        "version": metadata.version("workflow-lineage"),
        "python": platform.python_version(),
        "destination": settings.shown_destination,
        "reached": reachable,
        "settings": [_origin_data(origin, settings) for origin in settings.origins],
        "extras": installed,
    }
    lines = [*_summary(settings), line("  ", reachable), line()]
    lines += [*_variables(settings), line()]
    lines += [line(StyledText("Extras", "title")), *_extras(installed)]
    problems = [origin.problem for origin in settings.origins if origin.problem]
    problems += _open_home(settings.home)
    if problems:
        lines += [line(), line(StyledText(count(len(problems), "problem"), "bad"))]
        lines += [line("  ", problem) for problem in problems]
    return CommandResult(data, lines, NO if problems else 0)


def _check_store(args: argparse.Namespace) -> CommandResult:
    """Check what is true of every store, and show how to repair one."""
    invariants = load("instance.store.invariants", "server")
    args.store = args.store or None
    with opened_store(args) as store:
        found = invariants.violations(store.db)
        url = store.db.url
    data = {
        "store": url,
        "violations": [
            {
                "rule": one.rule,
                "team_id": one.team_id,
                "count": one.count,
                "examples": list(one.examples),
            }
            for one in found
        ],
    }
    if not found:
        return CommandResult(data, [line(f"{url} is sound")])
    lines = [
        line(
            StyledText(f"team {one.team_id}: not true that {one.rule}: ", "bad"),
            f"{one.count}, as {', '.join(one.examples)}",
        )
        for one in found
    ]
    repair = f"{invariants.REPAIR} --store {shlex.quote(url)}"
    return CommandResult(
        data, [*lines, line("rebuild it from what was recorded: ", repair)], NO
    )


def _open_home(home: Path) -> list[str]:
    """Return what is wrong with the rights of a home; older releases left it open."""
    if not is_open_to_others(home):
        return []
    command = f"chmod -R go= {shlex.quote(str(home))}"
    return [f"{home} can be read by every user of this machine; type: {command}"]


def _origin_data(origin: Origin, settings: Settings) -> Mapping[str, Any]:
    return {
        "names": list(origin.variable.names),
        "value": origin.shown,
        "from": origin.name or "default",
        "allowed": origin.variable.allowed,
        "meaning": origin.variable.meaning,
        "follows": consequence(origin, settings),
        "problem": origin.problem,
    }


def _summary(settings: Settings) -> list[Line]:
    version = metadata.version("workflow-lineage")
    python = f"Python {platform.python_version()}"
    first = line(StyledText(f"lineage {version}", "title"), f" on {python}")
    return [first, *(line("  ", text) for text in summary(settings))]


def _variables(settings: Settings) -> list[Line]:
    rows = [
        [
            StyledText("!" if origin.problem else "•" if origin.name else " ", "warn"),
            StyledText(origin.name or origin.variable.names[0], "data"),
            StyledText(_shown(origin), "good" if origin.name else ""),
            StyledText("set" if origin.name else "default", "dim"),
            StyledText(consequence(origin, settings), "dim"),
        ]
        for origin in _by_name(settings.origins)
    ]
    return [line(StyledText("Settings", "title")), *table(rows)]


def _by_name(origins: Sequence[Origin]) -> list[Origin]:
    """Return one setting for each variable: what reads one again follows the first."""
    found: dict[str, Origin] = {}
    for origin in origins:
        found.setdefault(origin.name or origin.variable.names[0], origin)
    return list(found.values())


def _shown(origin: Origin) -> str:
    """Return a value as it is typed; secrets are masked already."""
    if origin.value in ((), {}):
        return "none"
    return origin.shown.lower() if isinstance(origin.value, bool) else origin.shown


def _version(module: str) -> str | None:
    """Return which version is there, without the seconds that some imports take."""
    if importlib.util.find_spec(module) is None:
        return None
    try:
        return metadata.version(module)
    except metadata.PackageNotFoundError:
        return "installed"  # a smaller distribution of it, such as mlflow-skinny


def _missing(extra: str) -> str:
    return f"missing; type: pip install 'workflow-lineage[{extra}]'"


def _extras(installed: Mapping[str, str | None]) -> list[Line]:
    rows = [
        [
            StyledText("  " + extra),
            StyledText(version, "good")
            if version
            else StyledText(_missing(extra), "warn"),
        ]
        for extra, version in installed.items()
    ]
    return table(rows)


def run_check(args: argparse.Namespace) -> CommandResult:
    """Bind every path in a module's declarations to signatures and annotations."""
    module, only = _split(args.module)
    checked = _checked(_module_name(module), only)
    problems = checked.problems
    lines = [
        line(
            StyledText(f"{problem.file}:{problem.line}", "data"), f"  {problem.message}"
        )
        for problem in problems
    ]
    if not lines:
        lines = [_fitting(module, len(checked.functions))]
    data = {"functions": checked.functions, "problems": problems}
    return CommandResult(data, lines, NO if problems else 0)


def _checked(name: str, only: str | None) -> Any:
    """Import a module and check it; what its own lines call is not recorded."""
    checker = importlib.import_module("..tracking.lint", __package__)
    switch = importlib.import_module("..recording.enabled", __package__)
    was_on = switch.is_on()
    switch.turn_off()
    try:
        return checker.check_module(name, only)
    except ModuleNotFoundError as error:
        raise UsageError(_not_found(name, error.name or "")) from error
    finally:
        if was_on:
            switch.turn_on()


def _fitting(module: str, functions: int) -> Line:
    if not functions:
        return line(StyledText(f"{module} has no declarations", "warn"))
    counted = count(functions, "function")
    return line(StyledText("every declaration fits", "good"), f"  ({counted})")


def _not_found(module: str, missing: str) -> str:
    """Report whether the module itself is missing, or one that it imports."""
    if module == missing or module.startswith(f"{missing}."):
        return (
            f"there is no module {module!r} here; name a file, such as app.py, or a "
            "module as `python -m` takes it"
        )
    return f"{module} cannot be imported: it needs {missing!r}, which is not installed"


def _split(text: str) -> tuple[str, str | None]:
    """Split `my_app.main:train` into the module and what is meant in it."""
    module, colon, only = text.rpartition(":")
    # `C:\\apps\\train.py` has a drive before its colon.
    if not colon or not only.replace(".", "_").isidentifier() or not module:
        return text, None
    return (text, None) if only.endswith(".py") else (module, only)


def _module_name(name: str) -> str:
    """Return a module's name, putting its folder on the path as `python -m` does."""
    path = Path(name)
    if path.suffix != ".py":
        sys.path.insert(0, os.getcwd())
        return name
    if not path.exists():
        raise UsageError(f"there is no file {name}")
    path = path.resolve()
    folder, module = path.parent, path.stem
    while (folder / "__init__.py").exists():
        folder, module = folder.parent, f"{folder.name}.{module}"
    sys.path.insert(0, str(folder))
    is_other = module in sys.builtin_module_names
    if module in sys.modules:
        found = getattr(sys.modules[module], "__file__", None)
        is_other = found is None or Path(found).resolve() != path
    if is_other:
        raise UsageError(
            f"{name} cannot be imported, because Python has another module {module!r}; "
            "give the file another name"
        )
    return module


COMMANDS: Final = (
    Command(
        "doctor", run_doctor, "show every setting, where it came from and what it does",
        answer="DoctorOrStoreAnswer", options=_doctor_options,
    ),
    Command(
        "check", run_check, "check declarations without calling the functions",
        answer="CheckAnswer", options=_check_options,
        example="lineage check my_app.main:train",
    ),
)  # fmt: skip
