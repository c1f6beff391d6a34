"""The graph is a function of the set of facts, and the one that the rule describes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import Any

import graph_form
import hypothesis.strategies as st
import pytest
import versions_reference
from histories import (
    Fact,
    address_histories,
    folder_histories,
    histories,
    registers,
    step_histories,
)
from hypothesis import HealthCheck, find, given, settings

from lineage.instance.platform.objects import PlatformObjects
from lineage.instance.store import Store, open_store

_teams = itertools.count(1000)


def _play(
    stores: list[Store],
    facts: list[Fact],
    seed: int,
    registered: Mapping[int, int] | None = None,
) -> dict[str, Any]:
    """Send facts in any order, cut into batches, some twice, by two processes.

    The numbers of a project's versions become known somewhere among them.
    """
    chance = random.Random(seed)
    sent = [*facts, *chance.sample(facts, chance.randint(0, len(facts)))]
    if seed:
        chance.shuffle(sent)
    team = next(_teams)
    unknown = list((registered or {}).items())
    while sent or unknown:
        if unknown and (not sent or chance.random() < 0.5):
            _register(chance.choice(stores), team, *unknown.pop())
            continue
        size = chance.randint(1, len(sent))
        batch, sent = sent[:size], sent[size:]
        answer = chance.choice(stores).ingest(team, batch)
        assert not answer.refused
    return graph_form.canonical(stores[0], team)


def _register(store: Store, team: int, id: int, number: int) -> None:
    objects, body = PlatformObjects(store.db), {"projectId": 7, "version": number}
    with store.db.write() as tx:
        objects.add(tx, team, "project_version", body, id=id, parent_id=7)


def test_the_graph_follows_the_rule_however_facts_arrive(store_url: str) -> None:
    """In any order, in any batches, repeated, from two processes, on both engines."""
    stores = [open_store(store_url), open_store(store_url)]

    @settings(
        max_examples=100 if store_url.startswith("sqlite") else 30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(histories(), registers(), st.integers(1, 1_000_000))
    def check(facts: list[Fact], registered: dict[int, int], seed: int) -> None:
        expected = versions_reference.Graph(facts, registered).canonical()
        for turn in (0, seed, seed + 1):
            found = _play(stores, facts, turn, registered)
            for part, value in expected.items():
                assert found[part] == value, (part, turn, facts, registered)

    check()
    for one in stores:
        one.close()


def _meets(facts: list[Fact], rule: str) -> bool:
    """Whether a rule of the plain reference decides anything in a history."""
    graph = versions_reference.Graph(facts)
    graph.canonical()
    return bool(getattr(graph, rule) > 0)


@pytest.mark.parametrize(
    ("made_of", "rule"),
    [
        (folder_histories(), "leftovers"),
        (folder_histories(), "remains"),
        (folder_histories(), "strangers"),
        (folder_histories(), "copied"),
        (step_histories(), "off_path"),
        (address_histories(), "parted"),
    ],
    ids=[
        "files of folders that are made again",
        "folders that are made again",
        "files that came between two versions of a folder",
        "files that are copied out of folders",
        "steps that work on one artifact",
        "files of which nothing is known, in folders that are made again",
    ],
)
def test_special_histories_follow_the_rule(
    store_url: str, made_of: st.SearchStrategy[list[Fact]], rule: str
) -> None:
    """Also what chance seldom meets, on both engines; and it is met at all."""
    stores = [open_store(store_url), open_store(store_url)]
    met: list[bool] = []

    @settings(
        max_examples=60 if store_url.startswith("sqlite") else 20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(made_of, st.integers(1, 1_000_000))
    def check(facts: list[Fact], seed: int) -> None:
        expected = versions_reference.Graph(facts).canonical()
        met.append(_meets(facts, rule))
        for turn in (0, seed):
            found = _play(stores, facts, turn)
            for part, value in expected.items():
                assert found[part] == value, (part, turn, facts)

    check()
    for one in stores:
        one.close()
    if not any(met):  # Few examples may miss it: it must be there to be found.
        often = settings(max_examples=2_000, deadline=None, database=None)
        find(made_of, lambda facts: _meets(facts, rule), settings=often)
