"""What is known of a run from all its events, whatever the order of their arrival.

Inputs, outputs and facets are spread over START, RUNNING and COMPLETE of a run, and
a COMPLETE may come without a START or before it. The state is a function of the set
of events: every member is kept by a rule that does not look at the order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .event import Dataset, RunEvent

#: Bytes of one facet that is kept; a larger one is left out, and named.
MAX_FACETS: Final = 1 << 20
_REMOVED: Final = '"lifecycleStateChange": "DROP"'
_DIGITS: Final = re.compile(r"[0-9]+")
#: Digits of the largest counts.
_WIDTH: Final = 20
_ENDS: Final = {"COMPLETE": "finished", "FAIL": "error", "ABORT": "stopped"}


@dataclass(slots=True)
class RunState:
    """Everything that the events of one run said."""

    job: str = ""
    is_named: bool = False
    """Whether a START said the name of the job, which counts more than others."""
    job_namespace: str = ""
    parent: str | None = None
    parent_job: str | None = None
    root: str | None = None
    """The outermost run around it."""
    first_at: float | None = None
    """The earliest time of any event."""
    last_at: float | None = None
    """The latest time of any event."""
    started_at: float | None = None
    produced_at: float | None = None
    """The earliest time at which outputs count as made: of RUNNING or of an end."""
    ended_at: float | None = None
    end: str | None = None
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    facets: dict[str, Any] = field(default_factory=dict)
    """The facets of the run and, below `job`, of the job; as they came."""
    stored: dict[str, list[str]] = field(default_factory=dict)
    """Which facts are stored of it; see `stored_facts`."""

    @property
    def has_data(self) -> bool:
        """Whether any event named a dataset."""
        return bool(self.inputs or self.outputs)

    @classmethod
    def from_json(cls, text: str) -> RunState:
        """Read a state that was kept."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """Return the state as it is kept."""
        # `asdict` would copy every facet first, which took a third of the receiving.
        members = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(members, separators=(",", ":"))

    def add(self, event: RunEvent) -> list[str]:
        """Take in one event; taking it in again changes nothing.

        Returns:
            What was left out because it is too large to be kept.
        """
        # A producer that goes on with a run may know it by its id only.
        word = (event.type == "START", event.job)
        self.is_named, self.job = max((self.is_named, self.job), word)
        self.job_namespace = max(self.job_namespace, event.job_namespace)
        if event.parent is not None:
            self.parent = max(self.parent or "", event.parent)
        if event.root is not None:
            self.root = max(self.root or "", event.root)
        if event.parent_job is not None:
            self.parent_job = max(self.parent_job or "", event.parent_job)
        self.first_at = _least(self.first_at, event.at)
        self.last_at = max(self.last_at or event.at, event.at)
        if event.type == "START":
            self.started_at = _least(self.started_at, event.at)
        if event.type in ("RUNNING", "COMPLETE"):
            self.produced_at = _least(self.produced_at, event.at)
        if event.type in _ENDS:
            # Two ends of one run: the later one holds, as for a retried run.
            end = (event.at, _ENDS[event.type])
            if self.ended_at is None or end > (self.ended_at, self.end or ""):
                self.ended_at, self.end = end
        left_out = self._add_facets("run", self.facets, event.run_facets)
        own = self.facets.setdefault("job", {})
        left_out += self._add_facets("job", own, event.job_facets)
        for known, datasets in (
            (self.inputs, event.inputs),
            (self.outputs, event.outputs),
        ):
            for dataset in datasets:
                left_out += self._add_dataset(known, dataset)
        return left_out

    def _add_dataset(
        self, known: dict[str, dict[str, Any]], dataset: Dataset
    ) -> list[str]:
        kept = known.setdefault(
            dataset.key,
            {"namespace": dataset.namespace, "name": dataset.name, "facets": {}},
        )
        return self._add_facets(dataset.name[:200], kept["facets"], dataset.facets)

    def _add_facets(
        self, owner: str, kept: dict[str, Any], new: Mapping[str, Any]
    ) -> list[str]:
        left_out = []
        for name, facet in new.items():
            before = kept.get(name)
            if before == facet:
                continue
            text = json.dumps(facet, sort_keys=True)
            if len(text) > MAX_FACETS:
                left_out.append(
                    f"{owner}: facet {name} has {len(text)} bytes, more than "
                    f"{MAX_FACETS}"
                )
            # Of two different ones the greater: a rule without an order.
            elif before is None or _rank(text) > _rank(
                json.dumps(before, sort_keys=True)
            ):
                kept[name] = facet
        return left_out


def _rank(text: str) -> tuple[bool, str, str]:
    """Order the texts of facets, numbers in them by their size: counts grow.

    What a run removed it mostly removed to make it again.
    """
    by_size = _DIGITS.sub(lambda digits: digits[0].zfill(_WIDTH), text)
    return _REMOVED not in text, by_size, text


def _least(known: float | None, at: float) -> float:
    return at if known is None else min(known, at)
