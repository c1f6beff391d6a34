"""No failure disappears without a word."""

from __future__ import annotations

import ast

from source_tree import modules, nodes, relative


def _handlers() -> list[tuple[str, ast.ExceptHandler]]:
    return [
        (f"{relative(path)}:{node.lineno}", node)
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.ExceptHandler)
    ]


def _is_broad(handler: ast.ExceptHandler) -> bool:
    names = {n.id for n in ast.walk(handler.type or handler) if isinstance(n, ast.Name)}
    return handler.type is None or "Exception" in names


def _reraises(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise)


def test_the_only_broad_except_is_the_guard() -> None:
    """`except Exception` is written once, in `errors.guard`."""
    broad = [where for where, handler in _handlers() if _is_broad(handler)]
    assert [where.split(":")[0] for where in broad] == ["lineage/errors.py"]


def test_whoever_catches_everything_raises_it_again() -> None:
    """`except BaseException` cleans up, and passes the exception on."""
    kept = [
        where
        for where, handler in _handlers()
        if isinstance(handler.type, ast.Name)
        and handler.type.id == "BaseException"
        and not _reraises(handler)
    ]
    assert kept == []


def test_no_exception_is_swallowed_in_silence() -> None:
    """A handler does more than `pass`."""
    silent = [
        where
        for where, handler in _handlers()
        if all(isinstance(line, ast.Pass) for line in handler.body)
    ]
    assert silent == []
