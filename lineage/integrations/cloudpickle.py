"""cloudpickle, and its copies in joblib, Ray and Spark: ship declarations by value.

cloudpickle takes the function inside any wrapper and leaves the wrapper behind.
"""

from __future__ import annotations

from typing import Any

import wrapt

from ..tracking.carrier import CarriedFunction
from ..tracking.tracked import BoundTrackedFunction, TrackedFunction, ships_by_value


def install(module: Any) -> None:
    """Make the module's pickler ask tracked functions how they are rebuilt."""
    registered = getattr(module, "list_registry_pickle_by_value", tuple)

    def reducer_override(wrapped: Any, _pickler: Any, args: Any, kwargs: Any) -> Any:
        target = args[0]
        kind = type(target)
        if kind is CarriedFunction:
            return target.__reduce_ex__(2)
        if not issubclass(kind, (TrackedFunction, BoundTrackedFunction)):
            return wrapped(*args, **kwargs)
        if ships_by_value(target, registered()):
            return target.reduce_by_value()
        return NotImplemented

    for name in ("Pickler", "CloudPickler"):
        pickler = getattr(module, name, None)
        if pickler is not None and "reducer_override" in vars(pickler):
            wrapt.wrap_function_wrapper(pickler, "reducer_override", reducer_override)
            return
