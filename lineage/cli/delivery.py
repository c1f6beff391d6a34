"""See to it that facts arrive: `flush`, `status`, `retry`."""

from __future__ import annotations

from .parser import Commands, with_place


def add_commands(commands: Commands) -> None:
    """Add the commands of this theme."""
    flush = commands.add(
        "flush", run_flush, "deliver what finished or killed processes left behind"
    )
    flush.add_argument(
        "--timeout", type=float, default=60.0, metavar="S", help="seconds (60)"
    )
    status = commands.add(
        "status",
        run_status,
        "tell what is waiting, what was refused, and why",
    )
    retry = commands.add(
        "retry", run_retry, "deliver refused facts again, after the cause is mended"
    )
    retry.add_argument(
        "--timeout", type=float, default=60.0, metavar="S", help="seconds (60)"
    )
    for parser in (flush, status, retry):
        with_place(parser)
