"""Write a part of the graph for other tools: `export`, `passport`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import LineageError
from .connect import Instance, instance
from .find import find
from .format import count
from .parser import NAME_HELP, Command, Parser, add_instance_options, hops
from .result import CommandResult, StyledText, line

_FORMATS: Final = (
    "html", "json", "csv", "prov", "ro-crate", "ml-bom", "openlineage", "mermaid",
    "dot", "graphml",
)  # fmt: skip


if TYPE_CHECKING:
    from ..export import GraphRecord


class ExportError(LineageError):
    """The file for an export cannot be written."""


def _export_options(parser: Parser) -> None:
    parser.add_argument(
        "--as", dest="format", choices=_FORMATS, default="json", metavar="FORMAT",
        help=f"{', '.join(_FORMATS)} (json)",
    )  # fmt: skip
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        help="the file to write (the standard output)",
    )
    _add_extent(parser)


def _passport_options(parser: Parser) -> None:
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True,
        help="a new folder, or a file that ends in .zip",
    )  # fmt: skip
    parser.add_argument(
        "--with-files", action="store_true",
        help="also copy the files that still have the recorded content",
    )  # fmt: skip
    _add_extent(parser)


def _add_extent(parser: Parser) -> None:
    parser.add_argument("selector", metavar="SELECTOR", help=NAME_HELP)
    parser.add_argument("--up", type=hops, metavar="HOPS", help="hops upstream (all)")
    parser.add_argument(
        "--down",
        type=hops,
        metavar="HOPS",
        default=0,
        help="hops downstream (0)",
    )
    add_instance_options(parser)


def run_export(args: argparse.Namespace) -> CommandResult:
    """Write one format, to a file or to the standard output."""
    from ..export import FORMATS

    with instance(args) as here:
        text = FORMATS[args.format].write(_record(here, args))
    if args.out is None and args.json:
        return CommandResult({"format": args.format, "text": text})
    if args.out is None:
        sys.stdout.write(text)
        return CommandResult(None, [])
    try:
        args.out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise _unwritable(args.out, error) from error
    data = {"file": str(args.out), "format": args.format, "characters": len(text)}
    shown = line(StyledText("✔ ", "good"), StyledText(str(args.out), "data"))
    return CommandResult(data, [shown])


def _unwritable(out: Path, error: OSError) -> ExportError:
    return ExportError(f"{out} cannot be written: {error.strerror}; name another --out")


def _record(here: Instance, args: argparse.Namespace) -> GraphRecord:
    """Read what a name or a set starts; a name means its current version."""
    from ..export import read

    found = find(here, args.selector)
    record = read(here.graph, found.selector, up=args.up, down=args.down)
    return replace(record, selector=args.selector)


def run_passport(args: argparse.Namespace) -> CommandResult:
    """Write all formats and the manifest of digests, with the files on request."""
    from ..export import write_passport

    with instance(args) as here:
        record = _record(here, args)
    try:
        report = write_passport(record, args.out, with_files=args.with_files)
    except OSError as error:
        raise _unwritable(args.out, error) from error
    lines = [
        line(
            StyledText("✔ ", "good"),
            StyledText(str(report.path), "data"),
            f"  {count(len(report.files), 'file')}, {count(len(record.nodes), 'node')}",
        )
    ]
    lines += [
        line(StyledText("! ", "warn"), f"not in it: {name}") for name in report.missing
    ]
    if not record.is_complete:
        lines.append(line(StyledText("! ", "warn"), "a part only: a bound was reached"))
    return CommandResult(report, lines)


COMMANDS: Final = (
    Command(
        "export", run_export, "write a part of the graph for other tools",
        answer="ExportAnswer", options=_export_options,
        example="lineage export model.joblib --as html --out model.html",
    ),
    Command(
        "passport", run_passport,
        "write where something came from, in all formats, into one folder",
        answer="PassportAnswer", options=_passport_options,
        example="lineage passport model.joblib --out model-passport.zip",
    ),
)  # fmt: skip
