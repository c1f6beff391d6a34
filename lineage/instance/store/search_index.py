"""What a search can find an artifact by: its texts, from each start of a word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, Final

from .columns import Columns
from .database import Transaction

NAME: Final = 0
PATH: Final = 1
ID: Final = 2
TITLE: Final = 3

#: Longest text that a prefix is compared with, in characters.
MAX_TERM: Final = 48
#: Terms of one text, at most: enough for the last folders of a long path.
MAX_TERMS: Final = 8

_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"<[^<>]*>")
_COLUMNS = ("team_id", "term", "field", "target")

Term = tuple[int, str, int, int]


def starts_of(text: str) -> list[str]:
    """Return a text from each start of a word, lowered, shortened, without repeats."""
    lowered = text.lower()
    starts = [match.start() for match in _WORD.finditer(lowered)]
    cut = [lowered[start : start + MAX_TERM] for start in (0, *starts[-MAX_TERMS:])]
    return list(dict.fromkeys(part for part in cut if part))


def plain_title(title: str) -> str:
    """Return a title without its tags."""
    return _TAG.sub("", title).strip()


def entity_terms(team_id: int, entity_id: int, name: str, ident: str) -> list[Term]:
    """Return the rows by which a new artifact is found."""
    rows = artifact_terms(team_id, [(entity_id, name, ident)])
    return [(team, term, field, target) for team, term, field, target in rows]


def artifact_terms(team_id: int, artifacts: Iterable[tuple[int, str, str]]) -> Columns:
    """Return the rows by which new artifacts are found, in the order of the index.

    Args:
        team_id: The team.
        artifacts: Id, name and identity of each.
    """
    texts: list[str] = []
    fields: list[int] = []
    targets: list[int] = []
    for id, name, ident in artifacts:
        found = starts_of(name)
        kinds = [NAME] * len(found)
        if ident.isdecimal():
            found.append(ident)
            kinds.append(ID)
        elif ident != name:
            lowered = ident.lower()
            starts = _starts_in(ident.removesuffix(name))
            found += [lowered[at : at + MAX_TERM] for at in starts]
            kinds += [PATH] * len(starts)
        texts += found
        fields += kinds
        targets += [id] * len(found)
    order = sorted(range(len(texts)), key=texts.__getitem__)
    columns = ([column[at] for at in order] for column in (texts, fields, targets))
    return Columns(len(order), [repeat(team_id), *columns])


@lru_cache(maxsize=1024)
def _starts_in(folder: str) -> tuple[int, ...]:
    """Return where the words of a folder start, in which mostly many files lie."""
    lowered = folder.lower()
    return tuple(lowered.find(start) for start in starts_of(folder))


def text_of(row: str) -> str:
    """Return the SQL of a text with an artifact's names, for SQLite."""
    return (
        f"CASE WHEN instr({row}.ident, {row}.name) > 0 THEN {row}.ident"
        f" ELSE {row}.ident || char(10) || {row}.name END"
    )


def write_terms(tx: Transaction, rows: Collection[Sequence[Any]]) -> None:
    """Add rows to what a search looks up."""
    tx.insert_many("terms", _COLUMNS, rows, or_ignore=True)


def number_terms(team_id: int, numbers: Iterable[tuple[int, int]]) -> list[Term]:
    """Return the rows by which new tasks are found: their ids with their numbers."""
    return [(team_id, str(number), ID, -task_id) for task_id, number in numbers]


def write_task_terms(
    tx: Transaction, team_id: int, task_id: int, name: str | None, number: int | None
) -> None:
    """Write the search terms of a task: its name and its number."""
    rows: list[Term] = []
    if number is not None:
        gone = (
            "DELETE FROM terms"
            " WHERE team_id = ? AND target = ? AND field = ? AND target < 0"
        )
        tx.run(gone, (team_id, -task_id, ID))
        rows.append((team_id, str(number), ID, -task_id))
    if name:
        rows += [(team_id, term, NAME, -task_id) for term in starts_of(name)]
    write_terms(tx, rows)


def write_titles(tx: Transaction, team_id: int, titles: dict[int, str]) -> None:
    """Write the search terms of artifacts from the titles of their cards."""
    write_terms(
        tx,
        [
            (team_id, term, TITLE, target)
            for target, title in titles.items()
            for term in starts_of(plain_title(title))
        ],
    )
