"""numba: a declaration below its decorators is an error, because it is compiled away.

numba takes the function inside a wrapper, and compiles that alone.
"""

from __future__ import annotations

from typing import Any

import wrapt

from ..errors import DeclarationError
from ..tracking.tracked import declarations_of


def install(module: Any) -> None:
    """Look at what numba is given to compile."""
    for name in ("Dispatcher", "UFuncDispatcher"):
        if hasattr(module, name):
            wrapt.wrap_function_wrapper(module, f"{name}.__init__", _compile)


def _compile(wrapped: Any, _dispatcher: Any, args: Any, kwargs: Any) -> Any:
    target = args[0] if args else kwargs.get("py_func")
    if declarations_of(target) is not None:
        name = getattr(target, "__qualname__", repr(target))
        raise DeclarationError(
            f"{name}: numba compiles the function without its declarations, so nothing "
            "would be recorded; write them above @njit, @jit and @vectorize",
            subject=name,
        )
    return wrapped(*args, **kwargs)
