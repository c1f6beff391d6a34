"""JSON text of the rarer facts and members: ends, errors, sources, a task's card."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from ..errors import LineageError, attempt, logger
from ..model.limits import MAX_ENDS
from .context import ActiveTask
from .json_text import member, quote, shorten

_LONGEST_TEXT: Final = 65_536
#: What is looked at of a text before it is masked and cut: a secret must not stand
#: on the edge of what is shown.
_LONGEST_LOOK: Final = 2 * _LONGEST_TEXT
#: Where the frames of this package lie.
_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
#: How the names of code without a file of its own begin: of generated functions.
GENERATED: Final = "<lineage: "
_OWN: Final = (_PACKAGE, GENERATED)
_LONGEST_LINE: Final = 2_000


def end_of_step(task: ActiveTask, step: str, at: int, error: str | None) -> str:
    """Return the fact of a step's end; `step` is JSON: the whole step or its key."""
    outcome = '"ok"' if error is None else f'"error"{member("error", error)}'
    head = f'{{"f":"step_end",{task.head},"at":{at}e-9'
    return f'{head},"step":{step},"outcome":{outcome}}}'


def ends_of_steps(task: ActiveTask, ends: Sequence[tuple[str, int]]) -> Iterator[str]:
    """Yield facts of steps that ended without an error, from their keys and times."""
    for first in range(0, len(ends), MAX_ENDS):
        part = ends[first : first + MAX_ENDS]
        listed = ",".join([f"[{key},{at}e-9]" for key, at in part])
        head = f'{{"f":"step_ends",{task.head},"at":{part[-1][1]}e-9'
        yield f'{head},"ends":[{listed}]}}'


def end_of_task(
    task: ActiveTask, at: int, error: BaseException | None, mask: Callable[[str], str]
) -> str:
    """Return the fact of a task's end, with the exception that ended it."""
    more = ""
    if error is not None and not _is_clean(error):
        shown = mask(app_traceback(error)[-_LONGEST_LOOK:])
        more = member("error", error_text(error, mask))
        more += member("traceback", shown[-_LONGEST_TEXT:])
    head = f'{{"f":"task_end",{task.head},"at":{at}e-9'
    return f'{head},"status":"{_status(error)}"{more}}}'


def derived_from(inputs: Iterable[tuple[str, int | str]]) -> str:
    """Return the member `derived_from` for inputs given as kind and id."""
    refs = []
    for kind, identity in inputs:
        shown = identity if isinstance(identity, int) else quote(identity)
        refs.append(f'{{"kind":"{kind}","id":{shown}}}')
    return f',"derived_from":[{",".join(dict.fromkeys(refs))}]'


@lru_cache(maxsize=256)
def kind_of(edge_prefix: str) -> str:
    """Return the kind that an edge prefix names."""
    return edge_prefix.partition('"kind":"')[2].partition('"')[0]


def with_card(task: ActiveTask, extras: str) -> str:
    """Add the task's card to the members of an edge, as the platform expects it."""
    if task.card is None:
        return extras
    node = f',"meta":{{"customNodeSettings":{task.card}'
    if ',"meta":{' in extras:
        return extras.replace(',"meta":{', node + ",", 1)
    return f"{extras}{node}}}"


def app_traceback(error: BaseException) -> str:
    """Return an exception's traceback as text, without frames of this package."""
    made = traceback.TracebackException.from_exception(error)
    pending: list[traceback.TracebackException | None] = [made]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        shown = [f for f in one.stack if not f.filename.startswith(_OWN)]
        one.stack = traceback.StackSummary.from_list(shown)
        pending += [one.__cause__, one.__context__]
        pending += getattr(one, "exceptions", None) or []
    return "".join(made.format())


def described(error: Exception) -> str:
    """Return a failure for a log line: ours by its message, others with their place."""
    if isinstance(error, LineageError):
        return one_line(error, plain=True)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith(_OWN)]
    place = f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
    return f"{one_line(error)}{place}"


def error_text(error: BaseException, mask: Callable[[str], str]) -> str:
    """Return an exception on one line, masked before it is cut."""
    return shorten(mask(one_line(error, limit=_LONGEST_LOOK)), _LONGEST_LINE)


def one_line(
    error: BaseException, *, plain: bool = False, limit: int = _LONGEST_LINE
) -> str:
    """Return an exception's type and message on one line, also if its `str` fails."""
    message = attempt(_message, error, _unshowable) or ""
    text = message if plain and message else f"{type(error).__name__}: {message}"
    return shorten(text.removesuffix(": "), limit)


def _message(error: BaseException) -> str:
    return " ".join(str(error).split())


def _unshowable(error: Exception) -> None:
    logger.debug("an exception of the app cannot be shown: %r", type(error))


def last_error() -> BaseException | None:
    """Return the exception that ended the program, if one did."""
    if hasattr(sys, "ps1"):
        return None  # at a prompt, an exception is not the end
    return getattr(sys, "last_value", None)


def _is_clean(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _status(error: BaseException | None) -> str:
    if error is None or _is_clean(error):
        return "finished"
    is_stop = isinstance(error, (KeyboardInterrupt, GeneratorExit))
    return "stopped" if is_stop or _is_cancelled(error) else "error"


def _is_cancelled(error: BaseException) -> bool:
    """Whether asyncio, trio or a pool cancelled the work, which is no failure."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and isinstance(error, asyncio.CancelledError):
        return True
    futures = sys.modules.get("concurrent.futures")
    if futures is not None and isinstance(error, futures.CancelledError):
        return True
    return type(error).__module__.startswith("trio") and (
        type(error).__name__ == "Cancelled"
    )
