"""Writes a part of the graph as documents that other tools and people can read."""

from .formats import FORMATS, Format, export
from .passport import PassportError, PassportReport, write_passport
from .record import GraphRecord, read

__all__ = [
    "FORMATS",
    "Format",
    "GraphRecord",
    "PassportError",
    "PassportReport",
    "export",
    "read",
    "write_passport",
]
