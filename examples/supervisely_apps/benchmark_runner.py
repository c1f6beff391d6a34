"""A benchmark: a model's session labels a project, and a report compares the labels.

The session is a task of its own, started before; the labels go into a new project.
"""

from __future__ import annotations

from typing import NamedTuple

import lineage
from lineage import cards, produces_file, produces_project, uses_project, uses_task


class Benchmark(NamedTuple):
    """What a benchmark made."""

    project_id: int
    report_id: int


@uses_project("truth_id")
@uses_task("session_id")
@produces_project("result.project_id", card=cards.project)
@produces_file("result.report_id", card=cards.report)
def evaluate(truth_id: int, session_id: int) -> Benchmark:
    """Label with the session's model, and compare with the truth."""
    return Benchmark(project_id=truth_id + 1, report_id=50 + session_id)


@lineage.app(name="Benchmark", card=cards.session)
def main() -> Benchmark:
    """Evaluate one session."""
    return evaluate(13, 66)


if __name__ == "__main__":
    main()
