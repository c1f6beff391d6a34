"""What the documentation has to say, made from the code it speaks of."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from source_tree import ROOT

from lineage.cli.main import build_parser
from lineage.settings import VARIABLES

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^```(?:sh|shell)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def environment_rows() -> list[str]:
    """One row of the table of variables for each setting."""
    return [
        f"| {', '.join(f'`{name}`' for name in v.names)} | {_default(v.default)} "
        f"| {v.allowed} | {v.meaning} |"
        for v in VARIABLES
    ]


def _default(value: object) -> str:
    if value is None or value in ((), {}):
        return "unset"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def command_rows() -> list[str]:
    """One row of the table of commands for each command."""
    return [f"| `lineage {name}` | {summary} |" for name, summary in commands()]


def commands() -> Iterator[tuple[str, str]]:
    """All commands with their help, those of groups with both words."""
    yield from _commands(build_parser(), "")


def _commands(parser: argparse.ArgumentParser, lead: str) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        helps = {choice.dest: choice.help for choice in action._choices_actions}
        for name, child in action.choices.items():
            inner = list(_commands(child, f"{lead}{name} "))
            yield from inner or [(f"{lead}{name}", helps[name] or "")]


def shell_lines(text: str) -> list[str]:
    """The lines of a document's shell blocks, without prompts and comments."""
    lines = []
    for block in _FENCE.findall(text):
        for raw in block.replace("\\\n", " ").split("\n"):
            line = raw.removeprefix("$ ").split("  #")[0].strip()
            if line and not line.startswith("#"):
                lines.append(line)
    return lines
