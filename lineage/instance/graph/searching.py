"""Finds things by what one remembers of them: a start of a word, an id, a digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...model.graph import Node, SearchAnswer, SearchHit
from ..store.terms import ID, MAX_TERM, plain_title
from .answers import checked_after, checked_limit
from .asking import Asker
from .cards import data_cards, task_cards
from .teamview import TeamView

#: Rows of the index that one search reads; bounds its time on a big store.
MAX_READ: Final = 1000
#: Newest names that are read through where no word starts with the text.
MAX_SCANNED: Final = 20_000
_LAST: Final = "\U0010ffff"
_FIELDS: Final = ("name", "path", "id", "title")

_PREFIX: Final = (
    "SELECT t.target, t.field, t.term FROM terms t WHERE t.team_id = :team"
    " AND t.term >= :low AND t.term < :high ORDER BY t.term LIMIT :most"
)
_DIGEST: Final = (
    "SELECT n.entity_id FROM nodes n WHERE n.team_id = :team"
    " AND n.digest >= :low AND n.digest < :high LIMIT :most"
)
_LATEST: Final = (
    "SELECT e.id, e.latest_id, e.name, e.ident FROM each_int(:ids) AS x"
    " JOIN entities e ON e.team_id = :team AND e.id = x.value"
)
_SCAN: Final = (
    "SELECT e.id, lower(e.name) LIKE :text ESCAPE '!' FROM entities e"
    " WHERE e.team_id = :team AND e.id > :low"
    " AND (lower(e.name) LIKE :text ESCAPE '!' OR lower(e.ident) LIKE :text ESCAPE '!')"
    " ORDER BY e.id DESC LIMIT :most"
)
Rank = tuple[int, int, int, int]


def search(
    asker: Asker,
    team_ids: Sequence[int],
    text: str,
    *,
    kinds: Sequence[str] | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> SearchAnswer:
    """Answer `lineage.search`, exact names first, then the newest."""
    start, size = checked_after(after), checked_limit(limit, 20)
    words = text.lower().split()
    if not words:
        return SearchAnswer(hits=[])
    ranked: list[tuple[Rank, SearchHit]] = []
    with asker.views(team_ids) as views:
        for view in views:
            ranked += _hits(view, text.strip().lower(), words, kinds)
    ranked.sort(key=lambda pair: pair[0])
    hits = [hit for _, hit in ranked]
    end = start + size
    return SearchAnswer(
        hits=hits[start:end], next=str(end) if len(hits) > end else None
    )


def _hits(
    view: TeamView, whole: str, words: list[str], kinds: Sequence[str] | None
) -> list[tuple[Rank, SearchHit]]:
    targets = _targets(view, whole)
    if not targets and len(words) > 1:
        targets = _targets(view, max(words, key=len))
    if not targets:
        targets = _scan(view, whole)
    cards = _cards(view, targets)
    hits: list[tuple[Rank, SearchHit]] = []
    for target, card in cards.items():
        field, term = targets[target]
        matched: Any = (*_FIELDS, "digest")[field]
        if (kinds and card.kind not in kinds) or not _has_all(card, words, matched):
            continue
        is_whole = whole in (card.name.lower(), str(card.id).lower())
        starts = card.name.lower().startswith(whole)
        rank = (not is_whole, not starts, len(term) // 16, -abs(target))
        hits.append((rank, SearchHit(node=card, matched=matched)))
    return hits


def _targets(view: TeamView, text: str) -> dict[int, tuple[int, str]]:
    low = text[:MAX_TERM]
    names = {"team": view.team_id, "most": MAX_READ}
    found: dict[int, tuple[int, str]] = {}
    rows = view.tx.all(_PREFIX, {**names, "low": low, "high": low + _LAST})
    for target, field, term in rows:
        known = found.get(target)
        if known is None or field < known[0] or (field == ID and term == low):
            found[target] = (field, term)
    digest = low.removeprefix("sha256:")
    if len(digest) >= 4 and all(sign in "0123456789abcdef" for sign in digest):
        low = f"sha256:{digest}"
        rows = view.tx.all(_DIGEST, {**names, "low": low, "high": low + _LAST})
        for (entity,) in rows:
            found.setdefault(entity, (4, digest))
    return found


def _scan(view: TeamView, text: str) -> dict[int, tuple[int, str]]:
    """Look for a text inside words, among the newest things."""
    if len(text) < 2:
        return {}
    newest = view.tx.one(
        "SELECT MAX(latest_id), MAX(id) FROM entities WHERE team_id = ?",
        (view.team_id,),
    )
    last = (newest[1] if newest else None) or 0
    sign = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = view.tx.all(
        _SCAN,
        {
            "team": view.team_id,
            "low": last - MAX_SCANNED,
            "text": f"%{sign}%",
            "most": MAX_READ,
        },
    )
    return {id: (0 if is_name else 1, text) for id, is_name in rows}


def _cards(view: TeamView, targets: dict[int, tuple[int, str]]) -> dict[int, Node]:
    tx, team = view.tx, view.team_id
    tasks = task_cards(tx, team, [-target for target in targets if target < 0])
    entities = [target for target in targets if target > 0]
    rows = tx.all(_LATEST, {"ids": entities, "team": team})
    nodes = data_cards(tx, team, [row[1] for row in rows])
    joined = view.joined(nodes)
    found = {-id: card for id, card in tasks.items()}
    for entity, node, _, _ in rows:
        if node in nodes and node not in joined:
            found[entity] = nodes[node]
    return found


def _has_all(card: Node, words: list[str], matched: str) -> bool:
    if matched == "digest":
        return True
    title = plain_title(card.title) if card.title else ""
    text = f"{card.name} {card.id} {title}".lower()
    return all(word in text for word in words)
