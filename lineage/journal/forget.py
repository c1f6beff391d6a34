"""Overwrites a text, a task's details or a user's name in the files of a home.

Nothing moves: facts keep their lines, by which an instance knows them again. A file
that a process is writing is left alone, and named.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Final

from ..system import BINARY, locked, read_at, write_at
from . import records
from .dead_letters import MEMBER
from .segments import HEADER, MAGIC

Fact = dict[str, Any]
Change = Callable[[Fact], Fact | None]
"""Returns what takes a fact's place; None where it stays as it is."""

#: What a task says of itself, and a step, beside what it used and produced.
_DETAILS: Final = {
    "task": (
        "name", "host", "user", "pid", "python", "git_commit", "git_dirty", "command",
        "machine", "environment", "environment_digest", "node_meta",
    ),
    "task_end": ("error", "traceback"),
    "step_end": ("error",),
    "edge": ("meta",),
}  # fmt: skip
#: Facts of which nothing is left; an instance takes in one without parameters instead.
_NOTHING_ELSE: Final = ("params", "metrics", "links", "log")
#: What a fact has whatever its type is.
_COMMON: Final = ("uid", "task", "task_id", "at", "seq", MEMBER)


def forget_text(
    journal: Path, forms: list[str], *, is_dry_run: bool = False
) -> tuple[list[Path], list[Path]]:
    """Overwrite a text in each file of a journal's folder, in place.

    Args:
        journal: The folder.
        forms: The text in its spellings.
        is_dry_run: Look only.

    Returns:
        The files that held it and were changed, and those that are in use.
    """
    needles = [form.encode("utf-8", "replace") for form in forms]

    def edit(data: bytes) -> bytes:
        return _without(data, needles)

    return _edited(journal, needles, edit, is_dry_run=is_dry_run)


def forget_facts(
    journal: Path, words: Sequence[str], change: Change, *, is_dry_run: bool = False
) -> tuple[list[Path], list[Path]]:
    """Change facts in each file of a journal's folder, in place.

    Args:
        journal: The folder.
        words: A fact that holds none of them stays.
        change: Returns what takes a fact's place, no longer than it was.
        is_dry_run: Look only.

    Returns:
        The files that held such facts and were changed, and those that are in use.
    """
    needles = [
        json.dumps(word, ensure_ascii=is_ascii).encode("utf-8", "replace")
        for word in words
        for is_ascii in (True, False)
    ]

    def edit(data: bytes) -> bytes:
        return _with_changed_facts(data, needles, change)

    return _edited(journal, needles, edit, is_dry_run=is_dry_run)


def without_details(keys: Collection[str]) -> Change:
    """Return the change that takes from some tasks' facts what they say of themselves.

    What the tasks used and produced stays, as it does in a store.
    """

    def change(fact: Fact) -> Fact | None:
        kind = fact.get("f")
        if fact.get("task") not in keys:
            return None
        if kind in _NOTHING_ELSE:
            return _nothing(fact)
        gone = _DETAILS.get(str(kind), ())
        left = {name: value for name, value in fact.items() if name not in gone}
        if isinstance(step := left.get("step"), dict):
            kept = {name: value for name, value in step.items() if name != "params"}
            left["step"] = {**kept, "name": "forgotten"[: len(str(step.get("name")))]}
        changed = _without_reason(left)
        return None if changed == fact else changed

    return change


def without_user(user: str) -> Change:
    """Return the change that takes a user's name from facts of tasks."""

    def change(fact: Fact) -> Fact | None:
        if fact.get("user") != user:
            return None
        return {name: value for name, value in fact.items() if name != "user"}

    return change


def _nothing(fact: Fact) -> Fact:
    common: Fact = {name: fact[name] for name in _COMMON if name in fact}
    return _without_reason({**common, "f": "params", "params": {}})


def _without_reason(fact: Fact) -> Fact:
    """Return a rejected fact without why, which may quote it."""
    if MEMBER not in fact:
        return fact
    return {**fact, MEMBER: {**fact[MEMBER], "why": ""}}


def _edited(
    journal: Path,
    needles: Sequence[bytes],
    edit: Callable[[bytes], bytes],
    *,
    is_dry_run: bool,
) -> tuple[list[Path], list[Path]]:
    changed: list[Path] = []
    in_use: list[Path] = []
    for path in sorted(p for p in journal.rglob("*") if p.is_file()):
        try:
            fd = os.open(path, os.O_RDWR | BINARY)
        except OSError:
            in_use.append(path)
            continue
        try:
            data = read_at(fd, os.fstat(fd).st_size, 0)
            if not any(needle in data for needle in needles):
                continue
            new = edit(data)
            if new == data:
                continue
            if not locked(fd):
                in_use.append(path)
                continue
            changed.append(path)
            if not is_dry_run:
                write_at(fd, new, 0)
                os.fsync(fd)
        finally:
            os.close(fd)
    return changed, in_use


def _without(data: bytes, needles: list[bytes]) -> bytes:
    """Return the bytes with stars in place of the text, and checksums that fit."""
    whole = bytearray(_starred(data, needles))
    for start, before in records.lines(data[HEADER:], HEADER)[0]:
        line = bytes(whole[start : start + len(before)])
        if line != before:
            whole[start : start + records.MARK_AT] = records.checksum(line)
    return bytes(whole)


def _starred(data: bytes, needles: list[bytes]) -> bytes:
    for needle in needles:
        data = data.replace(needle, b"*" * len(needle))
    return data


def _with_changed_facts(data: bytes, needles: Sequence[bytes], change: Change) -> bytes:
    def rewrite(text: bytes) -> bytes:
        is_held = any(needle in text for needle in needles)
        return _changed(text, change) if is_held else text

    if not data.startswith(MAGIC):
        return rewrite(data)
    whole = bytearray(data)
    lines, torn = records.lines(data[HEADER:], HEADER)
    for start, line in lines:
        whole[start : start + len(line)] = records.rewritten(line, rewrite)
    for piece in torn:
        end = piece.offset + len(piece.piece)
        whole[piece.offset : end] = rewrite(piece.piece)
    return bytes(whole)


def _changed(text: bytes, change: Change) -> bytes:
    """Return the text of a fact as it is changed, of the same length.

    What is damaged cannot be taken apart: all of it is overwritten.
    """
    try:
        fact = json.loads(text)
    except ValueError:
        return b"*" * len(text)
    if not isinstance(fact, dict):
        return text
    # What was last delivered may stand in an object of its own.
    inner = fact.get("fact")
    found = change(inner if isinstance(inner, dict) else fact)
    if found is None:
        return text
    for new in (found, _nothing(found)):
        whole = {**fact, "fact": new} if isinstance(inner, dict) else new
        shown = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
        data = shown.encode("utf-8", "replace")
        if len(data) <= len(text):
            return data.ljust(len(text))
    return text
