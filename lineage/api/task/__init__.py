"""`api.task`: the platform's tasks."""

from .client import TaskApi

__all__ = ["TaskApi"]
