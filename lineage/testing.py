"""For the tests of apps: see what was recorded, without any instance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .recording.context import CURRENT
from .recording.enabled import is_on, turn_off, turn_on
from .recording.recorder import Recorder
from .runtime import runtime
from .settings import Settings

__all__ = ["Recorded", "capture"]


class Recorded:
    """What was recorded inside `capture`; grows while the block runs."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._recorder: Recorder | None = None

    @property
    def facts(self) -> list[dict[str, Any]]:
        """All facts in order, in the journal's form."""
        if self._recorder is not None:
            self._recorder.write_pending_step_ends()
        return [json.loads(text) for text in list(self._texts)]

    @property
    def edges(self) -> list[dict[str, Any]]:
        """The facts about what was used or produced."""
        return [fact for fact in self.facts if fact["f"] == "edge"]

    @property
    def inputs(self) -> list[str]:
        """What was used, as `kind:id` (`project:7`, `model_weight:best.pt`).

        Once for each task, as long as it is not declared with `repeat=True`.
        """
        return self._shown("input")

    @property
    def outputs(self) -> list[str]:
        """What was produced, as `kind:id`; as often as `inputs` has what was used."""
        return self._shown("output")

    def _shown(self, direction: str) -> list[str]:
        edges = [edge for edge in self.edges if edge["dir"] == direction]
        return [_shown(edge) for edge in edges if not edge.get("again")]

    @property
    def not_recorded(self) -> dict[str, int]:
        """How many values could not be recorded, by declaration and function."""
        return {} if self._recorder is None else dict(self._recorder.not_recorded)

    def clear(self) -> None:
        """Forget what was recorded; the tasks still know what they recorded."""
        self._texts.clear()

    def write(self, text: str) -> bool:
        """Take one fact's text, as a journal does."""
        self._texts.append(text)
        return True

    def write_many(self, texts: Sequence[str]) -> bool:
        """Take several facts' texts, as a journal does."""
        self._texts.extend(texts)
        return True

    def record_with(self, settings: Settings) -> Recorder:
        """Make the recorder that writes here."""
        self._recorder = Recorder(self.write, self.write_many, settings=settings)
        return self._recorder


@contextmanager
def capture(
    *, strict: bool = True, settings: Settings | None = None
) -> Iterator[Recorded]:
    """Record into memory inside a block, apart from everything recorded outside.

    Nothing of it is delivered. Recording is on inside the block, unless the
    environment switched it off when lineage was imported.

    ```python
    with lineage.testing.capture() as recorded:
        train(ProjectInfo(...))
    assert recorded.inputs == ["project:7"]
    ```

    Args:
        strict: Raise what lineage would otherwise only log.
        settings: Instead of the defaults; `strict` is then ignored.
    """
    recorded = Recorded()
    switchboard = runtime()
    outer, was_on, scope = switchboard.recorder, is_on(), CURRENT.get()
    switchboard.recorder = recorded.record_with(settings or Settings(is_strict=strict))
    CURRENT.set(None)
    turn_on()
    try:
        yield recorded
    finally:
        switchboard.recorder = outer
        CURRENT.set(scope)
        if not was_on:
            turn_off()


def _shown(edge: dict[str, Any]) -> str:
    kind = "model_weight" if edge.get("is_model") else edge["kind"]
    return f"{kind}:{edge['id']}"
