"""What all questions to the graph share: their base, and the types of parameters.

Each question is one parameter model (`ImpactParams`), which the command line and
`GraphApi` fill, the request carries and the query takes, beside its answer
(`ImpactAnswer`).

Keys: a task's is `task:<id>`; a data node's is `data:<number>` and stands for one
*version* of an artifact. Both are selectors. Times are seconds since 1970 UTC.
"""

from __future__ import annotations

import importlib
from typing import Annotated, Any, ClassVar, Final, Literal

from .kinds import DATA_KINDS
from .limits import MAX_PATH, MAX_TEXT
from .messages import Field, Message, Prepared
from .selector import keepable

NodeType = Literal["task", "data"]
#: The largest number of hops; null is without limit.
MAX_HOPS: Final = 1_000_000
#: Nodes in one answer, at most.
MAX_LIMIT: Final = 10_000
Selector = Annotated[str, Prepared(keepable), Field(min_length=1, max_length=MAX_PATH)]
Text = Annotated[str, Prepared(keepable), Field(max_length=MAX_TEXT)]
Hops = Annotated[int, Field(ge=0, le=MAX_HOPS)] | None
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
Moment = Annotated[float, Field(ge=0, le=32_503_680_000, allow_inf_nan=False)]
KindName = Annotated[str, Field(pattern=f"^({'|'.join(DATA_KINDS)})$")]
Kinds = Annotated[list[KindName], Field(max_length=len(DATA_KINDS))]
Statuses = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=16)]


def _task_number(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:20])
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("an id is a whole number, or one as text")
    return value


TaskNumber = Annotated[int, Prepared(_task_number), Field(ge=0, le=2**63 - 1)]
#: How a link is known, from the strongest to the weakest.
HOWS: Final = (
    "declared", "same step", "enclosing step", "same content", "part of",
)  # fmt: skip
How = Literal["declared", "same step", "enclosing step", "same content", "part of"]


class Question(Message):
    """The parameters of one question; unknown keys are ignored."""

    endpoint: ClassVar[str]
    """The method of the instance that answers it."""

    _is_checked = True


class Answer(Message):
    """The base of all answers."""

    def __repr__(self) -> str:
        return str(_display().summary(self))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return str(_display().as_html(self))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def to_pandas(self) -> Any:
        """Make a pandas data frame of the answer's rows.

        Raises:
            ImportError: pandas is not installed.
        """
        return _display().to_pandas(self)


def _display() -> Any:
    """Import what shows answers, when one is shown."""
    return importlib.import_module(".display", __package__)
