"""The page that a person sees whose sign-in was refused, in place of JSON."""

from __future__ import annotations

import base64
import hashlib
import html
from pathlib import Path
from string import Template
from typing import Final

from ..errors import RequestError
from ..http import InstanceRequest, InstanceResponse

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{margin:0;font:16px/1.55 system-ui,sans-serif;display:grid;"
    "min-height:100vh;place-items:center}"
    "main{max-width:34rem;padding:2rem 1.25rem;overflow-wrap:anywhere}"
    "h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}"
    "h2{font-size:1rem;margin:1.5rem 0 .25rem}p{margin:0 0 .75rem}"
    ".ways{display:flex;flex-wrap:wrap;gap:.75rem 1.25rem;align-items:center;"
    "margin-top:1.5rem}"
    ".main{padding:.55rem 1rem;border-radius:8px;background:#2f5bd7;color:#fff;"
    "text-decoration:none}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
}

_OF_GROUPS: Final = (
    "You are known to your identity provider, and this instance admits people by their"
    " groups. Ask whoever runs it to admit one of yours, then sign in again. Were you"
    " signed in as somebody else? Sign out at your provider first."
)
_AWAY: Final = (
    "Wait a moment and sign in again. If it stays so, write to whoever runs this"
    " instance: its log names what went wrong."
)
_AGAIN: Final = (
    "Sign in again. If it is refused again, show this page to whoever runs this"
    " instance: its log names what went wrong."
)
#: What is shown above the reason, and what a person can do about it.
_WORDS: Final = {
    403: ("You may not use this instance yet", _OF_GROUPS),
    503: ("The identity provider does not answer", _AWAY),
}
_OTHER: Final = ("The sign-in did not work", _AGAIN)


def wants_page(request: InstanceRequest) -> bool:
    """Whether a browser asks, which shows what it gets to a person."""
    return "text/html" in request.headers.get("accept", "")


def refused_page(error: RequestError, request: InstanceRequest) -> InstanceResponse:
    """Return what happened, and what to do, as a page with the error's status."""
    title, advice = _WORDS.get(error.status, _OTHER)
    # Not with a capital: the sentence may begin with a person's name.
    happened = f"{error.message.rstrip('.')}."
    template = Template(Path(__file__).with_name("refused.html").read_text("utf-8"))
    text = template.substitute(
        title=title,
        happened=html.escape(happened),
        advice=advice,
        style=_STYLE,
        again=html.escape(f"{request.prefix}/sso/login"),
        home=html.escape(f"{request.prefix}/"),
    )
    return InstanceResponse(error.status, text.encode(), {**_HEADERS, **error.headers})
