"""What events add to a run: where they only add datasets, only those give new edges.

A run of thousands of datasets sends many events. To follow all of its edges again with
each would cost the number of events times that of datasets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ...model.openlineage import EDGE_FACET, TASK_FACET
from .event import Dataset, RunEvent
from .run_state import RunState

Datasets = dict[str, dict[str, Any]]
#: Facets of a dataset that say something of edges to others.
_OF_OTHERS: Final = (EDGE_FACET, "lifecycleStateChange")


class RunGrowth:
    """Follows what events change in the state of a run.

    Args:
        state: What was known of the run before the events.
    """

    def __init__(self, state: RunState) -> None:
        self._basis = _basis(state)
        self._is_more = not state.has_data or any(
            _is_about_others(dataset["facets"])
            for datasets in (state.inputs, state.outputs)
            for dataset in datasets.values()
        )
        self._inputs: dict[str, None] = {}
        self._outputs: dict[str, None] = {}

    def note(self, state: RunState, event: RunEvent) -> None:
        """Look at an event that the state is about to take in."""
        if self._is_more:
            return
        for known, new, datasets in (
            (state.inputs, self._inputs, event.inputs),
            (state.outputs, self._outputs, event.outputs),
        ):
            for dataset in datasets:
                if dataset.key not in known:
                    new[dataset.key] = None
                    self._is_more |= _is_about_others(dataset.facets)
                elif dataset.key not in new:
                    self._is_more |= _changes(known[dataset.key], dataset)

    def new_part(self, state: RunState) -> RunState | None:
        """Return the run with no datasets but the new ones; None if more has changed.

        Args:
            state: What is known of the run after the events.
        """
        if self._is_more or self._basis != _basis(state):
            return None
        return replace(
            state,
            inputs={key: state.inputs[key] for key in self._inputs},
            outputs={key: state.outputs[key] for key in self._outputs},
        )


def _basis(state: RunState) -> tuple[Any, ...]:
    """Return what, beside its dataset, decides about an edge."""
    return (
        state.started_at or state.first_at,
        state.started_at,
        state.produced_at,
        state.facets.get(TASK_FACET),
    )


def _is_about_others(facets: Mapping[str, Any]) -> bool:
    return any(name in facets for name in _OF_OTHERS)


def _changes(known: Mapping[str, Any], dataset: Dataset) -> bool:
    facets = known["facets"]
    return any(facets.get(name) != facet for name, facet in dataset.facets.items())
