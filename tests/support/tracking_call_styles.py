"""Every callable form, driven to its end in one way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Boom(Exception):
    """What a failing body raises."""


@dataclass(frozen=True)
class Form:
    """A way to write a function of one parameter, `artifact`, and to run it."""

    name: str
    make: Callable[[Callable[[Any], Any], bool], Callable[..., Any]]
    """Takes the decorator and whether the body fails; gives what is called."""
    drive: Callable[[Any], Any]
    """Runs what a call gave to its end; gives the result."""


def _function(decorate: Callable[[Any], Any], fails: bool) -> Any:
    @decorate
    def work(artifact: Any) -> Any:
        if fails:
            raise Boom
        return artifact

    return work


def _method(decorate: Callable[[Any], Any], fails: bool) -> Any:
    class Worker:
        @decorate
        def work(self, artifact: Any) -> Any:
            if fails:
                raise Boom
            return artifact

    return Worker().work


def _unbound(decorate: Callable[[Any], Any], fails: bool) -> Any:
    class Worker:
        @decorate
        def work(self, artifact: Any) -> Any:
            if fails:
                raise Boom
            return artifact

    return lambda artifact: Worker.work(Worker(), artifact)


def _static_outside(decorate: Callable[[Any], Any], fails: bool) -> Any:
    class Worker:
        @staticmethod
        @decorate
        def work(artifact: Any) -> Any:
            if fails:
                raise Boom
            return artifact

    return Worker.work


def _static_inside(decorate: Callable[[Any], Any], fails: bool) -> Any:
    class Worker:
        @decorate
        @staticmethod
        def work(artifact: Any) -> Any:
            if fails:
                raise Boom
            return artifact

    return Worker().work


def _class_outside(decorate: Callable[[Any], Any], fails: bool) -> Any:
    class Worker:
        @classmethod
        @decorate
        def work(cls, artifact: Any) -> Any:
            if fails:
                raise Boom
            return artifact

    return Worker.work


def _class_inside(decorate: Callable[[Any], Any], fails: bool) -> Any:
    class Worker:
        @decorate
        @classmethod
        def work(cls, artifact: Any) -> Any:
            if fails:
                raise Boom
            return artifact

    return Worker().work


def _callable_object(decorate: Callable[[Any], Any], fails: bool) -> Any:
    class Worker:
        def __call__(self, artifact: Any) -> Any:
            if fails:
                raise Boom
            return artifact

    return decorate(Worker())


def _coroutine(decorate: Callable[[Any], Any], fails: bool) -> Any:
    @decorate
    async def work(artifact: Any) -> Any:
        await asyncio.sleep(0)
        if fails:
            raise Boom
        return artifact

    return work


def _async_method(decorate: Callable[[Any], Any], fails: bool) -> Any:
    class Worker:
        @decorate
        async def work(self, artifact: Any) -> Any:
            if fails:
                raise Boom
            return artifact

    return Worker().work


def _generator(decorate: Callable[[Any], Any], fails: bool) -> Any:
    @decorate
    def work(artifact: Any) -> Any:
        yield 1
        if fails:
            raise Boom
        return artifact

    return work


def _async_generator(decorate: Callable[[Any], Any], fails: bool) -> Any:
    @decorate
    async def work(artifact: Any) -> Any:
        yield artifact
        if fails:
            raise Boom

    return work


def _same(value: Any) -> Any:
    return value


def _await(made: Any) -> Any:
    return asyncio.run(made)


def _exhaust(made: Any) -> Any:
    while True:
        try:
            next(made)
        except StopIteration as stop:
            return stop.value


def _exhaust_async(made: Any) -> Any:
    async def run() -> Any:
        last = None
        async for item in made:
            last = item
        return last

    return asyncio.run(run())


FORMS = [
    Form("function", _function, _same),
    Form("method", _method, _same),
    Form("unbound method", _unbound, _same),
    Form("staticmethod outside", _static_outside, _same),
    Form("staticmethod inside", _static_inside, _same),
    Form("classmethod outside", _class_outside, _same),
    Form("classmethod inside", _class_inside, _same),
    Form("callable object", _callable_object, _same),
    Form("coroutine", _coroutine, _await),
    Form("async method", _async_method, _await),
    Form("generator", _generator, _exhaust),
    Form("async generator", _async_generator, _exhaust_async),
]
