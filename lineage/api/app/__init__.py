"""`api.app`: the platform's apps, their modules, sessions and workflow."""

from .client import AppApi

__all__ = ["AppApi"]
