"""An app that declares each of the thirteen facts in every form there is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import lineage

#: Each declaration with what it is told; an app needs nothing.
DECLARATIONS: dict[str, tuple[Any, ...]] = {
    "uses_project": (7,),
    "uses_dataset": (8,),
    "uses_file": (9,),
    "uses_folder": (lineage.folder("/data"),),
    "uses_job": (10,),
    "uses_task": (11,),
    "produces_project": (12,),
    "produces_dataset": (13,),
    "produces_file": (14,),
    "produces_folder": (lineage.folder("/out"),),
    "produces_job": (15,),
    "produces_task": (16,),
    "produces_app": (17,),
}


class AppError(Exception):
    """The app's own."""


def declare_all(name: str, app: Callable[[], Any]) -> list[Any]:
    """Declare one fact in every form around an app; give the app's answers."""
    declare = getattr(lineage, name)
    told = DECLARATIONS[name]
    more = {"repeat": True}
    answers = [declare(*told, **more)(app)()]
    with declare(*told, **more):
        answers.append(app())
    task = lineage.current_task()
    answers.append(getattr(task, name)(*told, **more))
    answers.append(asyncio.run(_in_coroutine(declare, told, app)))

    @declare(*told, **more)
    def generated() -> Iterator[Any]:
        yield app()

    answers += list(generated())
    answers.append(_raised(declare, told))
    return answers


async def _in_coroutine(
    declare: Callable[..., Any], told: tuple[Any, ...], app: Callable[[], Any]
) -> Any:
    @declare(*told, repeat=True)
    async def inside() -> Any:
        return app()

    async with declare(*told, repeat=True):
        return await inside()


def _raised(declare: Callable[..., Any], told: tuple[Any, ...]) -> BaseException:
    error = AppError("the app's own")

    @declare(*told, repeat=True)
    def failing() -> None:
        raise error

    with pytest.raises(AppError) as caught:
        failing()
    assert caught.value is error
    return error
