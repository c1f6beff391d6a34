"""Remove what should not have been recorded: `forget`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from ..delivery.evidence import digest_memory
from ..journal import forget as journal_forget
from .connect import load, settings_of
from .format import count
from .open_store import opened_store, with_store
from .parser import Command, Parser, UsageError
from .result import NO, CommandResult, Line, StyledText, line

#: A shorter text stands in too much that is meant to stay.
_LEAST: Final = 4


def _forget_options(parser: Parser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
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
    parser.add_argument(
        "--dry-run", action="store_true", help="only show what it finds"
    )
    with_store(parser)


def run_forget(args: argparse.Namespace) -> CommandResult:
    """Remove it, and say what could not be reached."""
    text = _text(args)
    store_forget = load("instance.store.forget", "server")
    is_dry_run: bool = args.dry_run
    files: list[str] = []
    keys: list[str] = []
    with opened_store(args) as store:
        if text is not None:
            rows = store_forget.forget_text(store.db, text, is_dry_run=is_dry_run)
        elif args.task is not None:
            files = store_forget.files_of_task(store.db, args.task)
            keys = store_forget.keys_of_task(store.db, args.task)
            rows = store_forget.forget_task(store.db, args.task, is_dry_run=is_dry_run)
        else:
            rows = store_forget.forget_user(store.db, args.user, is_dry_run=is_dry_run)
        is_scrubbed = is_dry_run or store_forget.scrub(store.db)
    home = settings_of(args).home
    forms = store_forget.spellings(text) if text else []
    if text is not None:
        by = store_forget.replacement(text)
        changed, in_use = _text_in_waiting_facts(home, forms, by, is_dry_run=is_dry_run)
    else:
        changed, in_use = _in_waiting_facts(
            home, keys, args.user, is_dry_run=is_dry_run
        )
    blobs = _in_blobs(home, forms, files, is_dry_run=is_dry_run)
    data = {
        "rows": rows,
        "journal": [str(path) for path in changed],
        "blobs": blobs,
        "not_reached": _not_reached(args, in_use, is_scrubbed=is_scrubbed, text=text),
        "is_dry_run": is_dry_run,
    }
    is_found = bool(rows or changed or blobs)
    return CommandResult(data, _lines(data), 0 if is_found and not in_use else NO)


def _text(args: argparse.Namespace) -> str | None:
    if args.text is None:
        return None
    text = sys.stdin.read().strip("\r\n") if args.text == "-" else str(args.text)
    if len(text) < _LEAST:
        raise UsageError(
            f"a text of fewer than {_LEAST} characters stands in too much that is "
            "meant to stay; name a longer one"
        )
    return text


def _in_waiting_facts(
    home: Path, keys: list[str], user: str | None, *, is_dry_run: bool
) -> tuple[list[Path], list[Path]]:
    """Take a run's details or a user's name from facts that wait."""
    words = keys if user is None else [user]
    change = (
        journal_forget.without_details(frozenset(keys))
        if user is None
        else journal_forget.without_user(user)
    )
    changed: list[Path] = []
    in_use: list[Path] = []
    if (home / "journal").is_dir():
        changed, in_use = journal_forget.forget_facts(
            home / "journal", words, change, is_dry_run=is_dry_run
        )
    try:
        if digest_memory.forget_facts(home, change, is_dry_run=is_dry_run):
            changed.append(home / digest_memory.FILE)
    except OSError:
        in_use.append(home / digest_memory.FILE)
    return changed, in_use


def _text_in_waiting_facts(
    home: Path, forms: list[str], by: str, *, is_dry_run: bool
) -> tuple[list[Path], list[Path]]:
    """Replace a text in the journal and among edges that wait for their digest."""
    changed: list[Path] = []
    in_use: list[Path] = []
    journal = home / "journal"
    if journal.is_dir():
        changed, in_use = journal_forget.forget_text(
            journal, forms, is_dry_run=is_dry_run
        )
    try:
        if digest_memory.forget_text(home, forms, by, is_dry_run=is_dry_run):
            changed.append(home / digest_memory.FILE)
    except OSError:
        in_use.append(home / digest_memory.FILE)
    return changed, in_use


def _in_blobs(
    home: Path, forms: list[str], files: list[str], *, is_dry_run: bool
) -> list[str]:
    """Remove the blobs that hold a text, and those of some digests."""
    if not (forms or files) or not (home / "blobs").is_dir():
        return []
    blobs = load("instance.blobs", "server").Blobs(home / "blobs")
    needles = [form.encode("utf-8", "replace") for form in forms]
    found: list[str] = blobs.remove(files, is_dry_run=is_dry_run)
    if needles:
        found += blobs.remove_with(needles, is_dry_run=is_dry_run)
    return found


def _not_reached(
    args: argparse.Namespace, in_use: list[Path], *, is_scrubbed: bool, text: str | None
) -> list[str]:
    missing = [f"{path}: an app is using it; end the app and repeat" for path in in_use]
    if not is_scrubbed:
        missing.append("old rows of PostgreSQL, until: VACUUM FULL")
    missing.append("backups, exports and copies of the store")
    if args.store:
        missing.append("journals and blobs of other homes than this machine's")
    if text is not None:
        missing.append("other machines, and packed or encoded forms of the text")
        return missing
    missing.append("facts that wait on other machines")
    if args.user is not None:
        missing.append(
            "texts, parameters and OpenLineage facets that hold the name: type:"
            " lineage forget --text NAME"
        )
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
    lines.append(line(StyledText("it may still be in", "title")))
    return [*lines, *(line("  ", text) for text in data["not_reached"])]


COMMANDS: Final = (
    Command(
        "forget", run_forget,
        "remove a text, a run's details or a user's name from store, journal and blobs",
        answer="ForgetAnswer", options=_forget_options,
        example="lineage forget --text -",
    ),
)  # fmt: skip
