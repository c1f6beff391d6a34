"""Share an instance: `serve`, `ui`, `token`."""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from ..delivery.status import read_status
from ..permissions import make_folder, open_private
from ..settings import Settings
from .connect import load, settings_of
from .delivery import status_data
from .format import ago
from .open_store import opened_store, store_url, with_store
from .output import emit, table
from .parser import Command, CommandGroup, Parser
from .result import NO, CommandResult, StyledText, line

_LAST_PORT: Final = 65_535
#: Where the page is looked for, by default.
DEFAULT_PORT: Final = 7077


def _serve_options(parser: Parser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="port (7077)")
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    parser.add_argument(
        "--name", action="append", default=[], metavar="HOST",
        help="the name under which a reverse proxy on this machine serves it",
    )  # fmt: skip
    _with_proxy(parser)
    with_store(parser)


def _ui_options(parser: Parser) -> None:
    parser.add_argument(
        "--port", type=_port, default=0, help="port (7077, or a free one)"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="only print the address"
    )
    with_store(parser)


def _create_options(parser: Parser) -> None:
    parser.add_argument("--team", required=True, help="the team it is for")
    parser.add_argument(
        "--role", default="writer", help="reader, writer or admin (writer)"
    )
    parser.add_argument("--user", help="who uses it")
    with_store(parser)


def _revoke_options(parser: Parser) -> None:
    parser.add_argument("id", type=int, metavar="ID", help="its number in the list")
    with_store(parser)


def _with_proxy(serve: Parser) -> None:
    serve.add_argument(
        "--prefix", default="", metavar="PATH", type=_prefix,
        help="the path below which a proxy serves it, such as /lineage",
    )  # fmt: skip
    serve.add_argument(
        "--proxy", action="append", default=[], metavar="ADDRESS", type=_network,
        help="a trusted proxy on another machine, such as 10.0.0.0/8",
    )  # fmt: skip
    serve.add_argument(
        "--sso",
        metavar="FILE",
        type=Path,
        help="the settings of single sign-on: who may come in, in which role",
    )


def _port(text: str) -> int:
    """Read a port; 0 stands for a free one."""
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no port; name a number from 1 to {_LAST_PORT}"
        )
    return int(text)


def run_serve(args: argparse.Namespace) -> CommandResult:
    """Serve until stopped."""
    settings = settings_of(args)
    store = store_url(args, settings)

    def show(port: int) -> None:
        if not args.json:
            print(f"The page: {_address(args, port)}  (Ctrl+C stops it)", flush=True)

    _serve(
        settings,
        store,
        args.host,
        args.port,
        show,
        workers=args.workers,
        allowed_hosts=tuple(name.lower() for name in args.name),
        prefix=args.prefix,
        proxies=tuple(args.proxy),
        sso=_single_sign_on(args.sso),
    )
    return CommandResult({"served": True})


def _address(args: argparse.Namespace, port: int) -> str:
    """Return where the page is: at the proxy, where one gives it a name."""
    if args.name:
        return f"https://{args.name[0]}{args.prefix}/"
    host = f"[{args.host}]" if ":" in args.host.strip("[]") else args.host
    return f"http://{host}:{port}{args.prefix}/"


def _prefix(text: str) -> str:
    try:
        return str(load("instance.proxy_headers", "server").checked_prefix(text))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no path of plain names, such as /lineage or /tools/lineage"
        ) from None


def _network(text: str) -> Any:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{error}; allowed is an address or a network, such as 10.0.0.0/8"
        ) from error


def _single_sign_on(path: Path | None) -> Any:
    if path is None:
        return None
    found = load("instance.sso.settings", "server").load(path)
    if found.oidc is not None:
        _check_issuer(found.oidc)
    return found


def _check_issuer(oidc: Any) -> None:
    load("instance.sso.oidc", "sso").check_issuer(oidc)


def run_ui(args: argparse.Namespace) -> CommandResult:
    """Serve on this machine alone, and open the page."""
    settings = settings_of(args)
    open_page(
        settings,
        store_url(args, settings),
        port=args.port,
        with_browser=not args.no_browser,
        as_json=args.json,
    )
    return CommandResult(None)


def open_page(
    settings: Settings,
    store: str,
    *,
    port: int = 0,
    with_browser: bool = True,
    as_json: bool = False,
) -> None:
    """Serve the page on this machine until Ctrl+C, and open it on a desktop."""
    secret = load("instance.page_secret", "server").new_secret()
    with ExitStack() as stack:

        def show(chosen: int) -> None:
            address = f"http://127.0.0.1:{chosen}/?token={secret}"
            shown = line(f"The page: {address}  (Ctrl+C stops it)")
            # A program needs the address now, and not when the page is closed.
            answer = CommandResult({"address": address}, [shown])
            emit(answer, as_json=as_json, command="ui")
            if with_browser and has_desktop():
                opener = stack.enter_context(_opener(settings.home, address))
                threading.Timer(1.0, webbrowser.open, [opener]).start()

        chosen = port or _usual_or_free_port()
        try:
            _serve(
                settings, store, "127.0.0.1", chosen, show,
                is_quiet=True, secret=secret,
            )  # fmt: skip
        except KeyboardInterrupt:
            if not as_json:
                print("\nThe page is closed.")


@contextmanager
def _opener(home: Path, address: str) -> Iterator[str]:
    """Yield the address of a private file that leads a browser to the page.

    Every user of a machine may read the arguments of its processes, a browser's too:
    the page's own address, with the secret, is no argument.
    """
    path = home.absolute() / f"open-page-{os.getpid()}.html"
    path.unlink(missing_ok=True)
    with open(open_private(path, os.O_WRONLY | os.O_EXCL), "w") as file:
        file.write(f'<meta http-equiv="refresh" content="0; url={address}">\n')
    try:
        yield path.as_uri()
    finally:
        path.unlink(missing_ok=True)


def _serve(
    settings: Settings,
    store: str,
    host: str,
    port: int,
    show: Callable[[int], None],
    *,
    is_quiet: bool = False,
    secret: str | None = None,
    **more: Any,
) -> None:
    """Serve; the address is shown once nothing more can be missing or taken."""
    server = load("instance.server", "server")
    make_folder(settings.home)
    server.serve(
        server.ServeSettings(
            host=host,
            port=port,
            store=store,
            blobs=settings.home / "blobs",
            is_access_logged=not is_quiet,
            page_secret=secret,
            delivery_status=partial(waiting_facts, settings.home),
            **more,
        ),
        show,
    )


def waiting_facts(home: Path) -> Mapping[str, Any]:
    """Report what waits in a home's journal, for the page's header."""
    return status_data(read_status(home))


def _usual_or_free_port() -> int:
    """Return the usual port, or a free one where somebody listens there."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", DEFAULT_PORT)) != 0:
            return DEFAULT_PORT
    return _free_port()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def has_desktop() -> bool:
    """Return whether a browser would open where the person sits."""
    if os.environ.get("CI") or os.environ.get("SSH_CONNECTION"):
        return False
    is_unix_desktop = bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return is_unix_desktop or sys.platform in ("darwin", "win32")


def run_token_create(args: argparse.Namespace) -> CommandResult:
    """Make a token and show it, this once."""
    tokens = load("instance.tokens", "server")
    with opened_store(args, is_made=True) as store:
        made = tokens.create_token(
            store, team=args.team, role=args.role, user=args.user
        )
    lines = [
        line(StyledText(made.secret, "title")),
        line(
            StyledText(
                f"token {made.id} of team {args.team}, {made.role}; it is not shown "
                "again. An app uses it by LINEAGE_TOKEN, with LINEAGE_TARGET=http://…",
                "dim",
            )
        ),
    ]
    data = {"id": made.id, "team": args.team, "role": made.role, "secret": made.secret}
    return CommandResult(data, lines)


def run_token_list(args: argparse.Namespace) -> CommandResult:
    """List the tokens."""
    tokens = load("instance.tokens", "server")
    with opened_store(args) as store:
        known = tokens.list_tokens(store)
    if not known:
        text = "no token; make one with: lineage token create --team NAME"
        return CommandResult({"tokens": []}, [line(text)])
    return CommandResult({"tokens": known}, table([_token(token) for token in known]))


def _token(token: Any) -> list[StyledText]:
    return [
        StyledText(str(token.id)),
        StyledText(", ".join(token.teams), "data"),
        StyledText(token.role),
        StyledText(token.user or "", "dim"),
        StyledText(f"made {ago(token.created_at)}", "dim"),
        StyledText("revoked", "bad")
        if token.is_revoked
        else StyledText("valid", "good"),
    ]


def run_token_revoke(args: argparse.Namespace) -> CommandResult:
    """Revoke a token."""
    tokens = load("instance.tokens", "server")
    with opened_store(args) as store:
        done = tokens.revoke_token(store, args.id)
    text = f"token {args.id} is revoked"
    if not done:
        text = f"there is no valid token {args.id}; type: lineage token list"
    return CommandResult({"revoked": done}, [line(text)], 0 if done else NO)


COMMANDS: Final = (
    Command(
        "serve", run_serve, "serve an instance over HTTP, with its page",
        answer="ServedAnswer", options=_serve_options,
        example="lineage serve --host 0.0.0.0 --store postgresql://lineage@db/lineage",
    ),
    Command(
        "ui", run_ui, "open the page in the browser",
        answer="PageAnswer", options=_ui_options,
    ),
    CommandGroup(
        "token", "make, list and revoke tokens of an instance",
        Command(
            "create", run_token_create, "make a token, which is shown once",
            answer="TokenAnswer", options=_create_options,
            example="lineage token create --team research --role reader",
        ),
        Command(
            "list", run_token_list, "list the tokens, without secrets",
            answer="TokensAnswer", options=with_store,
        ),
        Command(
            "revoke", run_token_revoke, "take access away from a token",
            answer="RevokedAnswer", options=_revoke_options,
        ),
    ),
)  # fmt: skip
