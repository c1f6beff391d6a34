"""The command line: one module for each theme of commands."""

from .main import main

__all__ = ["main"]
