"""What OpenLineage events know of an artifact: columns, owners, tags, whole facets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..store.database import Database
from .one_node import version_of
from .query_session import GraphReader
from .team_graph import TeamGraph

if TYPE_CHECKING:
    from ..openlineage.run_state import RunState

_STATES: Final = (
    "SELECT t.id, o.run, o.state FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
    " JOIN openlineage_runs o ON o.team_id = :team AND o.run = t.run"
)
#: Tasks with edges to a version, those that made it first.
_TASKS: Final = (
    "SELECT e.task_id FROM edges e WHERE e.team_id = :team AND e.node_id = :node"
    " ORDER BY e.direction DESC, e.recorded_at, e.id LIMIT :most"
)
#: Edges of a version whose tasks are looked at.
_MAX_EDGES: Final = 1000
#: Runs of which is read what events said of an artifact.
_MAX_RUNS: Final = 20


def known_by_events(
    view: TeamGraph, tasks: Sequence[int], kind: str, ident: str
) -> dict[str, Any]:
    """Return what events of the first of some tasks know of an artifact itself.

    Args:
        view: The graph of the team.
        tasks: Those that made or used a version, those whose word counts more first.
        kind: The artifact's kind.
        ident: Its canonical name.

    Returns:
        Members of a `DataDetail`.
    """
    runs = _runs(view, tasks)
    if not runs:
        return {}
    # Only where an event came: most stores have none.
    from ..openlineage.columns import columns_of
    from ..openlineage.dataset_facets import facets_of, owners_and_tags

    states = [state for _, state in runs]
    owners, tags = owners_and_tags(states, kind, ident)
    return {
        "columns": columns_of(states, kind, ident),
        "owners": owners,
        "tags": tags,
        "has_facets": any(facets_of(states, kind, ident)),
    }


def facets_of_version(
    db: Database, team_ids: Sequence[int], key: str
) -> list[dict[str, Any]]:
    """Return what events of each run said of a version, facets whole.

    Args:
        db: The store's database.
        team_ids: The teams that the caller may see.
        key: The version's key, or a selector of it.

    Raises:
        SelectorError: The selector cannot be read, or means several artifacts.
        NotFoundError: There is no such version.
    """
    from ..openlineage.dataset_facets import datasets_of

    with GraphReader(db).views(team_ids) as views:
        view, node = version_of(views, key)
        row = view.tx.one(
            "SELECT e.kind, e.ident FROM nodes n JOIN entities e"
            " ON e.team_id = n.team_id AND e.id = n.entity_id"
            " WHERE n.team_id = ? AND n.id = ?",
            (view.team_id, node),
        )
        assert row is not None
        tasks = [task for (task,) in view.rows(_TASKS, node=node, most=_MAX_EDGES)]
        runs = _runs(view, tasks)
    return [
        {"run": run, "job": state.job, "direction": direction, **dataset}
        for run, state in runs
        for direction, dataset in datasets_of(state, *row)
    ]


def _runs(view: TeamGraph, tasks: Sequence[int]) -> list[tuple[str, RunState]]:
    """Return key and state of the runs that events spoke of, in the order of tasks."""
    some = list(dict.fromkeys(tasks))[:_MAX_RUNS]
    found = view.rows(_STATES, ids=some) if some else []
    if not found:
        return []
    from ..openlineage.run_state import RunState

    states = {id: (run, RunState.from_json(text)) for id, run, text in found}
    return [states[task] for task in some if task in states]
