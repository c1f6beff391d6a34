"""Questions from Python: `lineage.graph()`, and the notebook's `%lineage`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

from ..errors import LineageError, logger
from ..runtime import runtime

if TYPE_CHECKING:
    from ..api.graph import GraphApi

#: The questions that `%lineage` takes, each with its number of names.
_MAGIC: Final = {
    "tasks": 1, "show": 1, "search": 1, "upstream": 1, "downstream": 1, "impact": 1,
    "provenance": 1, "diff": 2, "why": 2, "path": 2, "stale": 0, "health": 0,
}  # fmt: skip


def graph() -> GraphApi:
    """Return the graph of the instance that facts go to, with all its questions.

    What this process recorded is delivered first, as far as that takes no longer than
    `LINEAGE_FLUSH_TIMEOUT_S`; a warning says how many facts the graph lacks after that.

    Raises:
        LineageError: Facts go where no questions can be asked.
    """
    report = runtime().flush()
    if report.waiting:
        logger.warning(
            "The graph lacks %d facts that were recorded%s; they are sent in the "
            "background. LINEAGE_FLUSH_TIMEOUT_S sets how many seconds a question "
            "waits for them.",
            report.waiting,
            f" ({report.reason})" if report.reason else "",
        )
    api = runtime().make_query_api()
    found: GraphApi | None = getattr(api, "graph", None)
    if found is None:
        raise LineageError(
            f"facts go to a client of type {type(api).__name__}, which answers no "
            "questions; make one that does: lineage.Api(address, token).graph"
        )
    return found


def answer_line(line: str) -> Any:
    """Answer what is written as on the command line: `upstream model.pt`.

    Raises:
        LineageError: It is no question.
    """
    words = shlex.split(line)
    known = ", ".join(_MAGIC)
    if not words or words[0] not in _MAGIC:
        raise LineageError(f"write a question and a name; questions are {known}")
    question, names = words[0], words[1:]
    if len(names) > _MAGIC[question]:
        raise LineageError(
            f"{question} takes {_MAGIC[question]} names, not {len(names)}"
        )
    questions = graph()
    if question == "show":
        return questions.get(*names)
    return getattr(questions, question)(*names)


def load_ipython_extension(shell: Any) -> None:
    """Add `%lineage` to a notebook; called by `%load_ext lineage`."""
    shell.register_magic_function(answer_line, magic_kind="line", magic_name="lineage")
