"""The interpreter that runs this code: the process's main one, or a subinterpreter.

An interpreter that ends while a daemon thread of its own lives ends the process, and
only the main one may set handlers of signals.
"""

from __future__ import annotations

import functools
import importlib
import sys
from typing import Any, Final

#: The standard library's own module, by its names from Python 3.13 on and before.
_MODULES: Final = ("_interpreters", "_xxsubinterpreters")
#: Where a program begins, when it is started as a file and as a module.
_PROGRAMS: Final = ("__main__", "runpy")


@functools.lru_cache(maxsize=1)
def is_main_interpreter() -> bool:
    """Whether this is the process's main interpreter."""
    for name in _MODULES:
        try:
            module: Any = importlib.import_module(name)
        except ImportError:
            continue
        # From 3.13 on they give a tuple that begins with the id.
        return bool(_id(module.get_current()) == _id(module.get_main()))
    return True


def keep_interrupt() -> None:
    """Keep the exit status of Ctrl-C, whatever is evaluated while the process ends.

    The interpreter notes that nobody handled a `KeyboardInterrupt`, and forgets it
    when text is evaluated later: classes that are made by what is loaded at the exit,
    also by a delivery that goes on beside the exit handlers.
    """
    if getattr(sys, "last_type", None) is not KeyboardInterrupt or hasattr(sys, "ps1"):
        return
    trace = getattr(sys, "last_traceback", None)
    # It came out of the program itself, and not of some console inside of it.
    if trace is None or trace.tb_frame.f_globals.get("__name__") not in _PROGRAMS:
        return
    # The interpreter clears this module last but one, and no other thread runs then.
    sys.lineage_interrupt = _Interrupt()  # type: ignore[attr-defined]  # a name of ours


class _Interrupt:
    """An interrupt that the interpreter notes again when it lets go of this."""

    def __del__(
        self, run: Any = exec, error: type[BaseException] = KeyboardInterrupt
    ) -> None:
        # Evaluating text that is interrupted is what lets the interpreter note it.
        try:
            run("raise error", {"error": error})
        except error:
            return


def _id(answer: Any) -> Any:
    return answer[0] if isinstance(answer, tuple) else answer
