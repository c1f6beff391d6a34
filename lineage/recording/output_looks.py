"""Outputs that are declared before they are written: looked at when that is over.

`task.produces_file(path)` may stand before or after the lines that write the file.
What it produced is therefore settled when the step or task ends around it, at a
flush, or when the same path is declared again: the edge is in the journal by then,
and a fact `evidence` follows it.
"""

from __future__ import annotations

import itertools
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import time_ns
from typing import Final

from .context import ActiveTask, StepContext
from .edges import FileState, begun_member, is_older, look, state_members

#: Outputs of a task without an end that wait to be looked at again.
_MAX_OPEN: Final = 10_000

#: Appends an edge of the output with more members to facts.
AppendEdge = Callable[[list[str], str], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a declared output lies."""

    kind: str
    path: str | None
    """Its absolute path on this machine; None for another address."""
    key: str
    """What makes its edge another fact: direction, kind, name, card, version."""
    members: str
    """The members that name and locate it, for the fact that comes later."""


@dataclass(slots=True, eq=False)
class _OpenOutput:
    """A declared output whose step is not over."""

    scope: StepContext
    place: Place
    uid: str
    append: AppendEdge
    at_declaration: FileState | None
    recorded: FileState | None = None
    """The state that the edge, or evidence for it, has recorded."""
    is_declared_again: bool = False

    @property
    def begin_ns(self) -> int:
        """When the step began that produces it."""
        return self.scope.at or self.scope.task.root.at


class OutputLooks:
    """The open outputs of one recorder; its lock is held around every call."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, str], _OpenOutput] = {}
        self._number = itertools.count(1)
        self._source = secrets.token_hex(8)

    def __bool__(self) -> bool:
        return bool(self._open)

    def reset_after_fork(self) -> None:
        """In the child of a fork: the parent looks at its own outputs."""
        self._open = {}
        self._source = secrets.token_hex(8)

    def declare(
        self, scope: StepContext, place: Place, append: AppendEdge
    ) -> list[str]:
        """Record that a step produces an output which may not be written yet.

        Args:
            scope: The step.
            place: Where the output lies.
            append: Appends its edge; called as often as it was produced.

        Returns:
            The facts to write.
        """
        state = _state(place)
        texts: list[str] = []
        key = (id(scope), place.key)
        known = self._open.get(key)
        if known is None or (known.recorded and state not in (None, known.recorded)):
            output = _OpenOutput(scope, place, "", append, state)
            # Declared again before, it awaited this state: now it awaits the next.
            output.is_declared_again = known is not None and known.is_declared_again
            self._append(texts, key, output)
        elif known.recorded is None and state != known.at_declaration:
            texts += self._settle(known)
            known.is_declared_again = True
        else:
            known.is_declared_again = known.recorded is not None
            uid = known.uid
            self._append_edge(texts, known)  # if it comes from other inputs by now
            known.uid = known.uid or uid
        while len(self._open) > _MAX_OPEN:
            texts += self._settle(self._open.pop(next(iter(self._open))))
        return texts

    def _append(
        self, texts: list[str], key: tuple[int, str], output: _OpenOutput
    ) -> None:
        """Append an edge; its state is recorded where the step has written it."""
        state, former = output.at_declaration, self._open.pop(key, None)
        if state is not None and (
            former is not None or not is_older(state, output.begin_ns)
        ):
            output.recorded = state
        self._append_edge(texts, output)
        self._open[key] = output

    def _append_edge(self, texts: list[str], output: _OpenOutput) -> None:
        """Append an edge with a uid of its own, unless its task has recorded it."""
        output.uid = ""
        state = output.recorded
        if output.append(texts, "" if state is None else state_members(state)):
            output.uid = f"{self._source}-{next(self._number)}"
            texts[-1] = f'{texts[-1][:-1]},"uid":"{output.uid}"}}'

    def look(
        self, *, scope: StepContext | None = None, task: ActiveTask | None = None
    ) -> Iterator[str]:
        """Look at the outputs of a step or task that ends, or at all of them.

        Yields:
            The facts to write.
        """
        is_over = scope is not None or task is not None
        for key, output in list(self._open.items()):
            if scope is not None and output.scope is not scope:
                continue
            if task is not None and output.scope.task is not task:
                continue
            if is_over:
                self._open.pop(key, None)
            yield from self._settle(output)

    def _settle(self, output: _OpenOutput) -> Iterator[str]:
        """Look at an output; record a state that is not recorded yet."""
        state = _state(output.place)
        if state is None:
            if output.uid and (
                output.place.kind == "folder" or _is_looked_up(output.place)
            ):
                yield _evidence_fact(output, begun_member(output.begin_ns))
        elif state == output.recorded:
            return
        elif output.is_declared_again or (
            not output.uid and state != output.at_declaration
        ):
            texts: list[str] = []
            output.recorded, output.is_declared_again = state, False
            self._append_edge(texts, output)
            yield from texts
        elif output.uid:
            yield from self._evidence(output, state)

    def _evidence(self, output: _OpenOutput, state: FileState | None) -> Iterator[str]:
        if state is None:
            return
        output.recorded = state
        is_untouched = state == output.at_declaration
        begin_ns = output.begin_ns if is_untouched else 0
        yield _evidence_fact(output, state_members(state, begin_ns))


def _state(place: Place) -> FileState | None:
    return look(place.path) if place.kind == "file" and place.path else None


def _is_looked_up(place: Place) -> bool:
    """Whether the background may say more of an output that is no local file."""
    return "fsspec" in sys.modules and place.path is None


def _evidence_fact(output: _OpenOutput, members: str) -> str:
    head = f'{{"f":"evidence",{output.scope.task.head},"at":{time_ns()}e-9'
    return f'{head},"edge":"{output.uid}"{output.place.members}{members}}}'
