"""Tracked functions: functions with declarations, wherever they are copied or sent.

A tracked function pickles by its name like any function; inside an open task it takes
that task along. Picklers that ship functions by value rebuild it, declarations and all.
"""

# Longer than 400 lines: a tracked function and how it is bound, copied and sent are one
# idea.

from __future__ import annotations

import copy
import functools
import importlib
import inspect
import pickle
import sys
import types
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

import wrapt

from ..errors import DeclarationError, attempt
from ..recording.enabled import ENABLED_FLAG, call_on_switch
from .call_plan import Wrapper, handle_internal_error
from .carrier import CarriedFunction, Carrier, carried_wrapper, current_carrier
from .declaration import Declarations, compile_plan
from .direct_call import direct_wrapper
from .signatures import CallStyle, call_style, display_name, read_signature
from .wrapper import WRAPPERS, within_task

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


class BoundTrackedFunction(wrapt.BoundFunctionWrapper):  # type: ignore[type-arg]  # as wrapt 1 has none
    """A tracked function bound to an instance or a class."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        owner = getattr(self, "__self__", None)
        carrier = current_carrier() or self._self_parent._self_carrier  # noqa: SLF001  our own
        if owner is None:
            return load_named, (*_name_of(self), carrier)
        if carrier is None:
            return getattr, (owner, self.__name__)
        return load_bound, (owner, self.__name__, carrier)

    def __copy__(self) -> BoundTrackedFunction:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        owner = getattr(self, "__self__", None)
        if owner is None or isinstance(owner, type):
            return self
        return getattr(copy.deepcopy(owner, memo), self.__name__)

    def reduce_by_value(self) -> Any:
        """Return how to rebuild it where its module cannot be imported."""
        owner = getattr(self, "__self__", None)
        if owner is not None:
            return self.__reduce_ex__(2)
        parent = self._self_parent
        if is_method_object(parent.__wrapped__):
            return getattr, (self._self_owner, self.__name__)
        return parent.reduce_by_value()


class TrackedFunction(wrapt.FunctionWrapper):  # type: ignore[type-arg]  # as wrapt 1 has none
    """A function with declarations; in every other respect the function itself."""

    __bound_function_wrapper__ = BoundTrackedFunction
    #: What a call of this very object does: the function that was generated for it, so
    #: that it is called without detour. Off, wrapt's own call stands here instead.
    __slots__ = ("__call__",)

    def __init__(
        self, function: Any, wrapper: Wrapper, declarations: Declarations
    ) -> None:
        super().__init__(
            function,
            wrapper,
            enabled=ENABLED_FLAG,  # type: ignore[arg-type]  # anything with a truth
        )
        self._self_declarations = declarations
        self._self_carrier: Carrier | None = None
        made = getattr(wrapper, "direct", None)
        if made is None or is_method_object(function):
            made = partial(wrapt.FunctionWrapper.__call__, self)
        _DIRECT_CALL.__set__(self, made)

    def __reduce_ex__(self, protocol: Any) -> Any:
        carrier = current_carrier() or self._self_carrier
        if carrier is None:
            return self.__wrapped__.__qualname__  # found by its name, as any function
        return load_named, (*_name_of(self), carrier)

    def __copy__(self) -> TrackedFunction:
        return self

    def __deepcopy__(self, _memo: Any) -> TrackedFunction:
        return self

    def reduce_by_value(self) -> Any:
        """Return how to rebuild it where its module cannot be imported.

        The empty function comes first and is filled afterwards, because a function
        may refer to itself by its globals.
        """
        carrier = current_carrier() or self._self_carrier
        state = (self.__wrapped__, self._self_declarations, carrier)
        kind = type(self) if carrier is None else carrying(type(self))
        return new_tracked, (kind,), state, None, None, fill_tracked

    @classmethod
    def make_wrapper(cls, function: Any, declarations: Declarations) -> Wrapper:
        """Compile the declarations for a function."""
        return compile_wrapper(function, declarations)


_DIRECT_CALL: Final[Any] = vars(TrackedFunction)["__call__"]


class OwnBindingFunction(TrackedFunction):
    """A tracked function that does not bind as plain functions do.

    It is a class or static method, or carries a step, which what is bound must do, too.
    """

    __slots__ = ()
    __get__ = wrapt.FunctionWrapper.__get__


def carrying(kind: type[TrackedFunction]) -> type[TrackedFunction]:
    """Return the kind of a tracked function that carries a step."""
    return OwnBindingFunction if kind is TrackedFunction else kind


def _bound_while_off(self: Any, instance: Any, owner: Any = None) -> Any:
    """Bind as a function does, at a third of what wrapt's bound wrapper costs.

    A call of what is bound is a call of the tracked function, so that it records once
    recording is switched on.
    """
    if instance is None:
        return wrapt.FunctionWrapper.__get__(self, instance, owner)
    return types.MethodType(self, instance)


def _switch(is_on: bool) -> None:
    """Make calls direct, or leave them to wrapt, which tests the switch in C."""
    if is_on:
        setattr(TrackedFunction, "__call__", _DIRECT_CALL)  # noqa: B010  no method's type
        if "__get__" in vars(TrackedFunction):
            delattr(TrackedFunction, "__get__")
        return
    setattr(TrackedFunction, "__get__", _bound_while_off)  # noqa: B010  only while off
    if "__call__" in vars(TrackedFunction):
        delattr(TrackedFunction, "__call__")


call_on_switch(_switch)


def wrap(target: Any, declarations: Declarations) -> Any:
    """Put declarations on a function; on a tracked one they are merged into one.

    Raises:
        DeclarationError: They can never work there.
    """
    outer = misplaced(target)
    if outer is not None:
        word = declarations.items[0].label if declarations.items else "lineage"
        raise DeclarationError(
            f"{word} is written above {outer}, which has taken the function "
            f"already, so nothing would be recorded; write it below {outer}",
            subject=target,
        )
    function, declarations = _unstacked(as_method(target), declarations)
    wrapper = compile_wrapper(function, declarations)
    is_plain = type(function) is types.FunctionType
    kind = TrackedFunction if is_plain else OwnBindingFunction
    return kind(function, wrapper, declarations)


def compile_wrapper(function: Any, declarations: Declarations) -> Wrapper:
    """Compile declarations for a function, into what wrapt calls.

    Raises:
        DeclarationError: They can never work there.
    """
    inner = function.__func__ if is_method_object(function) else function
    if isinstance(inner, type) or not callable(inner):
        raise DeclarationError(_not_a_function(inner, declarations), subject=inner)
    signature = read_signature(inner)
    name = declarations.step or display_name(inner)
    plan = compile_plan(declarations.items, signature, name)
    style = call_style(inner)
    made = direct_wrapper(inner, signature, plan) if style is CallStyle.SYNC else None
    wrapper = WRAPPERS[style](plan) if made is None else made
    if declarations.task is not None:
        wrapper = within_task(wrapper, declarations.task, style, signature.name)
    return wrapper


def _not_a_function(inner: Any, declarations: Declarations) -> str:
    word = declarations.items[0].word if declarations.items else "lineage"
    if isinstance(inner, type):
        return f"{word}: {inner.__qualname__} is a class; declare on one of its methods"
    return (
        f"{word}: {type(inner).__name__} {inner!r} is no function; a declaration is "
        f"written with parentheses: @{word}()"
    )


def is_method_object(target: Any) -> bool:
    """Whether it is a `staticmethod` or `classmethod` object."""
    return type(target) in (staticmethod, classmethod)


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


def _name_of(function: Any) -> tuple[str, str]:
    """Return module and qualified name of a function that pickles by name.

    Raises:
        PicklingError: It is not found there, as pickle would raise.
    """
    inner = _own_function(function)
    module, name = inner.__module__, inner.__qualname__
    if "<locals>" in name or _own_function(_attribute(module, name)) is not inner:
        raise pickle.PicklingError(
            f"Can't pickle {inner!r}: it's not found as {module}.{name}"
        )
    return module, name


def ships_by_value(function: Any, registered: Iterable[str]) -> bool:
    """Whether a pickler that can must take a function's code along.

    Args:
        function: A tracked function.
        registered: Modules that the app wants shipped by value.
    """
    own = _own_function(function)
    module, name = own.__module__, own.__qualname__
    if module in (None, "__main__", "__mp_main__") or "<locals>" in name:
        return True
    if any(module == known or module.startswith(known + ".") for known in registered):
        return True
    try:
        return _own_function(_attribute(module, name)) is not own
    except ImportError:
        return True


def _own_function(target: Any) -> Any:
    """Return the user's own function inside tracked functions and method objects."""
    while True:
        if isinstance(target, (TrackedFunction, BoundTrackedFunction)):
            target = target.__wrapped__
        elif is_method_object(target) or inspect.ismethod(target):
            target = target.__func__
        else:
            return target


def _attribute(module: str, name: str) -> Any:
    """Find what a module defines by a qualified name, without binding it."""
    owner: Any = sys.modules.get(module) or importlib.import_module(module)
    for part in name.split("."):
        members = getattr(owner, "__dict__", {})
        if part in members:
            owner = members[part]
        else:
            owner = inspect.getattr_static(owner, part, None)
    return owner


def load_named(module: str, name: str, carrier: Carrier | None = None) -> Any:
    """Find a tracked function by its name, and let it run in a carried step."""
    found = _attribute(module, name)
    owner_name, _, last = name.rpartition(".")
    owner = _attribute(module, owner_name) if owner_name else None
    if isinstance(found, TrackedFunction) and carrier is not None:
        carried = carried_copy(found, carrier)
        is_static = is_method_object(found.__wrapped__)
        return carried.__get__(None, owner) if is_static else carried
    target = found if owner is None else getattr(owner, last)
    return target if carrier is None else CarriedFunction(target, carrier)


def load_bound(owner: Any, name: str, carrier: Carrier) -> Any:
    """Bind a tracked method again, and let it run in a carried step."""
    cls = owner if isinstance(owner, type) else type(owner)
    found = inspect.getattr_static(cls, name, None)
    if not isinstance(found, TrackedFunction):
        return CarriedFunction(getattr(owner, name), carrier)
    instance = None if isinstance(owner, type) else owner
    return carried_copy(found, carrier).__get__(instance, cls)


def carried_copy(tracked: TrackedFunction, carrier: Carrier) -> TrackedFunction:
    """Return a tracked function that runs in a carried step when no other is open."""
    function = tracked.__wrapped__
    inner: Any = tracked._self_wrapper  # noqa: SLF001  the wrapper as compiled
    own = _own_function(function)
    wrapper = carried_wrapper(carrier, own, inner, force=False)
    declarations = tracked._self_declarations  # noqa: SLF001  our own
    copied = carrying(type(tracked))(function, wrapper, declarations)
    copied._self_carrier = carrier  # noqa: SLF001  our own
    return copied


def new_tracked(kind: type[TrackedFunction]) -> TrackedFunction:
    """Make an empty tracked function, to be filled by `fill_tracked`."""
    return kind.__new__(kind)


def fill_tracked(
    made: TrackedFunction, state: tuple[Any, Declarations, Carrier | None]
) -> None:
    """Fill a tracked function that was shipped by value."""
    function, declarations, carrier = state
    kind = type(made)
    wrapper: Wrapper = _LazyWrapper(kind, function, declarations)
    if carrier is not None:
        wrapper = carried_wrapper(
            carrier, _own_function(function), wrapper, force=False
        )
    kind.__init__(made, function, wrapper, declarations)
    made._self_carrier = carrier  # noqa: SLF001  our own


class _LazyWrapper:
    """Compiles at the first call: the function is not complete while it is loaded."""

    def __init__(
        self, kind: type[TrackedFunction], function: Any, declarations: Declarations
    ) -> None:
        self._kind = kind
        self._function = function
        self._declarations = declarations
        self._made: Wrapper | None = None

    def __call__(self, wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        if self._made is None:
            made = attempt(self._compiled, None, handle_internal_error)
            self._made = made or _call_plainly
        return self._made(wrapped, instance, args, kwargs)

    def _compiled(self, _: None) -> Wrapper:
        return self._kind.make_wrapper(self._function, self._declarations)


def _call_plainly(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    return wrapped(*args, **kwargs)


#: Declarations above these and their own become one.
_MERGED: Final = (TrackedFunction, OwnBindingFunction)


def _unstacked(target: Any, declarations: Declarations) -> tuple[Any, Declarations]:
    if type(target) in _MERGED:
        return target.__wrapped__, declarations.over(target._self_declarations)  # noqa: SLF001  our own
    if is_method_object(target) and type(target.__func__) in _MERGED:
        inner = target.__func__
        bare = type(target)(inner.__wrapped__)
        return bare, declarations.over(inner._self_declarations)  # noqa: SLF001  our own
    return target, declarations


def declarations_of(target: Any) -> Declarations | None:
    """Return what is declared on a function; None when nothing is."""
    return target._self_declarations if type(target) in _MERGED else None  # noqa: SLF001  our own
