"""Why two versions differ: the first differences upstream, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from ...errors import NotFoundError
from ...model.comparisons import Cause, DiffItem, FieldDiff, WhyAnswer, WhyParams
from ...model.environment import COMMIT, WEAK
from ...model.graph import Node
from ...records import field, record
from .compare import (
    Content,
    change_of,
    compare_environment,
    compare_files,
    compare_params,
    contents,
    read_manifests,
)
from .details import task_detail
from .nodes import data_nodes, nodes_of, task_nodes
from .one_node import one_node
from .query_session import GraphReader
from .step_scope import steps_of_output
from .team_graph import NodeRef, TeamGraph, task_of_ref
from .why_sentence import sentence_of, title

#: Pairs of versions that are compared, and causes that are named, at most.
MAX_PAIRS: Final = 500
MAX_CAUSES: Final = 50

_BEFORE: Final = (
    "SELECT o.id FROM nodes n"
    " JOIN nodes o ON o.team_id = n.team_id AND o.entity_id = n.entity_id"
    " WHERE n.team_id = :team AND n.id = :node AND o.same_as <> n.same_as"
    " AND COALESCE(o.made_at, o.created_at) <= COALESCE(n.made_at, n.created_at)"
    " ORDER BY COALESCE(o.made_at, o.created_at) DESC, o.id DESC LIMIT 1"
)
_MADE: Final = (
    "SELECT n.id, COALESCE(n.made_at, n.created_at) FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
)
_BEGAN: Final = (
    "SELECT t.id, COALESCE(t.started_at, t.created_at) FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
)
_RUN_BEFORE: Final = (
    "SELECT o.id FROM tasks t JOIN tasks o ON o.team_id = t.team_id AND o.name = t.name"
    " WHERE t.team_id = :team AND t.id = :task AND o.id <> t.id"
    " AND COALESCE(o.started_at, o.created_at) <= COALESCE(t.started_at, t.created_at)"
    " ORDER BY COALESCE(o.started_at, o.created_at) DESC, o.id DESC LIMIT 1"
)


def why(reader: GraphReader, team_ids: Sequence[int], params: WhyParams) -> WhyAnswer:
    """Explain why two versions, or two runs, differ.

    Raises:
        SelectorError: One of them cannot be read, or means several.
        NotFoundError: One of them is not known.
    """
    with reader.views(team_ids) as views:
        view, ref = one_node(views, params.a)
        before: NodeRef | None
        if params.b is None:
            before = _before(view, ref)
        else:
            other, before = one_node(views, params.b)
            if other is not view or (before < 0) != (ref < 0):
                raise NotFoundError(
                    f"{params.a} and {params.b} cannot be compared: name two versions "
                    "or two runs of one team",
                    subject=params.b,
                )
            ref, before = _later_first(view, ref, before)
        node = nodes_of(view, [ref])[ref]
        if before is None:
            what = "version" if ref >= 0 else "run"
            sentence = f"{title(node)} has no {what} before this one"
            return WhyAnswer(a=node, b=None, sentence=sentence)
        return _explained(view, ref, before, node)


def _explained(view: TeamGraph, ref: NodeRef, before: NodeRef, node: Node) -> WhyAnswer:
    search = _Search(view)
    if ref < 0:
        search.compare_tasks(task_of_ref(ref), task_of_ref(before), None, ())
    else:
        known = contents(view, [ref, before])
        if change_of(known[ref], known[before]) == "same":
            sentence = f"{title(node)} is the same content in both"
            return WhyAnswer(
                a=node,
                b=nodes_of(view, [before])[before],
                sentence=sentence,
                is_same=True,
            )
        search.compare(known[ref], known[before], ())
    search.run()
    other = nodes_of(view, [before])[before]
    answer = WhyAnswer(
        a=node,
        b=other,
        sentence="",
        causes=search.causes[:MAX_CAUSES],
        steps=search.steps[:MAX_CAUSES],
    )
    answer.sentence = sentence_of(node, other, search.causes)
    return answer


def _later_first(
    view: TeamGraph, one: NodeRef, other: NodeRef
) -> tuple[NodeRef, NodeRef]:
    """Return two versions, or two runs, the later of them first."""
    ids = [ref if ref >= 0 else task_of_ref(ref) for ref in (one, other)]
    at: dict[int, float] = dict(view.rows(_MADE if one >= 0 else _BEGAN, ids=ids))
    return (other, one) if at[ids[0]] < at[ids[1]] else (one, other)


def _before(view: TeamGraph, ref: NodeRef) -> NodeRef | None:
    """Return the version, or the run of the same app, before one."""
    if ref >= 0:
        rows = view.rows(_BEFORE, node=ref)
        return rows[0][0] if rows else None
    rows = view.rows(_RUN_BEFORE, task=task_of_ref(ref))
    return -rows[0][0] - 1 if rows else None


@record(slots=True)
class _Search:
    """Goes upstream along inputs that differ, until nothing further explains it."""

    view: TeamGraph
    causes: list[Cause] = field(default_factory=list)
    steps: list[DiffItem] = field(default_factory=list)
    pending: list[tuple[Content, Content, tuple[str, ...], int | None]] = field(
        default_factory=list
    )
    seen: set[tuple[int, int]] = field(default_factory=set)
    known: set[tuple[str | None, ...]] = field(default_factory=set)

    def run(self) -> None:
        """Compare pair after pair of versions, the nearest first."""
        while self.pending and len(self.seen) < MAX_PAIRS:
            self.compare(*self.pending.pop(0))

    def compare(
        self,
        a: Content,
        b: Content,
        via: tuple[str, ...],
        user: int | None = None,
    ) -> None:
        """Compare two versions of an artifact by the tasks that made them.

        Args:
            a: The version.
            b: The one before.
            via: The artifacts on the way to them.
            user: The task that used the version.
        """
        if (a.node, b.node) in self.seen:
            return
        self.seen.add((a.node, b.node))
        makers = self.view.links.makers([a.node, b.node])
        ours, theirs = makers.get(a.node), makers.get(b.node)
        if not ours or not theirs or ours[-1] == theirs[-1]:
            self._add_content(a, b, via, user)
            return
        self.compare_tasks(ours[-1], theirs[-1], (a, b), via)

    def compare_tasks(
        self,
        task_a: int,
        task_b: int,
        made: tuple[Content, Content] | None,
        via: tuple[str, ...],
    ) -> None:
        """Compare two runs: their inputs, parameters, environment and code.

        Of an output count the parameters of its own steps. Those of the others do
        where nothing else differs: the content may have come from them in memory.
        """
        view, waiting = self.view, len(self.pending)
        cards = task_nodes(view, {task_a, task_b})
        tasks: dict[str, Any] = {
            "task_a": cards[task_a],
            "task_b": cards[task_b],
            "via": list(via),
        }
        found = self._compare_inputs(task_a, task_b, made, tasks)
        steps = _steps(view, (task_a, task_b), made)
        found += _values(
            "param", compare_params(view, task_a, task_b, steps=steps), tasks
        )
        found += self._code(task_a, task_b, tasks)
        diffs = compare_environment(view, task_a, task_b)
        diffs = [diff for diff in diffs if diff.field != COMMIT]
        strong = [diff for diff in diffs if diff.field not in WEAK]
        found += _values("environment", strong, tasks)
        if not found and len(self.pending) == waiting:
            params = compare_params(view, task_a, task_b)
            name = title(cards[task_a])
            found = (
                _values("param", params, tasks)
                or _values("environment", diffs, tasks)
                or [Cause(kind="unknown", name=name, **tasks)]
            )
        self._add(found)

    def _add(self, causes: Iterable[Cause]) -> None:
        """Keep the causes that are new: several versions of two tasks share some."""
        for cause in causes:
            tasks = (cause.task_a, cause.task_b)
            keys = (None if node is None else node.key for node in tasks)
            key = (cause.kind, cause.name, str(cause.a), str(cause.b), *keys)
            if key not in self.known:
                self.known.add(key)
                self.causes.append(cause)

    def _code(self, task_a: int, task_b: int, tasks: Any) -> list[Cause]:
        one, other = (task_detail(self.view, task) for task in (task_a, task_b))
        a, b = one.git_commit, other.git_commit
        is_other = bool(a and b and a != b)
        return (
            [Cause(kind="code", name="commit", a=a, b=b, **tasks)] if is_other else []
        )

    def _compare_inputs(
        self,
        task_a: int,
        task_b: int,
        made: tuple[Content, Content] | None,
        tasks: Any,
    ) -> list[Cause]:
        """Return inputs that only one has; those that differ are compared later."""
        ours, theirs = self._inputs(task_a, task_b, made)
        cards = data_nodes(
            self.view, [c.node for c in (*ours.values(), *theirs.values())]
        )
        causes = []
        for artifact in sorted(ours.keys() | theirs.keys()):
            a, b = ours.get(artifact), theirs.get(artifact)
            change = change_of(b, a)
            if change == "same":
                continue
            node_a = None if a is None else cards[a.node]
            node_b = None if b is None else cards[b.node]
            self.steps.append(
                DiffItem(direction="input", change=change, a=node_b, b=node_a)
            )
            name = title(node_a or node_b)  # type: ignore[arg-type]  # one is there
            if a is not None and b is not None:
                self.pending.append((a, b, (*tasks["via"], name), task_a))
                continue
            kind: Literal["added", "removed"] = "added" if b is None else "removed"
            causes.append(
                Cause(
                    kind=kind,
                    name=name,
                    a=_version(node_a),
                    b=_version(node_b),
                    **tasks,
                )
            )
        return causes

    def _inputs(
        self, task_a: int, task_b: int, made: tuple[Content, Content] | None
    ) -> tuple[dict[int, Content], dict[int, Content]]:
        """Return by artifact what two versions were made of, or two tasks used."""
        links = self.view.links
        sides = []
        for at, task in enumerate((task_a, task_b)):
            if made is None:
                nodes = links.inputs_of([task])
            else:
                nodes = {link.source for link in links.upstream([made[at].node])}
            known = contents(self.view, nodes)
            sides.append({known[n].artifact: known[n] for n in sorted(known)})
        return sides[0], sides[1]

    def _add_content(
        self, a: Content, b: Content, via: tuple[str, ...], user: int | None
    ) -> None:
        """Add an artifact as a cause: it changed, and nothing recorded explains it."""
        cards = data_nodes(self.view, [a.node, b.node])
        files = compare_files(b, a, read_manifests(self.view, [a, b]))
        makers = self.view.links.makers([a.node]).get(a.node, ())
        task = makers[-1] if makers else user
        tasks = task_nodes(self.view, () if task is None else {task})
        is_known = change_of(b, a) == "version"
        cause = Cause(
            kind="input" if is_known else "unknown",
            name=title(cards[a.node]),
            a=_version(cards[a.node]),
            b=_version(cards[b.node]),
            task_a=next(iter(tasks.values()), None),
            is_used_only=bool(tasks) and not makers,
            files=files,
            via=list(via[:-1]),
        )
        self._add([cause])


def _values(
    kind: Literal["param", "environment"], diffs: Iterable[FieldDiff], tasks: Any
) -> list[Cause]:
    return [Cause(kind=kind, name=d.field, a=d.a, b=d.b, **tasks) for d in diffs]


def _steps(
    view: TeamGraph, tasks: tuple[int, int], made: tuple[Content, Content] | None
) -> dict[int, set[int] | None] | None:
    """Return by task the steps that made its version; None where runs are compared."""
    if made is None:
        return None
    pairs = zip(tasks, made, strict=True)
    return {task: steps_of_output(view, task, content.node) for task, content in pairs}


def _version(node: Node | None) -> str | None:
    return None if node is None else node.version or node.key
