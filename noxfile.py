"""Sessions that need an environment of their own."""

from __future__ import annotations

import nox

nox.options.sessions = []


@nox.session
def interop(session: nox.Session) -> None:
    """Make the same calls with the platform's SDK and with lineage; compare them."""
    session.install("supervisely")
    session.install("-e", ".[files]")
    session.run("python", "tests/interop/compare.py", *session.posargs)


@nox.session
def interop_session(session: nox.Session) -> None:
    """Work a long session with the platform's SDK against `lineage serve`."""
    session.install("supervisely")
    session.install("-e", ".[server,files]")
    session.run("python", "tests/interop/session.py", *session.posargs)
