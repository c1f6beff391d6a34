"""The columns of an artifact: what `schema` and `columnLineage` facets say of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ...model.details import Column
from .dataset_facets import facets_of
from .dataset_names import artifact_of
from .run_state import RunState

#: Columns of one artifact that are answered, at most.
MAX_COLUMNS: Final = 1000


def columns_of(states: Iterable[RunState], kind: str, ident: str) -> list[Column]:
    """Return the columns that runs name of an artifact.

    Args:
        states: What is known of the runs, those whose word counts more first.
        kind: The artifact's kind.
        ident: Its canonical name, with the machine where it has one.
    """
    types: dict[str, Mapping[str, Any]] = {}
    sources: dict[str, list[str]] = {}
    for facets in facets_of(states, kind, ident):
        for field in _fields(facets):
            types.setdefault(field["name"], field)
        for name, found in _sources(facets):
            sources.setdefault(name, found)
    names = list(dict.fromkeys([*types, *sources]))[:MAX_COLUMNS]
    return [_column(name, types.get(name, {}), sources.get(name, [])) for name in names]


def _column(name: str, field: Mapping[str, Any], sources: list[str]) -> Column:
    return Column(
        name=name,
        type=_text(field.get("type")),
        description=_text(field.get("description")),
        sources=sources,
    )


def _fields(facets: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    fields = _object(facets.get("schema")).get("fields")
    for field in fields if isinstance(fields, list) else ():
        if isinstance(field, Mapping) and _text(field.get("name")):
            yield field


def _sources(facets: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    fields = _object(_object(facets.get("columnLineage")).get("fields"))
    for name, value in fields.items():
        inputs = _object(value).get("inputFields")
        found = map(_source, inputs if isinstance(inputs, list) else ())
        yield str(name), [source for source in found if source is not None]


def _source(value: Any) -> str | None:
    one = _object(value)
    column = _text(one.get("field"))
    if column is None or not _text(one.get("name")):
        return None
    dataset = {"namespace": one.get("namespace") or "", "name": one["name"]}
    return f"{artifact_of(dataset)[1]} {column}"


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value[:1000] if isinstance(value, str) and value else None
