"""The facets that runs gave of one artifact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .dataset_names import PLACES, Artifact, artifact_of, symlinks_of
from .run_state import RunState
from .standard_facets import owners_of, tags_of


def facets_of(
    states: Iterable[RunState], kind: str, ident: str
) -> Iterator[Mapping[str, Any]]:
    """Yield the facets of an artifact, run by run, as it was made before as used.

    Args:
        states: What is known of the runs, those whose word counts more first.
        kind: The artifact's kind.
        ident: Its canonical name, with the machine where it has one.
    """
    for state in states:
        for _, dataset in datasets_of(state, kind, ident):
            yield dataset["facets"]


def datasets_of(
    state: RunState, kind: str, ident: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the datasets of a run that are an artifact, each with its direction.

    Args:
        state: What is known of the run.
        kind: The artifact's kind.
        ident: Its canonical name, with the machine where it has one.
    """
    sides = (("output", state.outputs), ("input", state.inputs))
    for direction, datasets in sides:
        for dataset in datasets.values():
            named = (artifact_of(one) for one in (dataset, *symlinks_of(dataset)))
            if any(_is_same(one, (kind, ident)) for one in named):
                yield direction, dataset


def owners_and_tags(
    states: Iterable[RunState], kind: str, ident: str
) -> tuple[list[str], dict[str, str]]:
    """Return who owns an artifact and its tags, by the first runs that name any.

    Args:
        states: As of `facets_of`.
        kind: The artifact's kind.
        ident: Its canonical name.
    """
    owners: list[str] = []
    tags: dict[str, str] = {}
    for facets in facets_of(states, kind, ident):
        owners = owners or owners_of(facets)
        tags = tags or tags_of(facets)
    return owners, tags


def _is_same(one: Artifact, artifact: Artifact) -> bool:
    """Whether a name of a dataset means an artifact, which may be known as a place."""
    (own_kind, id), (kind, ident) = one, artifact
    if own_kind != kind and not {own_kind, kind} <= set(PLACES):
        return False
    # An event names no machine; the canonical name of a local file does.
    return id == ident or _path(ident) == id


def _path(ident: str) -> str:
    rest = ident.removeprefix("file://")
    return ident if rest == ident else "/" + rest.partition("/")[2]
