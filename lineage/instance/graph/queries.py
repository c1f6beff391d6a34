"""The table of questions to the graph: parameters, answer and the function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, Literal

from ...model import comparisons, contents, details, graph, lists, overview, parameters
from ...model.messages import Message
from ...records import record
from .query_session import GraphReader, HasDatabase

Query = Callable[[GraphReader, Sequence[int], Any], Message]


@record(frozen=True, slots=True)
class QuestionRow:
    """One question: how it is called, what it takes, what it answers."""

    params: type[parameters.Question]
    answer: type[Message]
    function: str
    """The module in this package, and the function in it, that answers it."""
    role: Literal["reader", "admin"] = "reader"

    @property
    def query(self) -> Query:
        """The function; no other question's module is imported."""
        module, _, name = self.function.partition(".")
        query: Query = getattr(import_module(f".{module}", __package__), name)
        return query


#: Every question by the name of its function; a new one is a row here.
QUESTIONS: Final[Mapping[str, QuestionRow]] = {
    "list_tasks": QuestionRow(
        lists.TasksParams, lists.TasksPage, "tasklist.list_tasks"
    ),
    "list_artifacts": QuestionRow(
        lists.ArtifactsParams, lists.ArtifactsPage, "artifact_list.list_artifacts"
    ),
    "get_task": QuestionRow(details.TaskParams, details.TaskDetail, "details.get_task"),
    "get_tasks": QuestionRow(
        details.TaskDetailsParams, details.TaskDetails, "details.get_tasks"
    ),
    "get_data": QuestionRow(details.DataParams, details.DataDetail, "details.get_data"),
    "data_files": QuestionRow(
        contents.FilesParams, contents.FolderFiles, "folder_files.folder_files"
    ),
    "delete_data": QuestionRow(
        details.DeleteParams, graph.Node, "deletion.delete_data", "admin"
    ),
    "get": QuestionRow(
        graph.GraphParams, graph.GraphAnswer, "neighborhood.neighborhood"
    ),
    "overview": QuestionRow(
        overview.OverviewParams, overview.OverviewAnswer, "overview.overview"
    ),
    "members": QuestionRow(
        overview.MembersParams, overview.MembersAnswer, "overview.members"
    ),
    "upstream": QuestionRow(
        graph.UpstreamParams, graph.GraphAnswer, "neighborhood.upstream"
    ),
    "downstream": QuestionRow(
        graph.DownstreamParams, graph.GraphAnswer, "neighborhood.downstream"
    ),
    "impact": QuestionRow(
        comparisons.ImpactParams, comparisons.ImpactAnswer, "impact.impact"
    ),
    "why": QuestionRow(comparisons.WhyParams, comparisons.WhyAnswer, "why.why"),
    "provenance": QuestionRow(
        details.ProvenanceParams, details.ProvenanceAnswer, "provenance.provenance"
    ),
    "diff": QuestionRow(comparisons.DiffParams, comparisons.DiffAnswer, "diff.diff"),
    "stale": QuestionRow(
        comparisons.StaleParams, comparisons.StaleAnswer, "stale.stale"
    ),
    "path": QuestionRow(graph.PathParams, graph.GraphAnswer, "neighborhood.path"),
    "search": QuestionRow(lists.SearchParams, lists.SearchAnswer, "search.search"),
    "health": QuestionRow(lists.HealthParams, lists.HealthAnswer, "health.health"),
    "changes": QuestionRow(lists.ChangesParams, lists.ChangesAnswer, "health.changes"),
}
_BY_PARAMS: Final = {row.params: row for row in QUESTIONS.values()}


class GraphQueries:
    """Answers questions about the graph of the given teams, and of no other.

    `queries.answer([1], ImpactParams(of="file:a.csv"))`, or by the question's name:
    `queries.impact([1], of="file:a.csv")`. A selector that cannot be read raises
    `SelectorError`, an unknown node `NotFoundError`, any other bad value `ValueError`.

    Args:
        store: The store to read.
    """

    def __init__(self, store: HasDatabase) -> None:
        self._reader = GraphReader(store.db)

    def answer(self, team_ids: Sequence[int], params: parameters.Question) -> Any:
        """Answer one question with the answer model that belongs to its parameters."""
        return _BY_PARAMS[type(params)].query(self._reader, team_ids, params)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a question by its name, called with teams and keyword parameters."""
        row = QUESTIONS.get(name)
        if row is None:
            raise AttributeError(f"no question {name!r}; {', '.join(QUESTIONS)}")
        return lambda team_ids, **fields: self.answer(team_ids, row.params(**fields))
