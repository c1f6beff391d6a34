"""Remembers how a picture grew, so that what it showed before stays in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...model.overview import OverviewParams
from .grouping import Ends, Grouper, Id
from .members import Member


class Growth:
    """What was in a picture at first, and what was added since.

    Args:
        first: What was reached before anything was opened.
        focus: What is in no group of like ones.
    """

    def __init__(self, first: set[Id], focus: set[Id]) -> None:
        self.focus = focus
        #: What is looked for besides, and stays out of groups as well.
        self.found: set[Id] = set()
        self._first = first
        self._added: dict[Id, int] = {}
        self._number = 0

    def note(self, ids: Collection[Id]) -> None:
        """Note what is there after one more expansion."""
        for id in ids:
            if id not in self._first:
                self._added.setdefault(id, self._number)
        self._number += 1

    def grouper(
        self, members: Sequence[Member], ends: Sequence[Ends], params: OverviewParams
    ) -> Grouper:
        """Group what is there now; what the first picture shows is shown."""
        first = None
        if params.opened or self._added or self.found:
            known = [member for member in members if member.id in self._first]
            ids = {member.id for member in known}
            first = Grouper(
                known,
                [line for line in ends if line[0] in ids and line[1] in ids],
                keep=self.focus,
                opened=(),
            )
            first.group(params.by, params.limit)
        grouper = Grouper(
            members,
            ends,
            keep=self.focus | self.found,
            opened=params.opened,
            first=first,
            added=self._added,
            found=self.found,
        )
        grouper.group(params.by, params.limit)
        return grouper
