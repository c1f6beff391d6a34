"""Exporters: the code that sends facts, and how an app brings its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, overload

from .errors import DeclarationError

__all__ = [
    "DELIVERED",
    "DeliveryResult",
    "Exporter",
    "Fact",
    "FactBatch",
    "MemoryExporter",
    "check_exporter",
]

Fact = Mapping[str, Any]
"""One fact with its `uid`, as JSON gives it."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The outcome of sending one fact."""

    status: Literal["delivered", "rejected", "waiting"]
    """`rejected` facts are kept in the dead letters, `waiting` ones are sent again."""
    reason: str = ""
    retry_after_s: float = 0.0
    """Waiting: do not send it again before this many seconds have passed."""
    is_transport_error: bool = False
    """Waiting: the receiver cannot be reached, so that no other fact would arrive."""
    is_new: bool | None = None
    """Delivered: whether the receiver did not have it yet; None: it does not say."""


DELIVERED: Final = DeliveryResult("delivered")


class FactBatch(Sequence[Fact]):
    """Facts that are sent together; decoded only when looked at.

    Args:
        texts: Each fact as a JSON object, its `uid` included.
    """

    __slots__ = ("texts",)

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.texts = texts

    @classmethod
    def of(cls, facts: Sequence[Fact]) -> FactBatch:
        """Make a batch of decoded facts."""
        if isinstance(facts, cls):
            return facts
        return cls([json.dumps(f, separators=(",", ":")).encode() for f in facts])

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> Fact: ...

    @overload
    def __getitem__(self, index: slice) -> FactBatch: ...

    def __getitem__(self, index: int | slice) -> Fact | FactBatch:
        if isinstance(index, slice):
            return FactBatch(self.texts[index])
        fact: Fact = json.loads(self.texts[index])
        return fact

    def __iter__(self) -> Iterator[Fact]:
        return map(json.loads, self.texts)


class Exporter(Protocol):
    """Sends facts somewhere; `lineage.configure(exporter=…)` takes one."""

    @property
    def max_batch(self) -> int:
        """The most facts that one call of `send` takes."""

    @property
    def in_flight(self) -> int:
        """How many calls of `send` may run at once, each in its own thread."""

    @property
    def wants_digests(self) -> bool:
        """Whether the contents of local files are hashed for it."""

    @property
    def ordering_key(self) -> Callable[[Fact], Hashable] | None:
        """Needed with several calls at once: facts of one key are sent in order.

        The outputs of a task then also wait for the inputs recorded before them. None
        where the order of calls is the order of facts.
        """

    def send(self, facts: FactBatch) -> Sequence[DeliveryResult]:
        """Send facts and return one result for each, in the same order.

        An exception that says that the receiver cannot be reached (`ConnectionError`,
        `TimeoutError` and those of `requests`) makes all facts wait. Any other one is
        taken for a failure of the facts in the call: they are tried again one by one,
        ever less often, and go to the dead letters while others do arrive.
        """


class MemoryExporter:
    """Keeps facts in a list, for tests.

    ```python
    memory = MemoryExporter()
    lineage.configure(exporter=memory)
    ```
    """

    max_batch: int = 1000
    in_flight: int = 1
    wants_digests: bool = False
    ordering_key: None = None

    def __init__(self) -> None:
        self.facts: list[dict[str, Any]] = []

    def send(self, facts: Sequence[Fact]) -> list[DeliveryResult]:
        """Keep the facts."""
        self.facts.extend(dict(fact) for fact in facts)
        return [DELIVERED] * len(facts)


_MEMBERS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "send": (callable, "a method that takes a batch and returns its results"),
    "max_batch": (lambda v: type(v) is int and v > 0, "a whole number above 0"),
    "in_flight": (lambda v: type(v) is int and v > 0, "a whole number above 0"),
    "wants_digests": (lambda v: isinstance(v, bool), "True or False"),
    "ordering_key": (lambda v: v is None or callable(v), "None or a method"),
}


def check_exporter(exporter: Any) -> Exporter:
    """Return an exporter, or say what it lacks.

    Raises:
        DeclarationError: It is a class, or a member is missing or of a wrong kind.
    """
    name = getattr(exporter, "__name__", type(exporter).__name__)
    if isinstance(exporter, type):
        raise DeclarationError(
            f"exporter: {name} is a class; pass an object of it: {name}(…)",
            subject=exporter,
        )
    for member, (is_right, allowed) in _MEMBERS.items():
        try:
            value = getattr(exporter, member)
        except AttributeError:
            problem = "is missing"
        else:
            if is_right(value):
                continue
            problem = f"is {value!r}"
        raise DeclarationError(
            f"exporter: {name}.{member} {problem}; it must be {allowed} "
            "(see lineage.exporters.Exporter)",
            subject=exporter,
        )
    checked: Exporter = exporter
    return checked
