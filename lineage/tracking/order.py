"""Finds declarations that are written where they can never work, and names the cure."""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any, Final

#: Set by our integrations on functions that a framework has taken already.
TAKEN_BY: Final = "__lineage_taken_by__"
#: Python makes class or static methods of these, but of plain functions only.
_IMPLICIT: Final[dict[str, Any]] = {
    "__init_subclass__": classmethod,
    "__class_getitem__": classmethod,
    "__new__": staticmethod,
}
_DESCRIPTORS: Final = (
    property,
    functools.cached_property,
    functools.partialmethod,
)


def as_method(target: Any) -> Any:
    """Return the method object that Python would make of a function of this name."""
    kind = _IMPLICIT.get(getattr(target, "__name__", ""))
    is_member = "." in getattr(target, "__qualname__", "")
    if kind is None or not is_member or not isinstance(target, types.FunctionType):
        return target
    return kind(target)


def misplaced(target: Any) -> str | None:
    """Return what a declaration must be written below; None where it may stand."""
    kind = type(target)
    if kind is types.FunctionType:
        if hasattr(target, "_pytestfixturefunction"):
            return "@pytest.fixture"
        taken = vars(target).get(TAKEN_BY)
        return taken if isinstance(taken, str) else None
    # By the type alone: reading an attribute may evaluate a lazy object.
    if issubclass(kind, _DESCRIPTORS):
        return f"@{kind.__name__}"
    names = {
        f"{base.__module__.partition('.')[0]}.{base.__name__}" for base in kind.__mro__
    }
    if "celery.Task" in names or _is_celery_promise(kind):
        return "@app.task of Celery"
    if names & {"click.Command", "click.BaseCommand", "typer.Command"}:
        return "@click.command"
    if "_pytest.FixtureFunctionDefinition" in names:
        return "@pytest.fixture"
    if names & {"ray.RemoteFunction", "ray.ActorClass"}:
        return "@ray.remote"
    return None


def _is_celery_promise(kind: type) -> bool:
    return kind.__module__ == "celery.local" and kind.__name__ == "PromiseProxy"


def is_bare(source: Any, frame: types.FrameType | None) -> bool:
    """Whether a function is being decorated by a declaration without parentheses.

    While decorators run, the line that is executed lies between the function's first
    decorator and its body, and its name is not bound yet.

    Args:
        source: What the declaration was given.
        frame: Where it was called.
    """
    if not inspect.isfunction(source) or frame is None or source.__name__ == "<lambda>":
        return False
    code = source.__code__
    if code.co_filename != frame.f_code.co_filename:
        return False
    first = code.co_firstlineno
    body = [line for _, _, line in code.co_lines() if line and line > first]
    is_decorating = first <= frame.f_lineno <= (min(body) if body else first)
    return is_decorating and frame.f_locals.get(source.__name__) is not source
