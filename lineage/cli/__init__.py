"""The command line: one module for each theme of commands."""

from .main import main, run

__all__ = ["main", "run"]
