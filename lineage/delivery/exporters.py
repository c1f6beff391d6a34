"""Sinks: where facts are sent, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from pydantic import ValidationError

from ..errors import ApiError, DeliveryError, LineageError

Fact = Mapping[str, Any]

#: Statuses by which a server says that it is not able to answer at all.
_SERVER_AWAY: Final = frozenset({408, 429, 499, 502, 503, 504, 509, 598, 599})
#: Statuses that are about the caller or the address, and not about one fact.
_CALLER_WRONG: Final = frozenset({401, 402, 403, 404, 405, 407})
#: The same where each edge names a team and a thing of its own: the platform may
#: refuse one of them for that.
_TOKEN_WRONG: Final = frozenset({401, 402, 407})
#: A failure of one fact alone keeps it back at least this long.
ALONE_AGAIN_S: Final = 2.0
#: How soon an instance that lacks a version is asked again.
TOO_OLD_AGAIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of one fact."""

    fate: Literal["delivered", "refused", "waiting"]
    reason: str = ""
    retry_after_s: float = 0.0
    """Waiting: not before this time, in seconds."""
    is_general: bool = False
    """Waiting: no fact would get through now."""


DONE: Final = DeliveryResult("delivered")


class Exporter(Protocol):
    """Takes facts; one call at a time for each thread of the flusher."""

    @property
    def max_batch(self) -> int:
        """How many facts one call takes."""

    @property
    def in_flight(self) -> int:
        """How many calls may run at once."""

    @property
    def wants_digests(self) -> bool:
        """Whether digests of local files are of use."""

    @property
    def lane(self) -> Callable[[Fact], Hashable] | None:
        """Names the order that a fact must keep; None where calls keep it."""

    def send(self, facts: Sequence[Fact]) -> Sequence[DeliveryResult]:
        """Send facts, and tell what became of each, in the same order."""


class MemoryExporter:
    """Keeps facts in a list, for tests."""

    max_batch: int = 1000
    in_flight: int = 1
    wants_digests: bool = False
    lane: None = None

    def __init__(self) -> None:
        self.facts: list[dict[str, Any]] = []

    def send(self, facts: Sequence[Fact]) -> list[DeliveryResult]:
        """Keep the facts."""
        self.facts.extend(dict(fact) for fact in facts)
        return [DONE] * len(facts)


class BatchExporter:
    """Sends batches to an instance of ours; sending one twice stores it once.

    Args:
        facts: `api.facts`, or anything with its `add_texts`.
        max_batch: How many facts the instance takes at once.
    """

    in_flight: int = 1
    wants_digests: bool = True
    lane: None = None

    def __init__(self, facts: Any, *, max_batch: int = 1000) -> None:
        self._facts = facts
        self.max_batch = max_batch

    def send(self, facts: Sequence[Fact]) -> list[DeliveryResult]:
        """Send facts."""
        texts = [json.dumps(fact, separators=(",", ":")).encode() for fact in facts]
        return self.send_texts(texts)

    def send_texts(self, texts: Sequence[bytes]) -> list[DeliveryResult]:
        """Send facts that are JSON texts; a batch failing for its content is halved."""
        try:
            return _by_index(self._facts.add_texts(texts), len(texts))
        except ValidationError as error:
            reason = f"an answer of another form: {error.error_count()} fields"
            return [DeliveryResult("waiting", reason, is_general=True)] * len(texts)
        except LineageError as error:
            if len(texts) > 1 and _is_about_content(error):
                return self._halved(texts)
            return [_of_batch(error, len(texts))] * len(texts)

    def _halved(self, texts: Sequence[bytes]) -> list[DeliveryResult]:
        middle = len(texts) // 2
        first = self.send_texts(texts[:middle])
        if all(verdict.fate == "waiting" for verdict in first):
            # The rest is tried next time, without those that failed alone: an
            # instance that refuses everything shall not be asked for each fact.
            rest = DeliveryResult("waiting", first[0].reason, is_general=True)
            return first + [rest] * (len(texts) - middle)
        return first + self.send_texts(texts[middle:])


class PlatformExporter:
    """Sends edges to the platform, one by one; what it has no place for is done.

    Args:
        workflow: Has `send_edge`, see `lineage.api.workflow.Workflow`.
        in_flight: How many edges may be on their way at once.
    """

    max_batch: int = 1
    wants_digests: bool = False

    def __init__(self, workflow: Any, *, in_flight: int = 24) -> None:
        self._workflow = workflow
        self.in_flight = in_flight

    def lane(self, fact: Fact) -> Hashable:
        """Keep the order where the later fact shows: cards of the same node."""
        if fact.get("f") != "edge":
            return None
        task = fact.get("task_id", fact.get("task"))
        if "customNodeSettings" in (fact.get("meta") or ()):
            return (task, "node")
        return (task, fact.get("dir"), fact.get("kind"), fact.get("id"))

    def send(self, facts: Sequence[Fact]) -> list[DeliveryResult]:
        """Send the edges among the facts."""
        return [self._sent(fact) for fact in facts]

    def _sent(self, fact: Fact) -> DeliveryResult:
        if fact.get("f") != "edge":
            return DONE
        try:
            self._workflow.send_edge(fact)
        except DeliveryError as error:
            return DeliveryResult("refused", str(error))
        except ApiError as error:
            return _of_edge(error)
        return DONE


def _by_index(answer: Any, count: int) -> list[DeliveryResult]:
    verdicts = [DONE] * count
    for refused in answer.refused:
        where = f"{refused.field}: " if refused.field else ""
        if 0 <= refused.index < count:
            verdicts[refused.index] = DeliveryResult("refused", where + refused.message)
    return verdicts


def _is_about_content(
    error: LineageError, caller_wrong: frozenset[int] = _CALLER_WRONG
) -> bool:
    status = getattr(error, "status", None)
    if status is None or status in _SERVER_AWAY or status in caller_wrong:
        return False
    return bool(status >= 400)


def _of_batch(error: LineageError, count: int) -> DeliveryResult:
    """Judge a failed batch that is not to be halved."""
    if count == 1 and _is_about_content(error):
        return _of_content(error)
    again_s = getattr(error, "retry_after_s", None) or 0.0
    return DeliveryResult("waiting", str(error), again_s, is_general=True)


def _of_edge(error: ApiError) -> DeliveryResult:
    """Judge a failed edge."""
    if _is_about_content(error, _TOKEN_WRONG):
        return _of_content(error)
    again_s = error.retry_after_s or 0.0
    if error.status is None and error.is_retryable and not isinstance(error, OSError):
        # The instance is too old for this kind: others may pass.
        return DeliveryResult("waiting", str(error), max(again_s, TOO_OLD_AGAIN_S))
    return DeliveryResult("waiting", str(error), again_s, is_general=True)


def _of_content(error: LineageError) -> DeliveryResult:
    if not getattr(error, "is_retryable", False):
        return DeliveryResult("refused", str(error))
    again_s = getattr(error, "retry_after_s", None) or 0.0
    return DeliveryResult("waiting", str(error), max(again_s, ALONE_AGAIN_S))
