"""Remove what should not have been recorded: `forget`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from ..journal import forget as journal_forget
from .connect import load, settings_of
from .format import count
from .parser import Commands, UsageError
from .result import NO, CommandResult, Line, StyledText, line
from .serve import opened_store, with_store

#: A shorter text stands in too much that is meant to stay.
_LEAST: Final = 4


def add_commands(commands: Commands) -> None:
    """Add the command of this theme."""
    forget = commands.add(
        "forget", run_forget,
        "remove a text, a run's details or a user's name from store, journal and blobs",
        example="lineage forget --text -",
    )  # fmt: skip
    what = forget.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--text",
        help="a password or other text that was recorded; `-` reads it from standard "
        "input",
    )
    what.add_argument(
        "--task", type=int, metavar="NUMBER",
        help="a run: its name, command, errors, log, parameters; not its edges",
    )  # fmt: skip
    what.add_argument("--user", metavar="NAME", help="a user's name")
    forget.add_argument(
        "--dry-run", action="store_true", help="only show what it finds"
    )
    with_store(forget)


def run_forget(args: argparse.Namespace) -> CommandResult:
    """Remove it, and say what could not be reached."""
    text = _text(args)
    store_forget = load("instance.store.forget", "server")
    is_dry_run: bool = args.dry_run
    with opened_store(args) as store:
        if text is not None:
            rows = store_forget.forget_text(store.db, text, is_dry_run=is_dry_run)
        elif args.task is not None:
            rows = store_forget.forget_task(store.db, args.task, is_dry_run=is_dry_run)
        else:
            rows = store_forget.forget_user(store.db, args.user, is_dry_run=is_dry_run)
        is_scrubbed = is_dry_run or store_forget.scrub(store.db)
    home = settings_of(args).home
    forms = store_forget.spellings(text) if text else []
    changed, in_use = _in_journal(home, forms, is_dry_run=is_dry_run)
    blobs = _in_blobs(home, text, is_dry_run=is_dry_run)
    data = {
        "rows": rows,
        "journal": [str(path) for path in changed],
        "blobs": blobs,
        "not_reached": _not_reached(in_use, is_scrubbed=is_scrubbed, text=text),
        "is_dry_run": is_dry_run,
    }
    is_found = bool(rows or changed or blobs)
    return CommandResult(data, _lines(data), 0 if is_found and not in_use else NO)


def _text(args: argparse.Namespace) -> str | None:
    if args.text is None:
        return None
    text = sys.stdin.read().strip("\r\n") if args.text == "-" else str(args.text)
    if len(text) < _LEAST:
        raise UsageError(f"a text of {_LEAST} characters or more can be forgotten")
    return text


def _in_journal(
    home: Path, forms: list[str], *, is_dry_run: bool
) -> tuple[list[Path], list[Path]]:
    folder = home / "journal"
    if not forms or not folder.is_dir():
        return [], []
    return journal_forget.forget_text(folder, forms, is_dry_run=is_dry_run)


def _in_blobs(home: Path, text: str | None, *, is_dry_run: bool) -> list[str]:
    if text is None or not (home / "blobs").is_dir():
        return []
    blobs = load("instance.blobs", "server").Blobs(home / "blobs")
    found: list[str] = blobs.remove_with([text.encode()], is_dry_run=is_dry_run)
    return found


def _not_reached(
    in_use: list[Path], *, is_scrubbed: bool, text: str | None
) -> list[str]:
    missing = [f"{path}: an app is using it; end the app and repeat" for path in in_use]
    if not is_scrubbed:
        missing.append("old rows of PostgreSQL, until: VACUUM FULL")
    missing.append("backups, exports and copies of the store")
    if text is not None:
        missing.append("other machines, and packed or encoded forms of the text")
    else:
        missing.append("facts that wait in journals: type: lineage flush, and repeat")
    return missing


def _lines(data: dict[str, Any]) -> list[Line]:
    done = "would change" if data["is_dry_run"] else "changed"
    lines = [
        line(StyledText(f"{table}  ", "data"), f"{done} {count(rows, 'row')}")
        for table, rows in data["rows"].items()
    ]
    lines += [line(StyledText(path, "data"), f"  {done}") for path in data["journal"]]
    removed = "would be removed" if data["is_dry_run"] else "removed"
    lines += [line(f"blob {digest[:12]}  {removed}") for digest in data["blobs"]]
    if not lines:
        lines = [line("nothing of it was found")]
    lines.append(line(StyledText("not reached", "title")))
    return [*lines, *(line("  ", text) for text in data["not_reached"])]
