"""What lineage logs holds no secrets, and logging never fails the app."""

from __future__ import annotations

import logging

import pytest

from lineage.errors import NotFoundError, logger


class Unshowable:
    """A value whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_messages_and_errors_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    """A password of an address is shown neither by the log nor by an error."""
    logger.warning("cannot reach %s", "http://u:hunter22@host/")
    assert caplog.messages == ["cannot reach http://****@host/"]
    assert "hunter22" not in str(NotFoundError("no http://u:hunter22@host/x"))


def test_a_message_that_cannot_be_made_raises_nothing_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Handlers report it in their own way; the caller goes on."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    monkeypatch.setattr(logger, "propagate", False)
    logger.warning("%s", Unshowable())
    logger.warning("%d", "no number")
