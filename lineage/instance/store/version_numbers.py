"""The numbers that the platform gives to versions of a project."""

from __future__ import annotations


def numbered(version: str) -> int | None:
    """Return the platform's number, where that is the best evidence of a version."""
    is_number = version[:1] == "n" and version[1:].isdecimal()
    return int(version[1:]) if is_number else None


def first_number(one: int | None, other: int) -> int:
    """Return the number that a version goes by, of those that apps gave it."""
    return other if one is None else min(one, other, key=str)


def is_lower(one: int | None, other: int | None) -> bool:
    """Whether one version is an older one by the platform's own count.

    An app that names the version which it uses does not say that it is the newest.
    """
    return one is not None and other is not None and one < other
