"""Walks the graph level by level, up or down, through cycles and without recursion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from ...records import field, record
from ..store.activity_ids import STEP_BITS
from .activity_walk import ActivityWalk, Beside
from .links import TeamLinks
from .team_graph import NodeRef, TeamGraph, task_of_ref, task_ref

#: The one kind of link that is not followed twice in a row: the other files of a folder
#: are not what one of them was made from.
_PART: Final = "part of"
_NAMED: Final = "declared"
_SAME_STEP: Final = "same step"
_ENCLOSING: Final = "enclosing step"
#: Further than any distance.
FAR: Final = 1 << 60


@record(slots=True)
class Traversal:
    """What was reached, each with its distance in edges of the graph."""

    data: dict[int, int] = field(default_factory=dict)
    tasks: dict[int, int] = field(default_factory=dict)
    same: Mapping[int, int] = field(default_factory=dict)
    """Nodes that stand for tasks, with those tasks, as the walk knew them."""
    is_certain: bool = False
    """Whether a walk down met only links that are declared or of the same step."""

    @property
    def starts(self) -> tuple[list[int], list[int]]:
        """The nodes and the tasks that the walk started from."""
        return (
            [node for node, hop in self.data.items() if hop == 0],
            [task for task, hop in self.tasks.items() if hop == 0],
        )


class _Walk:
    """One walk, while it goes on."""

    def __init__(
        self,
        links: TeamLinks,
        same: Mapping[int, int],
        *,
        up: bool,
        hows: Collection[str] | None,
    ) -> None:
        self.found = Traversal(same=same)
        self._links = links
        self._same = same
        self._nodes_of = {task: node for node, task in same.items()}
        self._up = up
        self._hows = hows
        self._through = ActivityWalk(links.ends, same, hows)
        #: Nodes that were reached by a part-of link only.
        self._by_part: set[int] = set()
        #: Nodes that were reached from the task that they stand for.
        self._from_task: set[int] = set()
        self._done: set[int] = set()
        #: What is to be visited, by its distance: nodes, nodes that were visited before
        #: without their part-of links, and tasks with all their inputs or outputs.
        self._pending: dict[int, set[int]] = defaultdict(set)
        self._again: dict[int, set[int]] = defaultdict(set)
        self._entered: dict[int, set[int]] = defaultdict(set)

    def start(self, data: Iterable[int], tasks: Iterable[int]) -> None:
        """Start from nodes and from tasks."""
        for node in data:
            self._from_task.add(node)
            self._reach_node(node, 0)
        for task in tasks:
            self.found.tasks[task] = 0
            self._entered[0].add(task)

    def run(self, depth: int | None) -> None:
        """Visit level after level."""
        while self._pending or self._again or self._entered:
            hop = min((*self._pending, *self._again, *self._entered))
            nodes = self._pending.pop(hop, set()) - self._done
            again = self._again.pop(hop, set())
            self._done |= nodes
            for node in (nodes & self._same.keys()) - self._from_task:
                self._reach_task(self._same[node], hop)
                self._entered[hop].add(self._same[node])
            inside = self._entered.pop(hop, set())
            if depth is None or hop < depth:
                self._visit(hop, nodes, again, inside)
        self.found.is_certain = self._through.is_certain and not self._up

    def _visit(
        self, hop: int, nodes: set[int], again: set[int], inside: set[int]
    ) -> None:
        links = self._links
        if again:
            parts = self._through.beside(again, up=self._up)
            self._follow_beside(parts, hop, only_parts=True)
        if nodes:
            reached = self._through.up(nodes) if self._up else self._through.down(nodes)
            new = reached.tasks.difference(self.found.tasks)
            for task in new & self._nodes_of.keys():
                self._reach_task(task, hop + 1)
            for task in new:
                self.found.tasks.setdefault(task, hop + 1)
            self._follow_beside(reached.beside, hop)
            if self._hows is None or _NAMED in self._hows:
                self._reach_all(reached.by_name, hop)
            self._reach_all(self._of_wanted_kinds(nodes, reached.by_activity), hop)
        if inside:
            ends = links.inputs_of(inside) if self._up else links.outputs_of(inside)
            for node in ends:
                self._reach_node(node, hop + 1)

    def _of_wanted_kinds(self, nodes: set[int], ends: set[int]) -> set[int]:
        """Keep those ends of activities to which a link of a wanted kind leads."""
        hows = self._hows
        if hows is not None and _ENCLOSING in hows and _SAME_STEP not in hows:
            # What is known by the same step, too, is left out.
            return {far for _, far in self._linked(nodes)}
        doubtful = ends & nodes & self._by_part
        if doubtful:
            # A node does not come from itself.
            ends -= doubtful - {far for _, far in self._linked(nodes)}
        return ends

    def _linked(self, nodes: set[int]) -> Iterable[tuple[int, int]]:
        """Yield the links of nodes that lead through activities, near and far end."""
        read = self._links.upstream if self._up else self._links.downstream
        for link in read(nodes):
            if link.activity <= 0 or (self._hows and link.how not in self._hows):
                continue
            near, far = link.target, link.source
            if not self._up:
                near, far = far, near
            # A task's own inputs and outputs are reached by entering it, and only then.
            task = link.activity >> STEP_BITS
            if task not in (self._same.get(near), self._same.get(far)):
                yield near, far

    def _follow_beside(
        self, links: Collection[Beside], hop: int, *, only_parts: bool = False
    ) -> None:
        """Follow the links that no task made."""
        by_part = self._by_part.copy() if links else set()
        for near, far, how in links:
            is_part = how == _PART
            if (only_parts and not is_part) or (is_part and near in by_part):
                continue
            self._reach_node(far, hop + 1, by_part=is_part)

    def _reach_all(self, reached: set[int], hop: int) -> None:
        """Reach nodes through activities; none that was met is further away."""
        for node in reached & self._by_part:
            self._reach_node(node, hop + 2)
        # `reached - data.keys()` would look at all that was ever reached.
        new = reached.difference(self.found.data)
        self.found.data.update(dict.fromkeys(new, hop + 2))
        self._pending[hop + 2] |= new

    def _reach_node(self, node: int, hop: int, *, by_part: bool = False) -> None:
        if hop < self.found.data.get(node, FAR):
            if by_part and node not in self.found.data:
                self._by_part.add(node)
            self.found.data[node] = hop
            self._pending[hop].add(node)
        if node in self._by_part and not by_part:
            self._by_part.discard(node)
            if node in self._done:
                self._again[hop].add(node)

    def _reach_task(self, task: int, hop: int) -> None:
        if hop >= self.found.tasks.get(task, FAR):
            return
        self.found.tasks[task] = hop
        node = self._nodes_of.get(task)
        if node is not None and hop < self.found.data.get(node, FAR):
            self._from_task.add(node)
            self._reach_node(node, hop)


def closure(
    links: TeamLinks,
    data: Iterable[int],
    tasks: Iterable[int],
    *,
    up: bool,
    depth: int | None = None,
    same: Mapping[int, int] | None = None,
    hows: Collection[str] | None = None,
) -> Traversal:
    """Find everything upstream or downstream of nodes and tasks.

    An edge between a task and an artifact is one hop, and so is a link between two
    artifacts that no task made: a copy, a part. From a task that is started from, all
    of its inputs or outputs are reached; through a task, only those that are linked.

    Args:
        links: The links to walk.
        data: Nodes to start from.
        tasks: Tasks to start from.
        up: Walk towards the sources, else towards what was made of them.
        depth: Hops at most; None is without limit.
        same: Nodes that stand for tasks which others used or made, with those tasks:
            reaching one reaches the other.
        hows: Follow only links that are known so; None follows all.

    Returns:
        What was reached, with the starts at distance 0.
    """
    walk = _Walk(links, same or {}, up=up, hows=hows)
    walk.start(data, tasks)
    walk.run(depth)
    _limit(walk.found, depth)
    return walk.found


def _limit(found: Traversal, depth: int | None) -> None:
    """Leave out what lies further than the depth: a link may be two hops long."""
    if depth is None:
        return
    found.data = {node: hop for node, hop in found.data.items() if hop <= depth}
    found.tasks = {task: hop for task, hop in found.tasks.items() if hop <= depth}


def reach(
    view: TeamGraph,
    refs: Iterable[NodeRef],
    *,
    up: bool,
    depth: int | None = None,
    hows: Collection[str] | None = None,
) -> Traversal:
    """Find everything on one side of some nodes, each with its distance."""
    known = list(refs)
    tasks = [task_of_ref(ref) for ref in known if ref < 0]
    # Others may have used the task itself, or made it.
    same = view.nodes_of_tasks(tasks) if tasks else {}
    data = [*(ref for ref in known if ref >= 0), *same]
    while True:
        found = closure(
            view.links, data, tasks, up=up, depth=depth, same=same, hows=hows
        )
        # A task that others used as an artifact is one node with it: what follows
        # is nearer than the links alone show.
        more = view.nodes_of_tasks(found.tasks.keys(), among=found.data.keys())
        if not more.keys() - same.keys():
            return found
        same.update(more)


def to_refs(view: TeamGraph, found: Traversal) -> dict[NodeRef, int]:
    """Return what was reached as references; a node that names a task is that task."""
    joined = view.joined(found.data)
    refs = {task_ref(task): hop for task, hop in found.tasks.items()}
    for node, hop in found.data.items():
        ref = task_ref(joined[node]) if node in joined else node
        refs[ref] = min(hop, refs.get(ref, hop))
    return refs
