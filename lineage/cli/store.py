"""Look after a store: `store backup`, `partition`, `distribute` and `rebuild`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from .connect import load
from .open_store import opened_store, with_store
from .parser import Command, CommandGroup, Parser
from .result import CommandResult, line


def _backup_options(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="where the copy goes")
    with_store(parser)


def _partition_options(parser: Parser) -> None:
    parser.add_argument(
        "--parts", type=_parts, default=16, help="parts of each table (16)"
    )
    with_store(parser)


def _parts(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError("from 1 to 1024")
    return int(text)


def run_backup(args: argparse.Namespace) -> CommandResult:
    """Copy a SQLite store."""
    backup = load("instance.store.backup", "server")
    with opened_store(args) as store:
        size = backup.back_up(store.db, args.file)
    data = {"file": str(args.file), "bytes": size}
    return CommandResult(
        data, [line(f"{args.file} holds the whole store: {size} bytes")]
    )


def run_partition(args: argparse.Namespace) -> CommandResult:
    """Partition the large tables of a PostgreSQL store by team."""
    partitioning = load("instance.store.partitioning", "postgres")
    with opened_store(args) as store:
        done = partitioning.partition(store.db, args.parts)
    text = f"in {args.parts} parts each: {', '.join(done)}"
    data = {"tables": done, "parts": args.parts}
    return CommandResult(data, [line(text if done else "it is partitioned already")])


def run_distribute(args: argparse.Namespace) -> CommandResult:
    """Spread the tables of teams over the workers of a cluster."""
    distribution = load("instance.store.distribution", "postgres")
    with opened_store(args) as store:
        done = distribution.distribute(store.db)
    text = f"distributed by team: {', '.join(done)}"
    data = {"tables": done}
    return CommandResult(data, [line(text if done else "it is distributed already")])


def run_rebuild(args: argparse.Namespace) -> CommandResult:
    """Rebuild everything that follows from the recorded edges."""
    rebuild = load("instance.store.rebuild", "server")
    with opened_store(args) as store:
        teams = rebuild.rebuild_all(store.db)
    shown = ", ".join(map(str, teams))
    noun = "team" if len(teams) == 1 else "teams"
    text = f"rebuilt for {noun} {shown}" if teams else "the store is empty"
    return CommandResult({"teams": teams}, [line(text)])


COMMANDS: Final = (
    CommandGroup(
        "store", "look after the store of an instance",
        Command(
            "backup", run_backup, "copy a SQLite store while it is in use",
            answer="BackupAnswer", options=_backup_options,
            example="lineage store backup /backups/monday.db",
        ),
        Command(
            "partition", run_partition, "partition a PostgreSQL store's tables by team",
            answer="PartitionAnswer", options=_partition_options,
            example="lineage store partition --store postgresql://lineage@db/lineage",
        ),
        Command(
            "distribute", run_distribute,
            "spread a store over a Citus cluster, by team",
            answer="DistributionAnswer", options=with_store,
            example="lineage store distribute --store postgresql://lineage@db/lineage",
        ),
        Command(
            "rebuild", run_rebuild,
            "rebuild versions and links from the recorded edges",
            answer="RebuildAnswer", options=with_store,
            example="lineage store rebuild --store sqlite:///instance.db",
        ),
    ),
)  # fmt: skip
