"""dill: ship functions of scripts and notebooks with their declarations."""

from __future__ import annotations

from typing import Any

from ..tracking.tracked import BoundTrackedFunction, TrackedFunction, ships_by_value


def install(module: Any) -> None:
    """Register how dill saves tracked functions."""

    def save(pickler: Any, target: Any) -> None:
        if ships_by_value(target, ()):
            reduced = target.reduce_by_value()
        else:
            reduced = target.__reduce_ex__(pickler.proto)
        if isinstance(reduced, str):
            pickler.save_global(target, reduced)
        else:
            pickler.save_reduce(*reduced, obj=target)

    for kind in (TrackedFunction, BoundTrackedFunction):
        module.register(kind)(save)
