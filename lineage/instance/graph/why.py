"""Why two versions differ: the first differences upstream, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from ...errors import NotFoundError
from ...model.comparisons import Cause, DiffItem, FieldDiff, WhyAnswer, WhyParams
from ...model.environment import COMMIT, WEAK, shown_member, shown_value
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
from .query_session import GraphReader, find
from .team_graph import NodeRef, TeamGraph, task_of_ref

#: Pairs of versions that are compared, and causes that are named, at most.
MAX_PAIRS: Final = 500
MAX_CAUSES: Final = 50
#: Causes in the sentence.
MAX_NAMED: Final = 4

_BEFORE: Final = (
    "SELECT o.id FROM nodes n"
    " JOIN nodes o ON o.team_id = n.team_id AND o.entity_id = n.entity_id"
    " WHERE n.team_id = :team AND n.id = :node AND o.same_as <> n.same_as"
    " AND COALESCE(o.made_at, o.created_at) <= COALESCE(n.made_at, n.created_at)"
    " ORDER BY COALESCE(o.made_at, o.created_at) DESC, o.id DESC LIMIT 1"
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
        NotFoundError: One of them is not known.
    """
    with reader.views(team_ids) as views:
        view, ref = _one(views, params.a)
        before: NodeRef | None
        if params.b is None:
            before = _before(view, ref)
        else:
            other, before = _one(views, params.b)
            if other is not view or (before < 0) != (ref < 0):
                raise NotFoundError(
                    f"{params.a} and {params.b} cannot be compared: name two versions "
                    "or two runs of one team",
                    subject=params.b,
                )
        node = nodes_of(view, [ref])[ref]
        if before is None:
            what = "version" if ref >= 0 else "run"
            sentence = f"{_title(node)} has no {what} before this one"
            return WhyAnswer(a=node, b=None, sentence=sentence)
        return _explained(view, ref, before, node)


def _explained(view: TeamGraph, ref: NodeRef, before: NodeRef, node: Node) -> WhyAnswer:
    search = _Search(view)
    if ref < 0:
        search.compare_tasks(task_of_ref(ref), task_of_ref(before), None, ())
    else:
        known = contents(view, [ref, before])
        if change_of(known[ref], known[before]) == "same":
            sentence = f"{_title(node)} is the same content in both"
            return WhyAnswer(
                a=node,
                b=nodes_of(view, [before])[before],
                sentence=sentence,
                is_same=True,
            )
        search.compare(known[ref], known[before], ())
    search.run()
    answer = WhyAnswer(
        a=node,
        b=nodes_of(view, [before])[before],
        sentence="",
        causes=search.causes[:MAX_CAUSES],
        steps=search.steps[:MAX_CAUSES],
    )
    answer.sentence = _sentence(node, search.causes)
    return answer


def _one(views: Sequence[TeamGraph], text: str) -> tuple[TeamGraph, NodeRef]:
    """Return the one version, or run, that a selector means; the current one."""
    view, refs = find(views, text)[0]
    data = [ref for ref in refs if ref >= 0]
    if not data:
        return view, min(refs)
    cards = data_nodes(view, data)
    return view, max(data, key=lambda ref: (bool(cards[ref].is_current), ref))


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
        """Compare two runs: their inputs, parameters, environment and code."""
        view, found = self.view, len(self.causes) + len(self.pending)
        cards = task_nodes(view, {task_a, task_b})
        tasks: dict[str, Any] = {
            "task_a": cards[task_a],
            "task_b": cards[task_b],
            "via": list(via),
        }
        self._compare_inputs(task_a, task_b, made, via)
        self._add_values("param", compare_params(view, task_a, task_b), tasks)
        self._add_code(task_a, task_b, tasks)
        diffs = compare_environment(view, task_a, task_b)
        diffs = [diff for diff in diffs if diff.field != COMMIT]
        strong = [diff for diff in diffs if diff.field not in WEAK]
        self._add_values("environment", strong, tasks)
        if len(self.causes) + len(self.pending) == found:
            self._add_values("environment", diffs, tasks)
        if len(self.causes) + len(self.pending) == found:
            name = _title(cards[task_a])
            self.causes.append(Cause(kind="unknown", name=name, **tasks))

    def _add_values(
        self, kind: Literal["param", "environment"], diffs: list[FieldDiff], tasks: Any
    ) -> None:
        self.causes += [
            Cause(kind=kind, name=d.field, a=d.a, b=d.b, **tasks) for d in diffs
        ]

    def _add_code(self, task_a: int, task_b: int, tasks: Any) -> None:
        one, other = (task_detail(self.view, task) for task in (task_a, task_b))
        a, b = one.git_commit, other.git_commit
        if a and b and a != b:
            self.causes.append(Cause(kind="code", name="commit", a=a, b=b, **tasks))

    def _compare_inputs(
        self,
        task_a: int,
        task_b: int,
        made: tuple[Content, Content] | None,
        via: tuple[str, ...],
    ) -> None:
        ours, theirs = self._inputs(task_a, task_b, made)
        cards = data_nodes(
            self.view, [c.node for c in (*ours.values(), *theirs.values())]
        )
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
            name = _title(node_a or node_b)  # type: ignore[arg-type]  # one is there
            if a is not None and b is not None:
                self.pending.append((a, b, (*via, name), task_a))
                continue
            tasks = task_nodes(self.view, {task_a, task_b})
            kind = "added" if b is None else "removed"
            self.causes.append(
                Cause(kind=kind, name=name, a=_version(node_a), b=_version(node_b),  # type: ignore[arg-type]  # a literal
                      task_a=tasks[task_a], task_b=tasks[task_b], via=list(via))
            )  # fmt: skip

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
        self.causes.append(
            Cause(
                kind="input" if is_known else "unknown",
                name=_title(cards[a.node]),
                a=_version(cards[a.node]),
                b=_version(cards[b.node]),
                task_a=next(iter(tasks.values()), None),
                files=files,
                via=list(via[:-1]),
            )
        )


def _title(node: Node) -> str:
    return node.label or node.name


def _version(node: Node | None) -> str | None:
    return None if node is None else node.version or node.key


def _sentence(node: Node, causes: Sequence[Cause]) -> str:
    """Name the causes in one sentence; what may have changed only where nothing did."""
    total = len(causes)
    causes = [cause for cause in causes if cause.kind != "unknown"] or causes
    named = [_phrase(cause) for cause in causes[:MAX_NAMED]]
    rest = len(causes) - len(named)
    if rest > 0:
        named.append(f"{rest} more")
    if total == 1 and _is_itself(node, causes[0]):
        return f"{_title(node)} changed, and no recorded task made the change"
    if not named:
        return f"{_title(node)} changed, and nothing recorded says why"
    if len(causes) > 1 and all(c.kind == "unknown" and c.a for c in causes):
        named = [cause.name for cause in causes[:MAX_NAMED]] + named[MAX_NAMED:]
        return (
            f"{_title(node)} changed, and nothing that is known differs: no version of "
            f"{_joined(named)} is known"
        )
    return f"{_title(node)} changed because {_joined(named)}"


def _joined(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _is_itself(node: Node, cause: Cause) -> bool:
    """Whether the only cause is the artifact that was asked about."""
    is_alone = cause.kind == "input" and cause.task_a is None and not cause.via
    return node.type == "data" and is_alone and cause.name == _title(node)


def _phrase(cause: Cause) -> str:
    """Describe one cause in a few words."""
    task = cause.task_a.key if cause.task_a is not None else None
    if cause.kind == "input":
        notes = [part for part in (task, _files(cause)) if part]
        return f"{cause.name} changed" + (f" ({', '.join(notes)})" if notes else "")
    if cause.kind in ("added", "removed"):
        verb = "was used as well" if cause.kind == "added" else "was not used any more"
        return f"{cause.name} {verb}"
    if cause.kind == "code":
        return f"git commit {str(cause.b)[:7]} → {str(cause.a)[:7]}"
    if cause.kind == "unknown":
        if cause.a is not None:
            return f"{cause.name} may have changed (no version of it is known)"
        return f"{task or cause.name} ran again, and nothing recorded differs"
    if cause.kind == "environment":
        name = shown_member(cause.name)
        old, new = (shown_value(cause.name, v) for v in (cause.b, cause.a))
    else:
        name = cause.name
        old, new = ("nothing" if v is None else v for v in (cause.b, cause.a))
    # Further upstream another run has it, whose parameters may have the same names.
    where = f" ({task})" if cause.via and task else ""
    return f"{name} {old} → {new}{where}"


def _files(cause: Cause) -> str | None:
    count = len(cause.files)
    return f"{count} file{'' if count == 1 else 's'} of it" if count else None
