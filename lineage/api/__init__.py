"""The client wing: speaks the platform's protocol over HTTP."""

from .client import Api
from .gate import check_workflow_compatibility
from .resource import Resource
from .version import Announcement

__all__ = ["Announcement", "Api", "Resource", "check_workflow_compatibility"]
