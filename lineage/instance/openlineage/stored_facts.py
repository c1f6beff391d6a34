"""Which facts of a run are stored: what has to be taken back when more is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

from ..store.validation import WithdrawnFact

Fact = dict[str, Any]
Stored = dict[str, list[str]]
"""By the uid of a fact: a digest, and, of others than edges, type, task and step."""
#: What the store says of an artifact, and not the run.
_OF_STORE: Final = "canonical"
_encoded: Final = json.JSONEncoder(sort_keys=True).encode


def replace_facts(
    stored: Stored, facts: Iterable[Fact]
) -> tuple[list[Fact], list[WithdrawnFact]]:
    """Return the facts to store, and those to take back; note what is stored then.

    Args:
        stored: What is stored; brought up to date.
        facts: What follows from all that is known.
    """
    unique = _unique(facts)
    now = {uid: _entry(text, fact) for uid, (text, fact) in unique.items()}
    return _replace(stored, unique, now)


def add_facts(
    stored: Stored, facts: Iterable[Fact]
) -> tuple[list[Fact], list[WithdrawnFact]] | None:
    """Do the same where the stored edges still follow.

    Args:
        stored: What is stored; brought up to date.
        facts: What follows from all that is known, of edges only the new ones.

    Returns:
        None where a new edge says something else of a stored one: which of them holds
        follows from all edges.
    """
    unique = _unique(facts)
    now = {uid: _entry(text, fact) for uid, (text, fact) in unique.items()}
    edges = {uid: entry for uid, entry in stored.items() if _is_edge(entry)}
    if any(edges.get(uid, entry) != entry for uid, entry in now.items()):
        return None
    return _replace(stored, unique, edges | now)


def _unique(facts: Iterable[Fact]) -> dict[str, tuple[str, Fact]]:
    """Return each fact once, by its uid, with its text."""
    unique: dict[str, tuple[str, Fact]] = {}
    for fact in facts:
        own = fact
        if _OF_STORE in fact:
            own = {name: fact[name] for name in fact if name != _OF_STORE}
        text = _encoded(own)
        # Of two words about one edge the greater: a rule without an order.
        if fact["uid"] not in unique or unique[fact["uid"]][0] < text:
            unique[fact["uid"]] = text, fact
    return unique


def _replace(
    stored: Stored, facts: dict[str, tuple[str, Fact]], now: Stored
) -> tuple[list[Fact], list[WithdrawnFact]]:
    gone = [_withdrawn(uid, one) for uid, one in stored.items() if now.get(uid) != one]
    changed = [fact for uid, (_, fact) in facts.items() if now[uid] != stored.get(uid)]
    stored.clear()
    stored.update(now)
    return changed, gone


def _entry(text: str, fact: Fact) -> list[str]:
    digest = hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
    if fact["f"] == "edge":
        return [digest]
    step = [fact["step"]["key"]] if fact["f"] == "step_end" else []
    return [digest, fact["f"], fact["task"], *step]


def _is_edge(entry: list[str]) -> bool:
    return len(entry) == 1


def _withdrawn(uid: str, entry: list[str]) -> WithdrawnFact:
    if _is_edge(entry):
        return WithdrawnFact(uid, "edge", "")
    return WithdrawnFact(uid, entry[1], entry[2], entry[3] if entry[3:] else None)
