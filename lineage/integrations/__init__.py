"""One module for each neighbour, loaded when the app imports that neighbour."""

from __future__ import annotations

from typing import Final

import wrapt

from ..recording.enabled import IS_DISABLED_BY_ENV

#: The module of the neighbour, and the function of ours that meets it.
HOOKS: Final = (
    ("cloudpickle.cloudpickle", "cloudpickle:install"),
    ("joblib.externals.cloudpickle.cloudpickle", "cloudpickle:install"),
    ("ray.cloudpickle.cloudpickle", "cloudpickle:install"),
    ("pyspark.cloudpickle.cloudpickle", "cloudpickle:install"),
    ("dill._dill", "dill:install"),
    ("loky.process_executor", "joblib:install"),
    ("joblib.externals.loky.process_executor", "joblib:install"),
    ("distributed.client", "dask:install"),
    ("distributed.actor", "dask:install_actors"),
    ("mlflow.tracking.fluent", "trackers:install_mlflow"),
    ("wandb", "trackers:install_wandb"),
    ("clearml", "trackers:install_clearml"),
    ("aim.sdk.run", "trackers:install_aim"),
    ("numba.core.dispatcher", "numba:install"),
    ("numba.np.ufunc.ufuncbuilder", "numba:install"),
    ("ray.remote_function", "ray:install"),
    ("ray.actor", "ray:install_actors"),
    ("celery.signals", "celery:install"),
    ("fastapi.routing", "frameworks:install_fastapi"),
    ("typer.models", "frameworks:install_typer"),
    ("fastapi.dependencies.utils", "fastapi:install"),
    ("ipykernel.ipkernel", "ipython:install"),
)


#: The hooks that are registered; each once, though an interrupted import asks twice.
_watched: Final[set[str]] = set()


def watch_imports() -> None:
    """Hook each neighbour when the app imports it, or now if it has."""
    if IS_DISABLED_BY_ENV:
        return
    for module, hook in HOOKS:
        if module in _watched:
            continue
        _watched.add(module)
        wrapt.register_post_import_hook(f"{__name__}.{hook}", module)
