"""Every question with its arguments, for whoever carries it to an instance."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeVar

from .comparisons import (
    DiffAnswer,
    DiffParams,
    ImpactAnswer,
    ImpactParams,
    StaleAnswer,
    StaleParams,
    WhyAnswer,
    WhyParams,
)
from .contents import FilesParams, FolderFiles
from .details import (
    DataDetail,
    DataParams,
    DeleteParams,
    ProvenanceAnswer,
    ProvenanceParams,
    TaskDetail,
    TaskDetails,
    TaskDetailsParams,
    TaskParams,
)
from .graph import (
    DownstreamParams,
    GraphAnswer,
    GraphParams,
    Node,
    PathParams,
    UpstreamParams,
)
from .lists import (
    ChangesAnswer,
    ChangesParams,
    HealthAnswer,
    HealthParams,
    SearchAnswer,
    SearchParams,
    TaskOrder,
    TasksPage,
    TasksParams,
)
from .messages import Message
from .parameters import How, Question
from .selector import parse

#: Tasks of one request for their details.
_TASKS_AT_ONCE = 500

_A = TypeVar("_A", bound=Message)
_V = TypeVar("_V", bound=str)


class GraphQuestions(ABC):
    """Asks a lineage instance.

    Artifacts and tasks are named by selectors: `task:12`, `data:345`, `project:7`,
    `model_weight:best.pt`, or a plain name. Times are seconds since 1970 (UTC). A
    hop leads from a task to an artifact, or back.

    Each method raises `ApiError`: with status 404 where nothing has that name, 400
    where a selector cannot be read; without a status where no answer came. It raises
    `ParameterError` (a `ValueError`), before anything is asked, where a value such as
    `limit` is out of its bounds.
    """

    @abstractmethod
    def ask(self, params: Question, answer: type[_A]) -> _A:
        """Ask any question and return its answer.

        Args:
            params: The parameters of the question, such as
                `ImpactParams(of="file:a.csv")`.
            answer: The class of the answer, such as `ImpactAnswer`.
        """

    def tasks(
        self,
        select: str | None = None,
        *,
        text: str | None = None,
        status: str | None = None,
        kind: str | None = None,
        since: float | None = None,
        until: float | None = None,
        sort: TaskOrder = "-created",
        limit: int = 50,
        after: str | None = None,
    ) -> TasksPage:
        """List tasks, the newest first unless `sort` says otherwise.

        Args:
            select: Only tasks that this selector matches, such as `user:maria`.
            text: A part of the name, or the number.
            status: `finished`, `failed`, `running` or a word of the platform.
            kind: Only tasks that used or produced this kind.
            since: Created at this time or later (seconds since 1970).
            until: Created at this time or earlier (seconds since 1970).
            sort: `created`, `name`, `status` or `duration`; a `-` before it reverses
                the order.
            limit: How many, at most: 1 to 10,000.
            after: `next` of the page before.
        """
        return self.ask(
            TasksParams(select=select, text=text, status=status, kind=kind, since=since,
                        until=until, sort=sort, limit=limit, after=after),
            TasksPage,
        )  # fmt: skip

    def task(self, id: int | str) -> TaskDetail:
        """Return everything known about a task.

        Args:
            id: Its number, the key of its node, such as `task:12`, or another selector
                of it, such as `Train@last`. Only the key distinguishes tasks of
                several teams that have the same number.
        """
        params = TaskParams(key=id) if isinstance(id, str) else TaskParams(id=id)
        return self.ask(params, TaskDetail)

    def tasks_by_key(self, keys: Sequence[str]) -> list[TaskDetail]:
        """Return everything known about several tasks; unknown ones are left out.

        Args:
            keys: The keys of their nodes, such as `task:12`; 500 go in one request.
        """
        found: list[TaskDetail] = []
        for start in range(0, len(keys), _TASKS_AT_ONCE):
            part = list(keys[start : start + _TASKS_AT_ONCE])
            found += self.ask(TaskDetailsParams(keys=part), TaskDetails).tasks
        return found

    def data(self, key: str) -> DataDetail:
        """Return everything known about one version of an artifact.

        Args:
            key: The key of its node, such as `data:345`, or another selector of it,
                such as `model.pt@-2`; without a version the current one.
        """
        return self.ask(DataParams(key=key), DataDetail)

    def files(
        self, key: str, *, first: int = 0, most: int = 100, changed_only: bool = False
    ) -> FolderFiles:
        """Return a part of the files of a folder, by name.

        Args:
            key: The key of the version's node, such as `data:345`, or another selector
                of it.
            first: How many files to leave out.
            most: How many to return, at most 1,000.
            changed_only: Only those that differ from the version before.
        """
        params = FilesParams(key=key, first=first, most=most, changed_only=changed_only)
        return self.ask(params, FolderFiles)

    def delete(self, key: str) -> Node:
        """Mark an artifact or a version as deleted; the graph keeps it.

        Args:
            key: The key of its node, such as `data:345`.
        """
        return self.ask(DeleteParams(key=key), Node)

    def get(
        self,
        select: str,
        *,
        up: int | None = 1,
        down: int | None = 1,
        kinds: Sequence[str] | None = None,
        statuses: Sequence[str] | None = None,
        as_of: float | None = None,
        limit: int = 500,
        after: str | None = None,
    ) -> GraphAnswer:
        """Return a part of the graph.

        Args:
            select: The selector of the nodes to start at.
            up: How many hops upstream to follow; None follows all.
            down: How many hops downstream to follow; None follows all.
            kinds: Show only artifacts of these kinds (tasks always show).
            statuses: Show only tasks of these statuses.
            as_of: As the graph was at this time (seconds since 1970).
            limit: How many nodes, at most; `truncated` of the answer says whether
                it was cut.
            after: `next` of the answer before.
        """
        return self.ask(
            GraphParams(select=select, up=up, down=down, kinds=_list(kinds),
                        statuses=_list(statuses), as_of=as_of, limit=limit,
                        after=after),
            GraphAnswer,
        )  # fmt: skip

    def upstream(
        self,
        of: str,
        *,
        depth: int | None = None,
        kinds: Sequence[str] | None = None,
        only: Sequence[How] | None = None,
        as_of: float | None = None,
        limit: int = 500,
        after: str | None = None,
    ) -> GraphAnswer:
        """Return what something came from.

        Args:
            of: The selector of the nodes to start at.
            depth: How many hops to follow; None follows all.
            kinds: Show only artifacts of these kinds (tasks always show).
            only: Follow only links that are known in one of these ways: `declared`,
                `same step`, `enclosing step`, `same content`, `part of`.
            as_of: As the graph was at this time (seconds since 1970).
            limit: How many nodes, at most.
            after: `next` of the answer before.
        """
        return self.ask(
            UpstreamParams(of=of, depth=depth, kinds=_list(kinds), only=_list(only),
                           as_of=as_of, limit=limit, after=after),
            GraphAnswer,
        )  # fmt: skip

    def downstream(
        self,
        of: str,
        *,
        depth: int | None = None,
        kinds: Sequence[str] | None = None,
        only: Sequence[How] | None = None,
        as_of: float | None = None,
        limit: int = 500,
        after: str | None = None,
    ) -> GraphAnswer:
        """Return what was made from something.

        Args:
            of: The selector of the nodes to start at.
            depth: How many hops to follow; None follows all.
            kinds: Show only artifacts of these kinds (tasks always show).
            only: Follow only links that are known in one of these ways: `declared`,
                `same step`, `enclosing step`, `same content`, `part of`.
            as_of: As the graph was at this time (seconds since 1970).
            limit: How many nodes, at most.
            after: `next` of the answer before.
        """
        return self.ask(
            DownstreamParams(of=of, depth=depth, kinds=_list(kinds), only=_list(only),
                             as_of=as_of, limit=limit, after=after),
            GraphAnswer,
        )  # fmt: skip

    def impact(
        self, of: str, *, as_of: float | None = None, if_unchanged: str | None = None
    ) -> ImpactAnswer:
        """List what deleting or changing something would affect.

        Args:
            of: What would be deleted or changed.
            as_of: As the graph was at this time (seconds since 1970).
            if_unchanged: The `fingerprint` of an earlier answer, to make sure that
                nothing else is affected by now.

        Raises:
            ApiError: With status 409, when the answer no longer has that fingerprint.
        """
        params = ImpactParams(of=of, as_of=as_of, if_unchanged=if_unchanged)
        return self.ask(params, ImpactAnswer)

    def provenance(self, of: str, *, as_of: float | None = None) -> ProvenanceAnswer:
        """Return how one output was made: tasks, inputs, code.

        Args:
            of: The output.
            as_of: As the graph was at this time (seconds since 1970).
        """
        return self.ask(ProvenanceParams(of=of, as_of=as_of), ProvenanceAnswer)

    def why(self, a: str, b: str | None = None) -> WhyAnswer:
        """Explain why two versions or tasks differ.

        Args:
            a: A version or a task.
            b: What to compare it with; left out, the version or task before `a`.
        """
        return self.ask(WhyParams(a=a, b=b), WhyAnswer)

    def diff(self, a: str, b: str) -> DiffAnswer:
        """Return what differs between two tasks.

        Args:
            a: A task, or a version, which stands for the task that made it.
            b: The same for the other side.
        """
        return self.ask(DiffParams(a=a, b=b), DiffAnswer)

    def stale(
        self,
        *,
        of: str | None = None,
        all: bool = False,
        indirect: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> StaleAnswer:
        """List outputs made from something that has a newer version.

        Args:
            of: A selector: only these artifacts, and what these tasks made.
            all: Also outputs of which a newer version exists.
            indirect: Also what was made of stale outputs, directly or through others.
            limit: How many, at most.
            after: `next` of the answer before.
        """
        params = StaleParams(
            of=of, all=all, indirect=indirect, limit=limit, after=after
        )
        return self.ask(params, StaleAnswer)

    def path(
        self, source: str, target: str, *, as_of: float | None = None
    ) -> GraphAnswer:
        """Return a shortest path between two nodes, in whichever direction data flowed.

        Args:
            source: One end: a selector of one node.
            target: The other end.
            as_of: The moment whose graph is walked (seconds since 1970); now when left
                out.

        Raises:
            ApiError: With status 404, when no path connects them.
        """
        params = PathParams(source=source, target=target, as_of=as_of)
        return self.ask(params, GraphAnswer)

    def search(
        self,
        text: str,
        *,
        kinds: Sequence[str] | None = None,
        limit: int = 20,
        after: str | None = None,
    ) -> SearchAnswer:
        """Find artifacts and tasks.

        Args:
            text: A part of a name or path, the start of an id, digest or step, or a
                selector such as `step:clean`.
            kinds: Only artifacts of these kinds; `task` stands for tasks.
            limit: How many, at most.
            after: `next` of the answer before.

        Raises:
            SelectorError: The text begins with `kind:` or `status:`, and there is no
                such kind or status.
        """
        if text.partition(":")[0].strip().lower() in ("kind", "status"):
            parse(text)  # A word that is none would only be looked for as a text.
        params = SearchParams(text=text, kinds=_list(kinds), limit=limit, after=after)
        return self.ask(params, SearchAnswer)

    def health(self) -> HealthAnswer:
        """Count how complete the graph is."""
        return self.ask(HealthParams(), HealthAnswer)

    def changes(self, cursor: str | None = None) -> ChangesAnswer:
        """List the tasks with new facts.

        Args:
            cursor: `cursor` of an earlier answer; left out, the answer has only the
                cursor to start from.
        """
        return self.ask(ChangesParams(cursor=cursor), ChangesAnswer)


def _list(values: Sequence[_V] | None) -> list[_V] | None:
    return None if values is None else list(values)
