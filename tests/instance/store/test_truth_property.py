"""The graph is a function of the set of facts, and the one that the rule describes."""

from __future__ import annotations

import itertools
import random
from typing import Any

import graph_form
import hypothesis.strategies as st
import versions_reference
from histories import Fact, folder_histories, histories
from hypothesis import HealthCheck, given, settings

from lineage.instance.store import Store, open_store

_teams = itertools.count(1000)


def _play(stores: list[Store], facts: list[Fact], seed: int) -> dict[str, Any]:
    """Send facts in any order, cut into batches, some twice, by two processes."""
    chance = random.Random(seed)
    sent = [*facts, *chance.sample(facts, chance.randint(0, len(facts)))]
    if seed:
        chance.shuffle(sent)
    team = next(_teams)
    while sent:
        size = chance.randint(1, len(sent))
        batch, sent = sent[:size], sent[size:]
        answer = chance.choice(stores).ingest(team, batch)
        assert not answer.refused
    return graph_form.canonical(stores[0], team)


def test_the_graph_follows_the_rule_however_facts_arrive(store_url: str) -> None:
    """In any order, in any batches, repeated, from two processes, on both engines."""
    stores = [open_store(store_url), open_store(store_url)]

    @settings(
        max_examples=100 if store_url.startswith("sqlite") else 30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(histories(), st.integers(1, 1_000_000))
    def check(facts: list[Fact], seed: int) -> None:
        expected = versions_reference.Graph(facts).canonical()
        for turn in (0, seed, seed + 1):
            found = _play(stores, facts, turn)
            for part, value in expected.items():
                assert found[part] == value, (part, turn, facts)

    check()
    for one in stores:
        one.close()


def test_files_that_a_folders_next_maker_left_alone_keep_their_own(
    store_url: str,
) -> None:
    """As the rule says, in any order, on both engines; and the rule is met at all."""
    stores = [open_store(store_url), open_store(store_url)]
    met: list[bool] = []

    @settings(
        max_examples=60 if store_url.startswith("sqlite") else 20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(folder_histories(), st.integers(1, 1_000_000))
    def check(facts: list[Fact], seed: int) -> None:
        graph = versions_reference.Graph(facts)
        expected = graph.canonical()
        met.append(graph.leftovers > 0)
        for turn in (0, seed):
            found = _play(stores, facts, turn)
            for part, value in expected.items():
                assert found[part] == value, (part, turn, facts)

    check()
    for one in stores:
        one.close()
    assert any(met)
