"""An app that declares each of the thirteen facts in every form there is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import lineage

#: Each declaration with its arguments; an app needs none.
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
    arguments = DECLARATIONS[name]
    more = {"repeat": True}
    answers = [declare(*arguments, **more)(app)()]
    with declare(*arguments, **more):
        answers.append(app())
    task = lineage.current_task()
    answers.append(getattr(task, name)(*arguments, **more))
    answers.append(asyncio.run(_in_coroutine(declare, arguments, app)))

    @declare(*arguments, **more)
    def generated() -> Iterator[Any]:
        yield app()

    answers += list(generated())
    answers.append(_raised(declare, arguments))
    return answers


async def _in_coroutine(
    declare: Callable[..., Any], arguments: tuple[Any, ...], app: Callable[[], Any]
) -> Any:
    @declare(*arguments, repeat=True)
    async def inside() -> Any:
        return app()

    async with declare(*arguments, repeat=True):
        return await inside()


def _raised(declare: Callable[..., Any], arguments: tuple[Any, ...]) -> BaseException:
    error = AppError("the app's own")

    @declare(*arguments, repeat=True)
    def failing() -> None:
        raise error

    with pytest.raises(AppError) as caught:
        failing()
    assert caught.value is error
    return error
