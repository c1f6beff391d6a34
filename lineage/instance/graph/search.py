"""Finds artifacts by what one remembers of them: a start of a word, an id, a digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...errors import SelectorError
from ...model.lists import SearchAnswer, SearchHit, SearchParams
from ...model.selector import Hops, Text, parse
from ..store.search_index import ID, MAX_TERM, NAME, PATH
from .nodes import nodes_of
from .pages import checked_after
from .query_session import GraphReader
from .selector_eval import pattern_of, select
from .step_filter import tasks_with_step
from .team_graph import NodeRef, TeamGraph, task_ref
from .trigrams import matching_artifacts

#: Rows of the index that one search reads; bounds its time on a big store.
MAX_READ: Final = 1000
#: Tasks that are found by their steps, at most.
MAX_STEPS: Final = 100
_LAST: Final = "\U0010ffff"
_FIELDS: Final[tuple[Any, ...]] = (
    "name", "path", "id", "title", "digest", "step", "selector",
)  # fmt: skip
_STEP: Final = 5
_SELECTOR: Final = 6

_PREFIX: Final = (
    "SELECT t.target, t.field, t.term FROM terms t WHERE t.team_id = :team"
    " AND t.term >= :low AND t.term < :high ORDER BY t.term LIMIT :most"
)
_DIGEST: Final = (
    "SELECT n.entity_id FROM nodes n WHERE n.team_id = :team"
    " AND n.digest >= :low AND n.digest < :high LIMIT :most"
)
_ARTIFACTS: Final = (
    "SELECT e.id, e.latest_id, e.kind, e.is_model, e.name, e.ident"
    " FROM each_int(:ids) AS x"
    " JOIN entities e ON e.team_id = :team AND e.id = x.value"
)
_OWNERS: Final = (
    "SELECT n.id, n.entity_id FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value ORDER BY n.id"
)
_TASKS: Final = (
    "SELECT -t.id, t.id, 'task', 0, t.name, t.number FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
)
Rank = tuple[bool, bool, int]


def search(
    reader: GraphReader, team_ids: Sequence[int], params: SearchParams
) -> SearchAnswer:
    """Answer `lineage.search`, exact names first, then the newest."""
    start, size = checked_after(params.after), params.limit
    text, kinds = params.text, params.kinds
    words = text.lower().split()
    if not words:
        return SearchAnswer(hits=[])
    whole = text.strip().lower()
    with reader.views(team_ids) as views:
        ranked = [
            (*candidate, view)
            for view in views
            for candidate in (
                _selected(view, params.text, kinds)
                or _candidates(view, whole, words, kinds)
            )
        ]
        ranked.sort(key=lambda candidate: candidate[0])
        end = start + size
        page = ranked[start:end]
        nodes = {
            view.team_id: nodes_of(view, [ref for _, ref, _, v in page if v is view])
            for view in views
        }
        hits = [
            SearchHit(node=nodes[view.team_id][ref], matched=_FIELDS[field])
            for _, ref, field, view in page
        ]
    return SearchAnswer(hits=hits, next=str(end) if len(ranked) > end else None)


def _selected(
    view: TeamGraph, text: str, kinds: Sequence[str] | None
) -> list[tuple[Rank, NodeRef, int]]:
    """Rank what a text matches that is clearly a selector, such as `kind:model`."""
    try:
        selector = parse(text)
    except SelectorError:
        return []
    if isinstance(selector, (Text, Hops)):
        return []
    refs = view.visible(select(view, selector))
    rows = view.rows(_OWNERS, ids=[ref for ref in refs if ref >= 0])
    newest = {entity: node for node, entity in rows}
    chosen = [*newest.values(), *(ref for ref in refs if ref < 0)]
    if kinds is not None:
        nodes = nodes_of(view, chosen)
        chosen = [ref for ref in chosen if nodes[ref].kind in kinds]
    return [((False, ref < 0, -abs(ref)), ref, _SELECTOR) for ref in chosen]


def _in_steps(view: TeamGraph, whole: str) -> list[tuple[Rank, NodeRef, int]]:
    """Rank recent tasks with a step whose name begins with the text."""
    found = tasks_with_step(view, pattern_of(whole) + "%", MAX_STEPS)
    return [
        ((name != whole, True, -task), task_ref(task), _STEP)
        for task, name in found.items()
    ]


def _candidates(
    view: TeamGraph, whole: str, words: list[str], kinds: Sequence[str] | None
) -> list[tuple[Rank, NodeRef, int]]:
    """Rank what is found, without making nodes yet."""
    targets = _targets(view, whole)
    if not targets and len(words) > 1:
        targets = _targets(view, max(words, key=len))
    if not targets:
        targets = dict.fromkeys(matching_artifacts(view, words), (PATH, ""))
    found = []
    for target, own, kind, is_model, name, ident in _rows(view, targets):
        field, term = targets[target]
        shown = "model_weight" if is_model and kind == "file" else kind
        text = f"{name} {ident} {term}".lower()
        if (kinds and shown not in kinds) or not all(word in text for word in words):
            continue
        lowered = str(name or "").lower()
        if not term and words[0] in str(name or "").lower():
            field = NAME
        is_whole = whole in (lowered, str(ident).lower())
        rank = (not is_whole, not lowered.startswith(whole), -abs(own))
        found.append((rank, own if target > 0 else task_ref(own), field))
    if kinds is None or "task" in kinds:
        known = {ref for _, ref, _ in found}
        found += [hit for hit in _in_steps(view, whole) if hit[1] not in known]
    return found


def _rows(view: TeamGraph, targets: dict[int, tuple[int, str]]) -> list[Any]:
    names = {"team": view.team_id}
    tasks = [-target for target in targets if target < 0]
    artifacts = [target for target in targets if target > 0]
    rows = view.tx.all(_TASKS, {**names, "ids": tasks}) if tasks else []
    named = view.tx.all(_ARTIFACTS, {**names, "ids": artifacts}) if artifacts else []
    # A task that was named as an artifact is found as itself.
    joined = view.joined([row[1] for row in named if row[2] == "task"])
    return rows + [row for row in named if row[1] not in joined]


def _targets(view: TeamGraph, text: str) -> dict[int, tuple[int, str]]:
    low = text[:MAX_TERM]
    names = {"team": view.team_id, "most": MAX_READ}
    found: dict[int, tuple[int, str]] = {}
    rows = view.tx.all(_PREFIX, {**names, "low": low, "high": low + _LAST})
    for target, field, term in rows:
        known = found.get(target)
        if known is None or field < known[0] or (field == ID and term == low):
            found[target] = (field, term)
    digest = text.removeprefix("sha256:")
    if len(digest) >= 4 and all(sign in "0123456789abcdef" for sign in digest):
        low = f"sha256:{digest}"
        rows = view.tx.all(_DIGEST, {**names, "low": low, "high": low + _LAST})
        for (entity,) in rows:
            found.setdefault(entity, (4, low))
    return found
