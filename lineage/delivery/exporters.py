"""The two exporters to instances: in batches, and edge by edge."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from ..errors import ApiError, DeliveryError, LineageError
from ..exporters import (
    DELIVERED,
    DeliveryResult,
    Exporter,
    Fact,
    FactBatch,
    check_exporter,
)
from ..redaction import redact

if TYPE_CHECKING:
    from ..model.ingest import StoreState

#: Statuses by which a server says that it is not able to answer at all.
_SERVER_AWAY: Final = frozenset({408, 429, 499, 502, 503, 504, 509, 598, 599})
#: Statuses that are about the caller or the address, and not about one fact.
_CALLER_WRONG: Final = frozenset({401, 402, 403, 404, 405, 407})
#: The same where each edge names a team and an artifact of its own: the platform may
#: refuse one of them for that.
_TOKEN_WRONG: Final = frozenset({401, 402, 407})
#: How soon an instance that lacks a version is asked again.
TOO_OLD_AGAIN_S: Final = 30.0

WithNames: TypeAlias = Callable[[Sequence[bytes]], Sequence[bytes]]
OnState: TypeAlias = Callable[["StoreState"], None]


class BatchExporter:
    """Sends batches to an instance of lineage; one that is sent twice is stored once.

    Args:
        facts: `api.facts`, or anything with its `add_texts`.
        max_batch: How many facts the instance takes at once.
        with_names: Adds the names of platform objects to facts; none when left out.
        on_state: Called with what an answer says of the instance's store.
    """

    in_flight: int = 1
    wants_digests: bool = True
    ordering_key: None = None

    def __init__(
        self,
        facts: Any,
        *,
        max_batch: int = 1000,
        with_names: WithNames | None = None,
        on_state: OnState | None = None,
    ) -> None:
        self._facts = facts
        self._on_state = on_state
        self.max_batch = max_batch
        self._with_names = with_names

    def send(self, facts: Sequence[Fact]) -> list[DeliveryResult]:
        """Send facts; a batch that fails for its content is halved."""
        texts = FactBatch.of(facts).texts
        if self._with_names is not None:
            texts = self._with_names(texts)
        return self._send_texts(texts)

    def _send_texts(self, texts: Sequence[bytes]) -> list[DeliveryResult]:
        try:
            answer = self._facts.add_texts(texts)
        except LineageError as error:
            if len(texts) > 1 and _is_about_content(error):
                return self._halved(texts)
            return [_of_batch(error, len(texts))] * len(texts)
        except ValueError as error:
            # Pydantic's, which is not loaded where edges go one by one.
            count = getattr(error, "error_count", None)
            if count is None:
                raise
            reason = f"an answer of another form: {count()} fields"
            failed = DeliveryResult("waiting", reason, is_transport_error=True)
            return [failed] * len(texts)
        if self._on_state is not None and answer.state is not None:
            self._on_state(answer.state)
        return _by_index(answer, len(texts))

    def _halved(self, texts: Sequence[bytes]) -> list[DeliveryResult]:
        middle = len(texts) // 2
        first = self._send_texts(texts[:middle])
        if all(result.status == "waiting" for result in first):
            # The rest is tried next time, without those that failed alone: an instance
            # that refuses everything must not get a request for each fact.
            rest = DeliveryResult("waiting", first[0].reason, is_transport_error=True)
            return first + [rest] * (len(texts) - middle)
        return first + self._send_texts(texts[middle:])


def embedded_target(
    embedded: Any, with_names: WithNames | None, on_state: OnState
) -> Callable[[], BatchExporter]:
    """Return what gives the exporter for an instance in this process.

    No client is made for it, and no version asked for: it is this one.

    Args:
        embedded: Has `open`, and `add_texts` as `api.facts` has it.
        with_names: Adds the names of platform objects to facts; none when left out.
        on_state: Called with what the instance says of its store.
    """
    exporter = BatchExporter(embedded, with_names=with_names, on_state=on_state)

    def opened() -> BatchExporter:
        # Its file is there from now on, and known should somebody replace it.
        embedded.open()
        return exporter

    return opened


class PlatformExporter:
    """Sends edges to the platform, one by one; other facts have no place there.

    Args:
        workflow: Has `send_edge`, see `lineage.api.workflow.Workflow`.
        in_flight: How many edges may be on their way at once.
    """

    max_batch: int = 1
    wants_digests: bool = False

    def __init__(self, workflow: Any, *, in_flight: int = 40) -> None:
        self._workflow = workflow
        self.in_flight = in_flight

    def ordering_key(self, fact: Fact) -> Hashable:
        """Keep the order where the later fact is shown: cards of the same node."""
        if fact.get("f") != "edge":
            return None
        task = fact.get("task_id", fact.get("task"))
        if "customNodeSettings" in (fact.get("meta") or ()):
            return (task, "node")
        return (task, fact.get("dir"), fact.get("kind"), fact.get("id"))

    def send(self, facts: Sequence[Fact]) -> list[DeliveryResult]:
        """Send the edges among the facts."""
        return [self._send_one(fact) for fact in facts]

    def _send_one(self, fact: Fact) -> DeliveryResult:
        if fact.get("f") != "edge" or fact.get("again"):
            return DELIVERED
        try:
            self._workflow.send_edge(fact)
        except DeliveryError as error:
            return DeliveryResult("rejected", _reason(error))
        except ApiError as error:
            return _of_edge(error)
        return DELIVERED


class _SinkAdapter:
    """Lets an object for the former option `sink` take part as an exporter."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self.max_batch: int = getattr(sink, "max_batch", 1000)
        self.in_flight: int = getattr(sink, "in_flight", 1)
        self.wants_digests: bool = getattr(sink, "wants_digests", False)
        self.ordering_key: Callable[[Fact], Hashable] | None = getattr(
            sink, "ordering_key", getattr(sink, "lane", None)
        )

    def send(self, facts: FactBatch) -> Sequence[DeliveryResult]:
        """Pass decoded facts on, as a sink expects them."""
        results: Sequence[DeliveryResult] = self._sink.send(list(facts))
        return results


def exporter_of_sink(sink: Any, *, stacklevel: int) -> Exporter:
    """Return the exporter for the deprecated option `sink`."""
    warnings.warn(
        "lineage.configure(sink=…) is deprecated: use exporter=… "
        "(see lineage.exporters.Exporter)",
        DeprecationWarning,
        stacklevel=stacklevel + 1,
    )
    return check_exporter(_SinkAdapter(sink) if hasattr(sink, "send") else sink)


def is_transport_error(error: Exception) -> bool:
    """Whether an exception says that the receiver cannot be reached, or not at all.

    Args:
        error: What came out of an exporter, perhaps from another package.
    """
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is None:
        status = getattr(error, "status", None)
    if isinstance(status, int):
        return status in _SERVER_AWAY or status in _TOKEN_WRONG
    if isinstance(error, ApiError):
        return True
    if isinstance(error, (ConnectionError, TimeoutError)):
        return True
    names = {kind.__name__ for kind in type(error).__mro__}
    # Those of requests, urllib3, httpx and aiohttp, which need not be installed.
    return bool(names & _FOREIGN)


_FOREIGN: Final = frozenset(
    {
        "ConnectionError",
        "Timeout",
        "TransportError",
        "ClientConnectionError",
        "MaxRetryError",
        "URLError",
        "gaierror",
    }
)


def _by_index(answer: Any, count: int) -> list[DeliveryResult]:
    delivered = DELIVERED if count > 1 else replace(DELIVERED, is_new=answer.stored > 0)
    results = [delivered] * count
    for refused in answer.refused:
        where = f"{refused.field}: " if refused.field else ""
        if 0 <= refused.index < count:
            results[refused.index] = DeliveryResult("rejected", where + refused.message)
    return results


def _is_about_content(
    error: LineageError, caller_wrong: frozenset[int] = _CALLER_WRONG
) -> bool:
    status = getattr(error, "status", None)
    if status is None or status in _SERVER_AWAY or status in caller_wrong:
        return False
    return bool(status >= 400)


def _reason(error: LineageError) -> str:
    """Return what an instance answered in its own words, without the protocol."""
    if not (isinstance(error, ApiError) and error.status and error.server_message):
        return str(error)
    url = urlsplit(str(getattr(getattr(error, "response", None), "url", None) or ""))
    where = redact(f"{url.scheme}://{url.netloc}") if url.netloc else "the instance"
    reason = f"{where} answers {error.status}: {error.server_message}"
    if error.status in _TOKEN_WRONG:
        reason += "; `lineage doctor` shows where the token is taken from"
    return reason


def _of_batch(error: LineageError, count: int) -> DeliveryResult:
    """Return the result of a failed batch that is not halved."""
    if count == 1 and _is_about_content(error):
        return _of_content(error)
    again_s = getattr(error, "retry_after_s", None) or 0.0
    return DeliveryResult("waiting", _reason(error), again_s, is_transport_error=True)


def _of_edge(error: ApiError) -> DeliveryResult:
    """Return the result of a failed edge."""
    if _is_about_content(error, _TOKEN_WRONG):
        return _of_content(error)
    again_s = error.retry_after_s or 0.0
    if error.status is None and error.is_retryable and not isinstance(error, OSError):
        # The instance is too old for this kind: others may pass.
        return DeliveryResult("waiting", _reason(error), max(again_s, TOO_OLD_AGAIN_S))
    return DeliveryResult("waiting", _reason(error), again_s, is_transport_error=True)


def _of_content(error: LineageError) -> DeliveryResult:
    if not getattr(error, "is_retryable", False):
        return DeliveryResult("rejected", _reason(error))
    again_s = getattr(error, "retry_after_s", None) or 0.0
    return DeliveryResult("waiting", _reason(error), again_s)
