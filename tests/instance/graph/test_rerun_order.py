"""In which order tasks are run again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage.instance.graph.impact import _in_order

TASKS = range(1, 9)


@given(
    times=st.dictionaries(st.sampled_from(TASKS), st.floats(0, 9, allow_nan=False)),
    pairs=st.sets(st.tuples(st.sampled_from(TASKS), st.sampled_from(TASKS))),
)
def test_a_task_follows_what_it_needs(
    times: dict[int, float], pairs: set[tuple[int, int]]
) -> None:
    """Each task comes once, after what it needs; of those that may come, the earliest.

    The reference picks, again and again, the earliest task that waits for none.
    """
    needed = {task: {b for a, b in pairs if a == task and b != a} for task in times}
    rest = set(times)
    expected = []
    while rest:
        ready = [task for task in rest if not needed[task] & rest] or list(rest)
        expected.append(min(ready, key=lambda task: (times[task], task)))
        rest.discard(expected[-1])
    assert _in_order(times, needed) == expected
