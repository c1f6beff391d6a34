"""What ingest costs, counted in statements and rows: it grows with the facts alone."""

from __future__ import annotations

from typing import Any

import pytest
from store_engines import Facts, digest

from lineage.instance.store import Store
from lineage.instance.store.database import Transaction


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Counts statements, and the rows that are read and written."""
    counts = {"statements": 0, "rows": 0}

    def count(name: str, size: Any) -> None:
        real = getattr(Transaction, name)

        def counting(self: Transaction, *args: Any, **options: Any) -> Any:
            result = real(self, *args, **options)
            counts["statements"] += 1
            counts["rows"] += size(args, result)
            return result

        monkeypatch.setattr(Transaction, name, counting)

    count("all", lambda args, result: len(result))
    count("one", lambda args, result: 1)
    count("run", lambda args, result: max(0, result))
    count("run_many", lambda args, result: len(args[1]))
    count("insert_many", lambda args, result: len(args[2]))
    count("merge_many", lambda args, result: len(args[3]))
    return counts


def calls(number: int, *, start: int = 0) -> list[dict[str, Any]]:
    """Make the facts of calls of one task that share one model."""
    facts = Facts("loop")
    made = []
    for at in range(start, start + number):
        step = {"key": str(at), "name": "call", "at": 1_700_000_000.0}
        model = facts.uses("file", "/model", stat=digest("a"), step=step)
        data = facts.uses("file", f"/data/{at}", step=str(at))
        output = facts.makes("file", f"/out/{at}", step=str(at), scope=str(at))
        for fact, place in zip((model, data, output), range(3), strict=True):
            number = 3 * at + place
            fact |= {"uid": f"loop-{number}", "at": 1_700_000_000.0 + number}
        made += [model, data, output]
    return made


def derived(number: int) -> list[dict[str, Any]]:
    """Make the facts of outputs that name their source."""
    facts = Facts("derived")
    source = [{"kind": "job", "id": 1}]
    outputs = [
        facts.makes("job", 100 + at, derived_from=source) for at in range(number)
    ]
    return [facts.uses("job", 1), *outputs]


def trainings(number: int) -> list[dict[str, Any]]:
    """Make the facts of trainings that write one folder, and of readers of its files.

    Of none of them anything is known but the address.
    """
    train, predict = Facts("train"), Facts("predict")
    made = []
    for at in range(number):
        made.append(train.makes("folder", "s3://b/run"))
        made.append(predict.uses("file", f"s3://b/run/{at % 7}.pt"))
        made.append(predict.makes("file", f"s3://b/out/{at}"))
        for fact, place in zip(made[-3:], range(3), strict=True):
            fact["at"] = 1_700_000_000.0 + 3 * at + place
    return made


@pytest.mark.parametrize("make", [calls, derived, trainings])
def test_a_batch_is_a_bounded_number_of_statements(
    store: Store, counted: dict[str, int], make: Any
) -> None:
    """As many for a thousand facts as for ten times fewer."""
    used = []
    for team, size in ((1, 30), (2, 300)):
        counted["statements"] = 0
        store.ingest(team, make(size))
        used.append(counted["statements"])
    assert used[1] <= used[0] + 2
    assert used[1] < 80


def test_calls_that_share_a_model_cost_each_the_same(
    store: Store, counted: dict[str, int]
) -> None:
    """The last of many batches touches as many rows as the second."""
    store.ingest(1, calls(50))
    used = []
    for batch in range(1, 9):
        counted["rows"] = 0
        store.ingest(1, calls(50, start=50 * batch))
        used.append(counted["rows"])
    assert max(used[1:]) <= used[0] * 1.1


def test_batches_that_overtake_each_other_cost_each_the_same(
    store: Store, counted: dict[str, int]
) -> None:
    """Two processes that share a model, each a little behind the other."""
    model = {"stat": digest("a")}
    one, two = Facts("one"), Facts("two")
    used = []
    for _ in range(8):
        batches = [
            [facts.uses("file", "/model", **model) for _ in range(50)]
            for facts in (one, two)
        ]
        counted["rows"] = 0
        for batch in batches:
            store.ingest(1, batch)
        used.append(counted["rows"])
    assert max(used[2:]) <= used[1] * 1.1


def test_a_writer_that_was_away_costs_each_batch_the_same(
    store: Store, counted: dict[str, int]
) -> None:
    """Uses before the first known one of what nobody made read no earlier edges."""
    used = []
    for number in range(6):
        facts = Facts(f"run-{number}")
        uses = [facts.uses("project", at, at=2_000.0 - number) for at in range(50)]
        counted["rows"] = 0
        assert store.ingest(1, uses).refused == []
        used.append(counted["rows"])
    assert used[5] <= used[1]
    with store.db.read() as tx:
        first = tx.all("SELECT DISTINCT n.created_at, e.event_at FROM nodes n"
                       " JOIN edges e ON e.id = n.first_edge")  # fmt: skip
    assert [tuple(row) for row in first] == [(1_995.0, 1_995.0)]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for each hundred steps of SQLite's machine."""
    seen: list[int] = []
    real = Transaction._execute

    def execute(self: Transaction, *args: Any) -> Any:
        if self.dialect.takes_json:
            count = seen.append
            self._connection.set_progress_handler(lambda: count(1), 100)
        return real(self, *args)

    monkeypatch.setattr(Transaction, "_execute", execute)
    return seen


def _nightly(night: int, tables: int = 10) -> list[dict[str, Any]]:
    """Make the facts of runs that each read one table and write the next again."""
    made = []
    for number in range(tables):
        run, at = Facts(f"{night}-{number}"), 1_700_000_000.0 + 100 * night + number
        made.append(run.uses("table", f"db/t{number}") | {"at": at})
        made.append(run.makes("table", f"db/t{number + 1}") | {"at": at + 0.5})
    return made


def test_what_is_made_again_each_night_costs_each_night_the_same(
    store: Store, counted: dict[str, int], steps: list[int]
) -> None:
    """However many versions the artifacts have: none of them is looked through."""
    rows, machine = [], []
    for night in range(60):
        counted["rows"] = 0
        steps.clear()
        assert store.ingest(1, _nightly(night)).refused == []
        rows.append(counted["rows"])
        machine.append(len(steps))
    assert max(rows[5:]) <= rows[3] * 1.1
    assert max(machine[50:]) <= max(machine[20:30]) * 1.1 + 10


def test_what_a_task_used_many_versions_ago_is_found(store: Store) -> None:
    """Whether facts come one by one or all at once, its output is made of that."""
    long, start = Facts("long"), 1_700_000_000.0
    facts = [long.uses("table", "db/t") | {"at": start + 1.5}]
    for night in range(1, 40):
        made = Facts(f"n{night}").makes("table", "db/t")
        facts.append(made | {"at": start + night})
    facts.append(long.makes("table", "db/t") | {"at": start + 1000})
    for fact in facts:
        store.ingest(1, [fact])
    store.ingest(2, facts)
    with store.db.read() as tx:
        one, other = (
            tx.all(
                "SELECT l.direction, n.ordinal, n.created_at FROM links l"
                " JOIN nodes n ON n.team_id = l.team_id AND n.id = l.node_id"
                " WHERE l.team_id = ? ORDER BY l.direction, n.ordinal, n.created_at",
                (team,),
            )
            for team in (1, 2)
        )
    assert len(one) > 40
    assert one == other
